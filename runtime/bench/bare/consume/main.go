// Command consume is the yardstick of the sink benchmarks: franz-go alone,
// writing the values of a topic to a file as a consumer group, flushed before
// its offsets are committed.
//
//	consume BROKER TOPIC FILE GROUP N
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

func main() {
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, "usage: consume BROKER TOPIC FILE GROUP N")
		os.Exit(2)
	}
	debug.SetGCPercent(400)
	n, err := strconv.Atoi(os.Args[5])
	if err == nil {
		err = run(os.Args[1], os.Args[2], os.Args[3], os.Args[4], n)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "consume:", err)
		os.Exit(1)
	}
}

func run(broker, topic, file, group string, n int) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	start := kgo.NewOffset().AtStart()
	cl, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(topic), kgo.ConsumerGroup(group),
		kgo.ConsumeStartOffset(start), kgo.ConsumeResetOffset(start), kgo.DisableAutoCommit(),
		kgo.FetchMaxBytes(64<<20), kgo.FetchMaxPartitionBytes(8<<20), kgo.WithPools(new(recordPool)))
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
