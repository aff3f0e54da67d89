package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/servertest/proc"
)

// measurement is what one run of one program took.
type measurement struct {
	Wall   float64 `json:"wallSeconds"` // from exec to the last line's arrival
	CPU    float64 `json:"cpuSeconds"`  // user and system, from exec to exit
	MaxRSS int64   `json:"maxRSSBytes"`
}

func (m measurement) String() string {
	return fmt.Sprintf("%6.2f s wall %6.2f s CPU %5d MiB", m.Wall, m.CPU, m.MaxRSS>>20)
}

// stopGrace is what a pipeline may take to end; it is not measured.
const stopGrace = 30 * time.Second

// arrivalGrace is how long after a program's end its last lines may be seen.
const arrivalGrace = 10 * time.Second

// A benchCase is one row of the result.
type benchCase struct {
	name, program string
	sink          bool
}

// cases are in the order of a round: a pipeline right behind its yardstick.
var cases = []benchCase{
	{"bare produce", "produce", false},
	{"file → topic", "source", false},
	{"with JSON", "json", false},
	{"bare consume", "consume", true},
	{"topic → file", "sink", true},
}

// measure runs a case once, with a topic or a file of its own.
func (b *bench) measure(ctx context.Context, c benchCase, round int) (measurement, error) {
	if c.sink {
		return b.toFile(ctx, c.program)
	}
	topic := fmt.Sprintf("bench-%s-%d", c.program, round)
	if err := b.createTopic(ctx, topic); err != nil {
		return measurement{}, err
	}
	m, err := b.toTopic(ctx, c.program, topic)
	if err == nil {
		_, err = b.admin.DeleteTopic(ctx, topic)
	}
	return m, err
}

// toTopic runs a program that sends the input to the topic.
func (b *bench) toTopic(ctx context.Context, program, topic string) (measurement, error) {
	file, err := b.freshInput("input.txt")
	if err != nil {
		return measurement{}, err
	}
	cmd := b.command(program, file, topic)
	if program == "produce" {
		cmd.Args = append(cmd.Args, b.broker.Addr(), file, topic)
	}
	arrived := func() (bool, error) {
		ends, err := b.admin.ListEndOffsets(ctx, topic)
		if err != nil {
			return false, err
		}
		end, _ := ends.Lookup(topic, 0)
		return end.Offset >= int64(b.lines), end.Err
	}
	return b.timed(ctx, cmd, arrived)
}

// toFile runs a program that writes the full topic to a file.
func (b *bench) toFile(ctx context.Context, program string) (measurement, error) {
	file := b.path("output.txt")
	_ = os.Remove(file)
	cmd := b.command(program, file, full)
	if program == "consume" {
		cmd.Args = append(cmd.Args, b.broker.Addr(), full, file, "bench-consume", strconv.Itoa(b.lines))
	}
	input, err := os.Stat(b.path("input.txt"))
	if err != nil {
		return measurement{}, err
	}
	arrived := func() (bool, error) {
		st, err := os.Stat(file)
		return err == nil && st.Size() >= input.Size(), nil
	}
	m, err := b.timed(ctx, cmd, arrived)
	if err == nil {
		err = sameContent(b.path("input.txt"), file)
	}
	// The next round's group starts at the beginning again.
	_, _ = b.admin.DeleteGroups(ctx, "bench-consume", "connect-bench-sink")
	return m, err
}

// sameContent fails unless two files hold the same bytes: a fast program that
// writes nonsense wins nothing.
func sameContent(want, got string) error {
	w, err := os.Open(want)
	if err != nil {
		return err
	}
	defer w.Close()
	g, err := os.Open(got)
	if err != nil {
		return err
	}
	defer g.Close()
	const size = 1 << 20
	wb, gb := make([]byte, size), make([]byte, size)
	for at := 0; ; at += size {
		n, werr := io.ReadFull(w, wb)
		m, gerr := io.ReadFull(g, gb)
		if !bytes.Equal(wb[:n], gb[:m]) {
			return fmt.Errorf("%s differs from %s behind byte %d", got, want, at)
		}
		if werr == io.EOF || werr == io.ErrUnexpectedEOF {
			return nil
		}
		if err := errors.Join(werr, gerr); err != nil {
			return err
		}
	}
}

