package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/proc"
)

// settle is how long a program without work gets before its memory is read.
const settle = 5 * time.Second

// firstRecord is the time from exec to the arrival of the first record at a
// consumer that waits on the topic, and the memory that the program holds when
// it has had nothing to do for a while (0 where idle is false, or it has ended).
func (b *bench) firstRecord(ctx context.Context, by contender, idle bool) (took time.Duration, memory int64, err error) {
	w, err := b.newWork(ctx, benchCase{spec: "source", input: "text", partitions: 1, tasks: 1, bare: produce}, by, "")
	if err != nil {
		return 0, 0, err
	}
	defer b.cleanUp(ctx, w)
	if err := b.shorten(w); err != nil {
		return 0, 0, err
	}
	cl, err := b.waiting(ctx, w.topic)
	if err != nil {
		return 0, 0, err
	}
	defer cl.Close()
	cmd, err := by.command(ctx, b, w)
	if err != nil {
		return 0, 0, err
	}
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	began := time.Now()
	p, err := proc.Start(cmd, w.dir+"/log")
	if err != nil {
		return 0, 0, err
	}
	defer p.Kill()
	fetches := cl.PollFetches(limited)
	took = time.Since(began)
	if err := fetches.Err(); err != nil {
		return 0, 0, fmt.Errorf("%w\n%s", err, p.LogTail(20))
	}
	if idle && !by.ends {
		select {
		case <-time.After(settle):
		case <-ctx.Done():
			return 0, 0, ctx.Err()
		}
		s, err := p.Sample()
		if err != nil {
			return 0, 0, err
		}
		memory = s.RSS
	}
	if err := finish(ctx, p, by); err != nil {
		return 0, 0, fmt.Errorf("stop %s: %w\n%s", by.title, err, p.LogTail(20))
	}
	return took, memory, nil
}

// shorten gives a run an input of a thousand lines.
func (b *bench) shorten(w *work) error {
	if err := os.Remove(w.file); err != nil {
		return err
	}
	return writeLines(w.file, inputs["text"], 0, 1000)
}

// waiting is a consumer whose fetch waits at the broker for a topic's first
// record.
func (b *bench) waiting(ctx context.Context, topic string) (*kgo.Client, error) {
	start := kgo.NewOffset().At(0)
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.broker.Addr()), kgo.FetchMaxWait(30*time.Second),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: start}}))
	if err != nil {
		return nil, err
	}
	// An empty poll makes sure that the fetch is on its way.
	quiet, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	cl.PollFetches(quiet)
	return cl, nil
}

// diskSize is what has to be installed to run a contender's case source.
func (b *bench) diskSize(ctx context.Context, by contender) (int64, error) {
	switch by.name {
	case bare:
		return treeSize(b.path("produce"))
	case kcgen:
		return treeSize(b.path("pipeline-source"))
	}
	home, err := servertest.InstallConnectWorker(ctx)
	if err != nil {
		return 0, err
	}
	return treeSize(filepath.Join(home, "lib"))
}

func treeSize(root string) (n int64, err error) {
	err = filepath.WalkDir(root, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		i, err := d.Info()
		if err == nil {
			n += i.Size()
		}
		return err
	})
	return n, err
}
