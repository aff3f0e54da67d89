package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/history"
)

// end is the end offset of the lab's topic; -1 while the broker does not
// answer.
func (l *lab) end() int64 {
	ctx, cancel := context.WithTimeout(l.t.Context(), 2*time.Second)
	defer cancel()
	ends, err := l.admin.ListEndOffsets(ctx, l.topic)
	if err != nil {
		return -1
	}
	o, ok := ends.Lookup(l.topic, 0)
	if !ok || o.Err != nil {
		return -1
	}
	return o.Offset
}

// reaches is a question for wait: whether the topic holds n records. Ends of
// transactions, and what they have taken back, count too.
func (l *lab) reaches(n int64) func() bool {
	return func() bool { return l.end() >= n }
}

// ends are a topic's end offsets; none where there is no topic. A topic that
// was made just now, or whose broker is just back, has no leaders yet.
func (l *lab) ends(topic string) kadm.ListedOffsets {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), servertest.Patience)
	defer cancel()
	for {
		ends, err := l.admin.ListEndOffsets(ctx, topic)
		if err == nil {
			err = ends.Error()
		}
		switch {
		case err == nil:
			return ends
		case errors.Is(err, kerr.UnknownTopicOrPartition):
			return nil
		case ctx.Err() != nil || !kerr.IsRetriable(err):
			l.t.Fatalf("end offsets of %s: %v", topic, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// records are all records of a topic, in the order of their offsets in each
// partition; with kgo.ReadCommitted those that are committed.
func (l *lab) records(topic string, opts ...kgo.Opt) []*kgo.Record {
	l.t.Helper()
	ends := l.ends(topic)
	left := 0 // partitions that were not read to their end
	next := map[int32]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left++
			next[o.Partition] = o.Offset
		}
	})
	if left == 0 {
		return nil
	}
	start := kgo.NewOffset().AtStart()
	cl := l.broker.Client(l.t, append(opts, kgo.ConsumeTopics(topic), kgo.ConsumeStartOffset(start), kgo.ConsumeResetOffset(start),
		kgo.FetchMaxPartitionBytes(8<<20), kgo.KeepControlRecords())...) // one of a transaction may be the last
	defer cl.Close()
	var all []*kgo.Record
	for left > 0 {
		fetches := cl.PollFetches(l.t.Context())
		if err := fetches.Err(); err != nil {
			l.t.Fatalf("read %s: %v", topic, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				all = append(all, r)
			}
			if end, open := next[r.Partition]; open && r.Offset >= end-1 { // that one may have been aborted
				left--
				delete(next, r.Partition)
			}
		})
	}
	return all
}

// fill sends lines from <= number < to to the lab's topic.
func (l *lab) fill(from, to int64) {
	l.t.Helper()
	var values [][]byte
	for i := from; i < to; i++ {
		values = append(values, history.AppendLine(nil, source, i, lineSize))
	}
	l.send(values...)
}

// send sends values to the lab's topic.
func (l *lab) send(values ...[]byte) {
	l.t.Helper()
	var records []*kgo.Record
	for _, v := range values {
		records = append(records, &kgo.Record{Topic: l.topic, Value: v})
	}
	if err := l.producer.ProduceSync(l.t.Context(), records...).FirstErr(); err != nil {
		l.t.Error(err)
	}
}

// committed is the offset that a sink's group has committed for the lab's
// topic; 0 where there is none.
func (l *lab) committed(connector string) int64 {
	l.t.Helper()
	begun := time.Now()
	offsets, err := l.admin.FetchOffsets(l.t.Context(), "connect-"+connector)
	for kerr.IsRetriable(err) && time.Since(begun) < servertest.Patience { // a young broker has no coordinator yet
		time.Sleep(100 * time.Millisecond)
		offsets, err = l.admin.FetchOffsets(l.t.Context(), "connect-"+connector)
	}
	if err != nil {
		l.t.Fatalf("offsets of the group connect-%s: %v", connector, err)
	}
	o, ok := offsets.Lookup(l.topic, 0)
	if !ok {
		return 0
	}
	return o.At
}

// members is how many instances a sink's group has; -1 while the broker cannot
// tell.
func (l *lab) members(connector string) int {
	l.t.Helper()
	groups, err := l.admin.DescribeGroups(l.t.Context(), "connect-"+connector)
	g := groups["connect-"+connector]
	if err != nil || g.Err != nil {
		return -1
	}
	return len(g.Members)
}

// position is a record of the offsets topic.
type position struct {
	key, value string
	partition  int32
}

// parsePosition is the number in an offset.
func (l *lab) parsePosition(p position) int64 {
	l.t.Helper()
	var at int64
	if _, err := fmt.Sscanf(p.value, `{"position":%d}`, &at); err != nil {
		l.t.Fatalf("offset %s: %v", p.value, err)
	}
	return at
}

// mine reports whether a key of the offsets topic names the lab's input file.
func (l *lab) mine(key string) bool { return strings.Contains(key, l.in) }

// lastValue is the value of the topic's last record; "" for none, and while
// the broker does not answer.
func (l *lab) lastValue() string {
	ctx, cancel := context.WithTimeout(l.t.Context(), 5*time.Second)
	defer cancel()
	end := l.end()
	if end <= 0 {
		return ""
	}
	last := map[string]map[int32]kgo.Offset{l.topic: {0: kgo.NewOffset().At(end - 1)}}
	cl, err := kgo.NewClient(kgo.SeedBrokers(l.broker.Addr()), kgo.ConsumePartitions(last))
	if err != nil {
		l.t.Fatal(err)
	}
	defer cl.Close()
	records := cl.PollFetches(ctx).Records()
	if len(records) == 0 {
		return ""
	}
	return string(records[len(records)-1].Value)
}

// positions are the records of the offsets topic that speak of the lab's
// input, in order.
func (l *lab) positions() []position {
	l.t.Helper()
	var ps []position
	for _, r := range l.records("connect-offsets", kgo.FetchIsolationLevel(kgo.ReadCommitted())) {
		if p := (position{string(r.Key), string(r.Value), r.Partition}); l.mine(p.key) {
			ps = append(ps, p)
		}
	}
	return ps
}

// position is the last committed position of the lab's input; -1 for none.
func (l *lab) position() int64 {
	l.t.Helper()
	ps := l.positions()
	if len(ps) == 0 {
		return -1
	}
	return l.parsePosition(ps[len(ps)-1])
}
