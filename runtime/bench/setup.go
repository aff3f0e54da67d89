package main

import (
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
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/servertest"
)

// bench is everything that the runs share.
type bench struct {
	options
	cases    []benchCase
	rivals   []contender
	dir      string // of all files, removed at the end
	broker   *servertest.Broker
	registry *servertest.Apicurio // nil where no case needs one
	avroJars string               // Kafka Connect's
	client   *kgo.Client
	admin    *kadm.Client
	runs     int                // for names that no run uses twice
	outputs  map[string]content // of each case, by its first contender
	filled   map[string]bool    // topics that sinks read

	startCost map[string]float64 // CPU seconds of a start, by spec
}

func newBench(ctx context.Context, o options) (b *bench, err error) {
	b = &bench{options: o, outputs: map[string]content{}, filled: map[string]bool{}}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	if b.cases, err = chosen(o.cases); err != nil {
		return b, err
	}
	if b.rivals, err = rivals(o.contenders); err != nil {
		return b, err
	}
	if b.dir, err = os.MkdirTemp(o.dir, "kcgen-bench-"); err != nil {
		return b, fmt.Errorf("bench: make a folder: %w", err)
	}
	if err = b.buildPrograms(ctx); err != nil {
		return b, err
	}
	return b, b.startServers(ctx)
}

func (b *bench) close() {
	if b.client != nil {
		b.client.Close()
	}
	if b.broker != nil {
		b.broker.Close()
	}
	b.registry.Close()
	if b.dir != "" {
		_ = os.RemoveAll(b.dir)
	}
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// takesPart says whether a contender is among those that were asked for.
func (b *bench) takesPart(name string) bool {
	for _, r := range b.rivals {
		if r.name == name {
			return true
		}
	}
	return false
}

func (b *bench) startServers(ctx context.Context) (err error) {
	// What was deleted makes room at once.
	b.broker, err = servertest.StartKafka(ctx, servertest.KafkaHeap("1g"), servertest.KafkaDir(b.path("broker")),
		servertest.KafkaProperty("log.segment.delete.delay.ms", "1000"))
	if err != nil {
		return err
	}
	if b.client, err = kgo.NewClient(kgo.SeedBrokers(b.broker.Addr()), kgo.MetadataMinAge(50*time.Millisecond)); err != nil {
		return err
	}
	b.admin = kadm.NewClient(b.client)
	for _, c := range b.cases {
		if strings.Contains(c.spec, "avro") {
			return b.startRegistry(ctx)
		}
	}
	return nil
}

func (b *bench) startRegistry(ctx context.Context) (err error) {
	if b.takesPart(connect) {
		if b.avroJars, err = servertest.InstallConnect(ctx); err != nil {
			return err
		}
	}
	b.registry, err = servertest.StartRegistry(ctx)
	return err
}

// buildPrograms makes kcgen, and with it the pipelines of the specs, as users
// do; and the bare programs as kcgen builds: no CGO, trimmed, stripped.
func (b *bench) buildPrograms(ctx context.Context) error {
	for _, name := range []string{"produce", "consume"} {
		if err := goBuild(ctx, b.path(name), "kcgen.dev/runtime/bench/bare/"+name); err != nil {
			return err
		}
	}
	if err := goBuild(ctx, b.path("kcgen"), "kcgen.dev/cmd/kcgen"); err != nil {
		return err
	}
	for _, c := range append([]benchCase{cases[0]}, b.cases...) {
		if err := b.buildPipeline(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func goBuild(ctx context.Context, out, pkg string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("bench: build %s: %w\n%s", pkg, err, text)
	}
	return nil
}

// buildPipeline compiles a case's spec, unless it is there.
func (b *bench) buildPipeline(ctx context.Context, c benchCase) error {
	out := b.path("pipeline-" + c.binary())
	if _, err := os.Stat(out); err == nil {
		return nil
	}
	spec := b.path("specs/" + c.spec)
	if err := os.CopyFS(spec, specFolder(c.spec)); err != nil {
		return fmt.Errorf("bench: write the spec %s: %w", c.spec, err)
	}
	args := []string{"build", "-o", out}
	if c.sink {
		args = append(args, "-t", "tasks="+strconv.Itoa(c.tasks))
	}
	cmd := exec.CommandContext(ctx, b.path("kcgen"), append(args, filepath.Join(spec, "pipeline.cue"))...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("bench: kcgen build %s: %w\n%s", c.spec, err, text)
	}
	return os.RemoveAll(spec)
}

// createTopic makes a topic, and waits until the broker knows of it: what its
// controller has promised comes to it a little later.
func (b *bench) createTopic(ctx context.Context, topic string, partitions int) error {
	_, err := b.admin.CreateTopic(ctx, int32(partitions), 1, nil, topic)
	for begun := time.Now(); err == nil; time.Sleep(20 * time.Millisecond) {
		var ends kadm.ListedOffsets
		if ends, err = b.admin.ListEndOffsets(ctx, topic); err == nil {
			err = ends.Error()
		}
		if err == nil && len(ends[topic]) == partitions {
			return nil
		}
		if errors.Is(err, kerr.UnknownTopicOrPartition) && time.Since(begun) < arrivalGrace {
			err = nil
		}
	}
	return fmt.Errorf("bench: create topic %s: %w", topic, err)
}

// full is the topic that a sink reads.
func (b *bench) full(c benchCase) string {
	return fmt.Sprintf("full-%s-%d-%d", c.input, c.partitions, b.linesOf(c))
}

// fill makes the topic that a sink reads, unless it is there.
func (b *bench) fill(ctx context.Context, c benchCase) error {
	topic := b.full(c)
	if b.filled[topic] {
		return nil
	}
	b.filled[topic] = true
	source := benchCase{name: "fill", spec: "source", input: c.input, partitions: c.partitions, tasks: 1, bare: produce, lines: b.linesOf(c)}
	by := contenders[0]
	if c.input == "avro" {
		source.spec, by = "avro", contenders[1]
		if err := b.buildPipeline(ctx, source); err != nil {
			return err
		}
	}
	w, err := b.newWork(ctx, source, by, topic)
	if err != nil {
		return err
	}
	if _, err := b.timed(ctx, by, w); err != nil {
		return fmt.Errorf("bench: fill the topic %s: %w", topic, err)
	}
	return nil
}
