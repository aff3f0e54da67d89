package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/cdc"
	"kcgen.dev/runtime/servertest/proc"
)

//go:embed specs
var specs embed.FS

// bench is what the runs share.
type bench struct {
	options
	databases []string
	rivals    []contender
	servers   map[string]cdc.Server
	stops     []func()
	work      string // folder of all files, removed at the end
	broker    *servertest.Broker
	client    *kgo.Client
	admin     *kadm.Client
	runs      int
}

// work is one run's.
type work struct {
	db, name, dir string // the kind of database, its name, an empty folder
	server        cdc.Server
}

// measurement is what a run took.
type measurement struct {
	Snapshot, Stream phase
	Second           phase // half of the snapshot: behind the start, and most of what a JVM's compiler does
	Delays           delays
	Peak             int64 // bytes of resident memory
}

// phase is a part of a run.
type phase struct {
	Rows      int
	Wall, CPU time.Duration
}

func (p phase) perCPU() float64 {
	if p.CPU <= 0 {
		return 0
	}
	return float64(p.Rows) / p.CPU.Seconds()
}

func (m measurement) String() string {
	return fmt.Sprintf("snapshot %6.2f s wall %6.2f s CPU, stream %6.2f s wall %6.2f s CPU, delay %v, %4d MB",
		m.Snapshot.Wall.Seconds(), m.Snapshot.CPU.Seconds(), m.Stream.Wall.Seconds(), m.Stream.CPU.Seconds(), m.Delays, m.Peak/1e6)
}

func newBench(ctx context.Context, o options) (b *bench, err error) {
	b = &bench{options: o, databases: strings.Split(o.databases, ","), servers: map[string]cdc.Server{}}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	if b.rivals, err = rivals(o.contenders); err != nil {
		return b, err
	}
	if b.work, err = os.MkdirTemp(o.dir, "kcgen-bench-"); err != nil {
		return b, fmt.Errorf("capture: make a folder: %w", err)
	}
	for _, db := range b.databases {
		if err := b.build(ctx, db); err != nil {
			return b, err
		}
		s, stop, err := cdc.StartServer(ctx, db)
		if err != nil {
			return b, err
		}
		b.servers[db], b.stops = s, append(b.stops, stop)
	}
	b.broker, err = servertest.StartKafka(ctx, servertest.KafkaHeap("1g"), servertest.KafkaDir(b.path("broker")),
		servertest.KafkaProperty("log.segment.delete.delay.ms", "1000"))
	if err != nil {
		return b, err
	}
	if b.client, err = kgo.NewClient(kgo.SeedBrokers(b.broker.Addr()), kgo.MetadataMinAge(50*time.Millisecond)); err != nil {
		return b, err
	}
	b.admin = kadm.NewClient(b.client)
	return b, nil
}

func (b *bench) close() {
	if b.client != nil {
		b.client.Close()
	}
	if b.broker != nil {
		b.broker.Close()
	}
	for _, stop := range b.stops {
		stop()
	}
	_ = os.RemoveAll(b.work)
}

func (b *bench) path(name string) string { return filepath.Join(b.work, name) }

// build compiles a database's spec, as users do.
func (b *bench) build(ctx context.Context, db string) error {
	if _, ok := dialects[db]; !ok {
		return fmt.Errorf("capture: there is no database %q: postgres, mariadb", db)
	}
	sub, err := fs.Sub(specs, "specs/"+db)
	if err == nil {
		err = os.CopyFS(b.path("spec-"+db), sub)
	}
	if err != nil {
		return fmt.Errorf("capture: write the spec of %s: %w", db, err)
	}
	cmd := exec.CommandContext(ctx, "go", "run", "kcgen.dev/cmd/kcgen", "build", "-o", b.path(db), b.path("spec-"+db+"/pipeline.cue"))
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("capture: kcgen build of %s: %w\n%s", db, err, text)
	}
	return nil
}

