package chaos_test

import (
	"bytes"
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// number is the number in a line; -1 in what is none.
func number(line []byte) int64 {
	_, rest, _ := bytes.Cut(line, []byte{' '})
	digits, _, _ := bytes.Cut(rest, []byte{' '})
	n, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// partition is one of a topic.
type partition struct {
	topic string
	n     int32
}

// tail follows what becomes visible in the sources' topics from now on.
type tail struct {
	mu    sync.Mutex
	last  map[partition]int64 // the highest number
	after map[partition]int64 // the offset behind the last record
}

func (f *field) follow(ctx context.Context) *tail {
	f.t.Helper()
	cl := f.broker.Client(f.t, kgo.ConsumeTopics("exact", "least"), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtEnd()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	t := &tail{last: map[partition]int64{}, after: map[partition]int64{}}
	go func() {
		for ctx.Err() == nil {
			fetches := cl.PollFetches(ctx)
			t.mu.Lock()
			fetches.EachRecord(func(r *kgo.Record) {
				p := partition{r.Topic, r.Partition}
				t.last[p], t.after[p] = max(t.last[p], number(r.Value)), r.Offset+1
			})
			t.mu.Unlock()
		}
	}()
	return t
}

// reached is how many sequences have got to a number.
func (t *tail) reached(n int64) (count int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, last := range t.last {
		if last >= n {
			count++
		}
	}
	return count
}

// behind is how many records the sinks have not committed.
func (f *field) behind(ctx context.Context, t *tail) (records int64, err error) {
	for _, topic := range []string{"exact", "least"} {
		committed, err := f.admin.FetchOffsets(ctx, "connect-"+topic+"-sink")
		if err != nil {
			return 0, err
		}
		t.mu.Lock()
		for p, after := range t.after {
			if p.topic != topic {
				continue
			}
			o, _ := committed.Lookup(topic, p.n)
			records += max(0, after-max(0, o.At))
		}
		t.mu.Unlock()
	}
	return records, nil
}

// read shows all records of a topic, those of each partition in order, and
// nothing of a topic that is not there. Control records are shown too.
func (f *field) read(topic string, isolation kgo.IsolationLevel, each func(*kgo.Record)) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 5*time.Minute)
	defer cancel()
	listed, err := f.admin.ListTopics(ctx, topic)
	if err != nil {
		f.t.Fatalf("list %s: %v", topic, err)
	}
	if !listed.Has(topic) {
		return
	}
	ends, err := f.admin.ListEndOffsets(ctx, topic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		f.t.Fatalf("end offsets of %s: %v", topic, err)
	}
	left := map[int32]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left[o.Partition] = o.Offset
		}
	})
	start := kgo.NewOffset().AtStart()
	cl := f.broker.Client(f.t, kgo.ConsumeTopics(topic), kgo.ConsumeStartOffset(start), kgo.ConsumeResetOffset(start),
		kgo.FetchIsolationLevel(isolation), kgo.FetchMaxPartitionBytes(8<<20), kgo.KeepControlRecords())
	defer cl.Close()
	for len(left) > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			f.t.Fatalf("read %s: %v; not at their ends: %v", topic, err, left)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			each(r)
			if end, open := left[r.Partition]; open && r.Offset >= end-1 {
				delete(left, r.Partition)
			}
		})
	}
}
