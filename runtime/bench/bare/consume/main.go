// Command consume is the yardstick of the sink benchmarks: franz-go alone,
// writing the values of a topic to a file as a consumer group, on the disk before
// its offsets are committed, as filestream.#Sink has them. It fetches as much at a
// time as kcgen's client, and has the same goal of memory: with answers of 8 MB
// and a heap without bounds three times as many pages are touched for the first
// time (40,000 of 4 kB for two million lines, 13,000 so), and what the kernel takes
// for them moves by half from run to run.
//
// With -defaults it has none of that: the client's and Go's own settings, as a
// program has that is written in an hour.
//
//	consume [-defaults] BROKER TOPIC FILE GROUP N
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const commitInterval = 5 * time.Second

// What a sink's task of kcgen has by default: see kafka.Consumer and the
// runtime's tuneMemory.
const (
	fetchBytes = 2 << 20
	memory     = 55 << 20
)

func main() {
	args := os.Args[1:]
	defaults := len(args) > 0 && args[0] == "-defaults"
	if defaults {
		args = args[1:]
	}
	if len(args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: consume [-defaults] BROKER TOPIC FILE GROUP N")
		os.Exit(2)
	}
	var tuned []kgo.Opt
	if !defaults {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(memory)
		tuned = []kgo.Opt{kgo.FetchMaxBytes(fetchBytes), kgo.FetchMaxPartitionBytes(fetchBytes), kgo.MaxConcurrentFetches(1), kgo.WithPools(new(recordPool))}
	}
	n, err := strconv.Atoi(args[4])
	if err == nil {
		err = run(args[0], args[1], args[2], args[3], n, tuned)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "consume:", err)
		os.Exit(1)
	}
}

func run(broker, topic, file, group string, n int, tuned []kgo.Opt) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	start := kgo.NewOffset().AtStart()
	cl, err := kgo.NewClient(append(tuned, kgo.SeedBrokers(broker), kgo.ConsumeTopics(topic), kgo.ConsumerGroup(group),
		kgo.ConsumeStartOffset(start), kgo.ConsumeResetOffset(start), kgo.DisableAutoCommit())...)
	if err != nil {
		return err
	}
	defer cl.Close()
	out := bufio.NewWriterSize(f, 1<<20)
	last := time.Now()
	for left := n; left > 0; {
		fetches := cl.PollFetches(context.Background())
		if err := fetches.Err(); err != nil {
			return err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			_, _ = out.Write(r.Value) // the error is kept for Flush
			_ = out.WriteByte('\n')
			r.Recycle()
			left--
		})
		if left > 0 && time.Since(last) < commitInterval {
			continue
		}
		last = time.Now()
		if err := out.Flush(); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
		if err := cl.CommitUncommittedOffsets(context.Background()); err != nil {
			return err
		}
	}
	return nil
}

// recordPool lets the client use its slices of records again.
type recordPool struct{ pool sync.Pool }

func (p *recordPool) GetRecords(n int) []kgo.Record {
	if s, ok := p.pool.Get().(*[]kgo.Record); ok && cap(*s) >= n {
		return (*s)[:0]
	}
	return make([]kgo.Record, 0, n)
}

func (p *recordPool) PutRecords(s []kgo.Record) { p.pool.Put(&s) }