// measure runs a contender once, on a database and topics that are new.
func (b *bench) measure(ctx context.Context, db string, by contender) (m measurement, err error) {
	b.runs++
	id := strconv.Itoa(b.runs)
	w := &work{db: db, name: "bench" + id, dir: b.path("run-" + id), server: b.servers[db]}
	if err := errors.Join(os.Mkdir(w.dir, 0o755), w.makeTables(ctx, b.rows)); err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, b.clean(ctx, w)) }()
	cmd, err := b.command(ctx, w, by)
	if err != nil {
		return m, err
	}
	begun := time.Now()
	p, err := proc.Start(cmd, w.dir+"/log")
	if err != nil {
		return m, err
	}
	defer func() { // before the database goes
		if stopped := p.Stop(30 * time.Second); stopped != nil && by.heap == nil {
			err = errors.Join(err, stopped)
		}
	}()
	if err := b.phases(ctx, w, p, begun, &m); err != nil {
		return m, fmt.Errorf("%w\n%s", err, p.LogTail(20))
	}
	s, err := p.Sample()
	m.Peak = s.Peak
	return m, err
}

// phases lets a process do all that is measured.
func (b *bench) phases(ctx context.Context, w *work, p *proc.Process, begun time.Time, m *measurement) (err error) {
	orders, changes := w.topic("orders"), w.topic("changes")
	half, err := b.arrive(ctx, p, orders, b.rows/2, begun, 0)
	if err != nil {
		return err
	}
	if m.Snapshot, err = b.arrive(ctx, p, orders, b.rows, begun, 0); err != nil {
		return err
	}
	m.Second = phase{m.Snapshot.Rows - half.Rows, m.Snapshot.Wall - half.Wall, m.Snapshot.CPU - half.CPU}
	before, err := b.rest(ctx, p)
	if err != nil {
		return err
	}
	begun = time.Now()
	if err := w.write(ctx, b.changes); err != nil {
		return err
	}
	if m.Stream, err = b.arrive(ctx, p, changes, b.changes, begun, before); err != nil {
		return err
	}
	if _, err := b.rest(ctx, p); err != nil {
		return err
	}
	m.Delays, err = b.delays(ctx, w, changes)
	return err
}

// rest waits until a process has finished what it began with, and gives the CPU
// time that it has had so far.
func (b *bench) rest(ctx context.Context, p *proc.Process) (time.Duration, error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(5 * time.Second):
	}
	s, err := p.Sample()
	return s.CPU, err
}

// stall is how long nothing may arrive.
const stall = 2 * time.Minute

// arrive waits until rows are in a topic.
func (b *bench) arrive(ctx context.Context, p *proc.Process, topic string, rows int, begun time.Time, before time.Duration) (phase, error) {
	seen, moved := 0, time.Now()
	for {
		n := b.end(ctx, topic)
		now := time.Now()
		if n >= rows {
			s, err := p.Sample()
			return phase{n, now.Sub(begun), s.CPU - before}, err
		}
		if n > seen {
			seen, moved = n, now
		}
		if now.Sub(moved) > stall {
			return phase{}, fmt.Errorf("nothing came into %s for %v; it has %d of %d", topic, stall, n, rows)
		}
		select {
		case <-ctx.Done():
			return phase{}, ctx.Err()
		case <-p.Done():
			return phase{}, fmt.Errorf("it ended when %s had %d of %d", topic, n, rows)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// end is the number of records in a topic; 0 for none that is there.
func (b *bench) end(ctx context.Context, topic string) (n int) {
	ends, err := b.admin.ListEndOffsets(ctx, topic)
	if err != nil {
		return 0
	}
	for _, e := range ends[topic] {
		n += int(max(e.Offset, 0))
	}
	return n
}

// topic is a table's.
func (w *work) topic(table string) string {
	if w.db == "postgres" {
		return prefix + ".public." + table
	}
	return prefix + "." + w.name + "." + table
}

// clean removes what a run has left, so that the next one finds nothing.
func (b *bench) clean(ctx context.Context, w *work) error {
	err := w.server.Drop(ctx, w.name)
	topics, listed := b.admin.ListTopics(ctx)
	if listed == nil {
		_, listed = b.admin.DeleteTopics(ctx, topics.Names()...)
	}
	select { // until the broker has let go of them
	case <-ctx.Done():
	case <-time.After(3 * time.Second):
	}
	return errors.Join(err, listed, os.RemoveAll(w.dir))
}
