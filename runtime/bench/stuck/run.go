package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/history"
	"kcgen.dev/runtime/servertest/proc"
)

// bench is what the runs share.
type bench struct {
	lines  int
	size   int64  // of all lines
	work   string // folder of all files, removed at the end
	broker *servertest.Broker
	client *kgo.Client
	admin  *kadm.Client
	runs   int
}

// result is what one run took.
type result struct {
	wall    time.Duration // from the first line that was through to the last one
	cpu     time.Duration // of the program in that time
	answers latencies
}

func (r result) String() string {
	return fmt.Sprintf("%6.2f s wall %6.2f s CPU   REST %v", r.wall.Seconds(), r.cpu.Seconds(), r.answers)
}

func newBench(ctx context.Context, lines int) (b *bench, err error) {
	b = &bench{lines: lines}
	if b.work, err = os.MkdirTemp("", "kcgen-stuck-"); err != nil {
		return nil, err
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", b.path("pipeline"), "kcgen.dev/runtime/bench/stuck/pipeline")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return b, fmt.Errorf("stuck: build the pipeline: %w\n%s", err, out)
	}
	if err = b.writeInput(); err != nil {
		return b, err
	}
	if b.broker, err = servertest.StartKafka(ctx, servertest.KafkaHeap("1g"), servertest.KafkaDir(b.path("broker"))); err != nil {
		return b, err
	}
	if b.client, err = kgo.NewClient(kgo.SeedBrokers(b.broker.Addr())); err != nil {
		return b, err
	}
	b.admin = kadm.NewClient(b.client)
	_, err = b.admin.CreateTopic(ctx, 1, 1, nil, "few")
	return b, err
}

func (b *bench) close() {
	if b.client != nil {
		b.client.Close()
	}
	if b.broker != nil {
		b.broker.Close()
	}
	_ = os.RemoveAll(b.work)
}

func (b *bench) path(name string) string { return filepath.Join(b.work, name) }

func (b *bench) writeInput() error {
	f, err := os.Create(b.path("input.txt"))
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	var text []byte
	for i := range b.lines {
		text = append(history.AppendLine(text[:0], "stuck", int64(i), 100), '\n')
		_, _ = w.Write(text) // the error is kept for Flush
		b.size += int64(len(text))
	}
	return errors.Join(w.Flush(), f.Close())
}

// measure runs the program once, with names that no run had before.
func (b *bench) measure(ctx context.Context, hook string) (r result, err error) {
	b.runs++
	run := strconv.Itoa(b.runs)
	in, out, topic := b.path("input-"+run+".txt"), b.path("output-"+run+".txt"), "lines-"+run
	if err := os.Link(b.path("input.txt"), in); err != nil {
		return r, err
	}
	if _, err := b.admin.CreateTopic(ctx, 1, 1, nil, topic); err != nil {
		return r, err
	}
	rest, err := servertest.FreePort()
	if err != nil {
		return r, err
	}
	cmd := exec.Command(b.path("pipeline"))
	cmd.Env = append(os.Environ(), "STUCK_BROKER="+b.broker.Addr(), "STUCK_IN="+in, "STUCK_OUT="+out, "STUCK_TOPIC="+topic,
		"STUCK_REST="+rest, "STUCK_RUN="+run, "STUCK_HOOK="+hook)
	p, err := proc.Start(cmd, b.path("pipeline-"+run+".log"))
	if err != nil {
		return r, err
	}
	defer p.Kill()
	asking, done := context.WithCancel(ctx)
	defer done()
	var answers latencies
	asked := make(chan error, 1)
	go func() {
		var err error
		answers, err = probe(asking, rest, run)
		asked <- err
	}()
	if err := b.await(ctx, p, out, 1); err != nil {
		return r, err
	}
	begun := time.Now()
	used, err := cpu(p.Pid())
	if err != nil {
		return r, err
	}
	if err := b.await(ctx, p, out, b.size); err != nil {
		return r, err
	}
	r.wall = time.Since(begun)
	if r.cpu, err = cpu(p.Pid()); err != nil {
		return r, err
	}
	r.cpu -= used
	done()
	err = <-asked
	p.Kill() // one that hangs would wait for its time-out
	r.answers = answers
	if err != nil {
		return r, fmt.Errorf("%w\n%s", err, p.LogTail(10))
	}
	_, err = b.admin.DeleteTopic(ctx, topic)
	return r, errors.Join(err, os.Remove(in), os.Remove(out))
}

// cpu is what a process has used by now, as Linux tells it in hundredths of a
// second: user and system, the fields 14 and 15 of its stat.
func cpu(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ") // behind the name, from field 3 on
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("stuck: %q is no process's stat", text)
	}
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("stuck: read a process's stat: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// await waits until the output has a size.
func (b *bench) await(ctx context.Context, p *proc.Process, out string, size int64) error {
	for late := time.After(5 * time.Minute); ; {
		if got, err := os.Stat(out); err == nil && got.Size() >= size {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.Done():
			return fmt.Errorf("the pipeline ended before the last line:\n%s", p.LogTail(20))
		case <-late:
			return fmt.Errorf("the last line does not come:\n%s", p.LogTail(20))
		case <-time.After(2 * time.Millisecond):
		}
	}
}
