package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/history"
)

// A program is a main package that takes part.
var programs = map[string]string{
	"produce": "bare/produce",
	"consume": "bare/consume",
	"source":  "pipeline/source",
	"json":    "pipeline/json",
	"sink":    "pipeline/sink",
}

// full is the topic that the sinks read; a source fills it before the rounds.
const full = "bench-full"

// bench is everything that the runs share.
type bench struct {
	options
	work   string // folder of all files, removed at the end
	broker *servertest.Broker
	client *kgo.Client
	admin  *kadm.Client
	runs   int // for names that no run uses twice
}

func newBench(ctx context.Context, o options) (b *bench, err error) {
	b = &bench{options: o}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	if b.work, err = os.MkdirTemp(o.dir, "kcgen-bench-"); err != nil {
		return b, fmt.Errorf("bench: make a folder: %w", err)
	}
	if err = b.buildPrograms(ctx); err != nil {
		return b, err
	}
	if err = b.writeInput("input.txt", o.lines); err != nil {
		return b, err
	}
	if err = b.writeInput("short.txt", 1000); err != nil {
		return b, err
	}
	if b.broker, err = servertest.StartKafka(ctx, servertest.KafkaHeap("1g"), servertest.KafkaDir(filepath.Join(b.work, "broker"))); err != nil {
		return b, err
	}
	if b.client, err = kgo.NewClient(kgo.SeedBrokers(b.broker.Addr()), kgo.MetadataMinAge(50*time.Millisecond)); err != nil {
		return b, err
	}
	b.admin = kadm.NewClient(b.client)
	return b, b.warmUp(ctx)
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

// buildPrograms compiles as kcgen does: no CGO, trimmed, stripped.
func (b *bench) buildPrograms(ctx context.Context) error {
	tags := ""
	if b.profile != "" {
		tags = "profile"
	}
	for name, dir := range programs {
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-tags="+tags,
			"-o", b.path(name), "kcgen.dev/runtime/bench/"+dir)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("bench: build %s: %w\n%s", name, err, out)
		}
	}
	return nil
}

// writeInput makes a file of numbered lines.
func (b *bench) writeInput(name string, lines int) error {
	f, err := os.Create(b.path(name))
	if err != nil {
		return fmt.Errorf("bench: make the input: %w", err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	var line []byte
	for i := range lines {
		line = append(history.AppendLine(line[:0], "bench", int64(i), b.size), '\n')
		_, _ = w.Write(line) // the error is kept for Flush
	}
	return errors.Join(w.Flush(), f.Close())
}

// warmUp fills the topic that the sinks read, and with it the JVM's code cache
// and the internal topics.
func (b *bench) warmUp(ctx context.Context) error {
	if err := b.createTopic(ctx, full); err != nil {
		return err
	}
	if _, err := b.toTopic(ctx, "produce", full); err != nil {
		return fmt.Errorf("bench: fill the topic %s: %w", full, err)
	}
	_, err := b.firstRecord(ctx)
	return err
}

func (b *bench) createTopic(ctx context.Context, topic string) error {
	if _, err := b.admin.CreateTopic(ctx, 1, 1, nil, topic); err != nil {
		return fmt.Errorf("bench: create topic %s: %w", topic, err)
	}
	return nil
}

func (b *bench) binarySize(program string) (int64, error) {
	st, err := os.Stat(b.path(program))
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}
