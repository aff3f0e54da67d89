package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// delays are the times from a row's commit to a consumer, in order.
type delays []time.Duration

// at is the delay that a part of the rows, 0 to 1, does not exceed.
func (d delays) at(part float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	return d[int(part*float64(len(d)-1))]
}

func (d delays) String() string {
	return fmt.Sprintf("%.1f ms, p99 %.1f ms", millis(d.at(0.5)), millis(d.at(0.99)))
}

func millis(d time.Duration) float64 { return d.Seconds() * 1000 }

// delays writes rows one by one, at a steady pace, while a consumer takes the
// time at which each one comes.
func (b *bench) delays(ctx context.Context, w *work, topic string) (delays, error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.broker.Addr()), kgo.FetchMaxWait(30*time.Second), kgo.FetchMinBytes(1),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtEnd()}}))
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	// An empty poll makes sure that the fetch is on its way.
	quiet, cancel := context.WithTimeout(ctx, time.Second)
	cl.PollFetches(quiet)
	cancel()

	limited, cancel := context.WithTimeout(ctx, time.Duration(b.singles)*b.pace+stall)
	defer cancel()
	var writing sync.WaitGroup
	committed := make([]time.Time, b.singles)
	var failed error
	writing.Go(func() {
		if failed = w.singles(limited, b.changes+1, b.pace, committed); failed != nil {
			cancel()
		}
	})
	arrived := make([]time.Time, b.singles)
	for n := 0; n < b.singles && limited.Err() == nil; {
		fetches := cl.PollFetches(limited)
		now := time.Now()
		fetches.EachRecord(func(r *kgo.Record) {
			if i, err := number(r.Key); err == nil && i > b.changes && i <= b.changes+b.singles {
				arrived[i-b.changes-1] = now
				n++
			}
		})
	}
	writing.Wait()
	if failed != nil {
		return nil, failed
	}
	if limited.Err() != nil {
		return nil, fmt.Errorf("single rows have not all come: %w", limited.Err())
	}
	all := make(delays, b.singles)
	for i := range all {
		all[i] = max(arrived[i].Sub(committed[i]), 0)
	}
	slices.Sort(all)
	return all, nil
}

// singles writes rows from a number on, and notes when each was committed.
func (w *work) singles(ctx context.Context, from int, pace time.Duration, committed []time.Time) error {
	db, err := w.open()
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	next := time.NewTicker(pace)
	defer next.Stop()
	for i := range committed {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-next.C:
		}
		if _, err := db.ExecContext(ctx, fmt.Sprintf("INSERT INTO changes (id, customer, note) VALUES (%d, 1, 'a single row')", from+i)); err != nil {
			return err
		}
		committed[i] = time.Now()
	}
	return nil
}

// number is that in a key: {"id":5}.
func number(key []byte) (int, error) {
	digits := bytes.TrimSuffix(bytes.TrimPrefix(key, []byte(`{"id":`)), []byte("}"))
	return strconv.Atoi(string(digits))
}