// command is a pipeline's command line; what differs by run it reads from its
// environment, as users' pipelines do.
func (b *bench) command(program, file, topic string) *exec.Cmd {
	cmd := exec.Command(b.path(program))
	cmd.Dir = b.work
	cmd.Env = append(os.Environ(), "BENCH_BROKER="+b.broker.Addr(), "BENCH_FILE="+file, "BENCH_TOPIC="+topic,
		"BENCH_PROFILE="+filepath.Join(b.work, program+".pprof"))
	return cmd
}

// freshInput gives an input file a name that no run had before: a source goes
// on where it was in a file it knows.
func (b *bench) freshInput(name string) (string, error) {
	b.runs++
	fresh := b.path(fmt.Sprintf("input-%d.txt", b.runs))
	return fresh, os.Link(b.path(name), fresh)
}

// timed runs cmd until arrived says that all is there, and has a pipeline
// stopped then.
func (b *bench) timed(ctx context.Context, cmd *exec.Cmd, arrived func() (bool, error)) (measurement, error) {
	log := b.path(filepath.Base(cmd.Path) + ".log")
	_ = os.Remove(log)
	start := time.Now()
	p, err := proc.Start(cmd, log)
	if err != nil {
		return measurement{}, err
	}
	defer p.Kill()
	done := p.Done()
	var ended time.Time
	for {
		ok, err := arrived()
		if err != nil {
			return measurement{}, err
		}
		if ok {
			break
		}
		if !ended.IsZero() && time.Since(ended) > arrivalGrace {
			return measurement{}, fmt.Errorf("%s ended before all lines had arrived:\n%s", cmd.Path, p.LogTail(20))
		}
		select {
		case <-ctx.Done():
			return measurement{}, ctx.Err()
		case <-done:
			done, ended = nil, time.Now() // what we know of a topic may be a little old
		case <-time.After(10 * time.Millisecond):
		}
	}
	wall := time.Since(start)
	if len(cmd.Args) > 1 { // a yardstick ends by itself; what it still does counts as CPU, as in a pipeline's stop
		err = p.Wait(ctx)
	} else {
		err = p.Stop(stopGrace)
	}
	if err != nil {
		return measurement{}, fmt.Errorf("%s: %w\n%s", cmd.Path, err, p.LogTail(20))
	}
	u := p.Usage()
	return measurement{Wall: wall.Seconds(), CPU: u.CPU.Seconds(), MaxRSS: u.MaxRSS}, nil
}

// firstRecord is the time from exec of a pipeline to the arrival of its first
// record at a consumer that waits on the topic.
func (b *bench) firstRecord(ctx context.Context) (time.Duration, error) {
	file, err := b.freshInput("short.txt")
	if err != nil {
		return 0, err
	}
	topic := fmt.Sprintf("bench-first-%d", b.runs)
	if err := b.createTopic(ctx, topic); err != nil {
		return 0, err
	}
	start := kgo.NewOffset().At(0)
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.broker.Addr()), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: start}}))
	if err != nil {
		return 0, err
	}
	defer cl.Close()
	// An empty poll makes sure that the consumer's fetch waits at the broker.
	quiet, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	cl.PollFetches(quiet)
	cancel()

	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	defer cancel()
	began := time.Now()
	p, err := proc.Start(b.command("source", file, topic), b.path("first.log"))
	if err != nil {
		return 0, err
	}
	defer p.Kill()
	fetches := cl.PollFetches(ctx)
	took := time.Since(began)
	if err := fetches.Err(); err != nil {
		return 0, fmt.Errorf("%w\n%s", err, p.LogTail(20))
	}
	if err := p.Stop(stopGrace); err != nil {
		return 0, fmt.Errorf("stop the pipeline: %w\n%s", err, p.LogTail(20))
	}
	return took, nil
}

// profiles runs each pipeline once and keeps its CPU profile.
func (b *bench) profiles(ctx context.Context) error {
	if err := os.MkdirAll(b.profile, 0o755); err != nil {
		return err
	}
	for _, c := range cases {
		m, err := b.measure(ctx, c, 0)
		if err != nil {
			return fmt.Errorf("bench: profile %s: %w", c.name, err)
		}
		fmt.Printf("%-15s %s\n", c.name, m)
		from := b.path(c.program + ".pprof")
		data, err := os.ReadFile(from)
		if os.IsNotExist(err) {
			continue // the yardsticks write none
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(b.profile, c.program+".pprof"), data, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
