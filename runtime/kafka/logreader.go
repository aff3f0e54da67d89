package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// logReader reads a topic to an end that is known.
//
// It asks the partitions' leaders itself instead of consuming: a consumer does
// not say when it is past the last record where the last offsets were
// compacted away or belong to transactions, and whoever guesses by waiting
// either starts late or misses records on a slow broker.
type logReader struct {
	conn *Conn
	name string
	each func(Entry)
	next map[int32]int64 // per partition; kept over tries, so that each sees a record once
	end  map[int32]int64
	id   [16]byte

	uncommitted bool // records of open transactions count too, and aborted ones
	enough      bool // set by each: there is no need for more

	// Of a Log's reader, which goes on: it gives what is behind the end too, and
	// finds out by itself which transactions were committed.
	open      transactions
	read      func(p int32, next int64) // told how far each partition is read; may be nil
	following bool                      // there is no end
}

// leads is who leads which partitions.
type leads struct {
	id     [16]byte
	leader map[int32]int32 // of each partition
}

func (l leads) parts() []int32 {
	var parts []int32
	for p := range l.leader {
		parts = append(parts, p)
	}
	return parts
}

// errReplaced is a topic that was deleted and made anew while it was in use.
var errReplaced = errors.New("the topic was deleted and made anew, and what it held is lost; stop every instance, bring the topic's records back or reset what they said, and start again")

// lead asks who leads the partitions.
func (r *logReader) lead(ctx context.Context) (leads, error) {
	t, err := r.conn.describe(ctx, r.name, false)
	if err != nil {
		return leads{}, err
	}
	if r.id != ([16]byte{}) && t.id != r.id {
		return leads{}, errReplaced
	}
	out := leads{t.id, map[int32]int32{}}
	for _, p := range t.partitions {
		if p.Leader < 0 {
			return leads{}, kerr.LeaderNotAvailable
		}
		out.leader[p.Partition] = p.Leader
	}
	return out, nil
}

// begin finds where partitions begin that were not read before.
func (r *logReader) begin(ctx context.Context, l leads) error {
	r.id = l.id
	var fresh []int32
	for p := range l.leader {
		if _, ok := r.next[p]; !ok {
			fresh = append(fresh, p)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	starts, err := r.offsets(ctx, fresh, startOffset)
	if err != nil {
		return err
	}
	if r.next == nil {
		r.next = map[int32]int64{}
	}
	for p, o := range starts {
		r.move(p, o)
	}
	return nil
}

func (r *logReader) move(p int32, next int64) {
	r.next[p] = next
	if r.read != nil {
		r.read(p, next)
	}
}

// to reads up to end.
func (r *logReader) to(ctx context.Context, end map[int32]int64) error {
	l, err := r.lead(ctx)
	if err != nil {
		return err
	}
	maps.DeleteFunc(l.leader, func(p, _ int32) bool { _, wanted := end[p]; return !wanted })
	if err := r.begin(ctx, l); err != nil {
		return err
	}
	r.end = end
	for !r.enough {
		open := map[int32][]int32{} // leader to partitions not yet read to the end
		for p, e := range end {
			if leader, ok := l.leader[p]; ok && r.next[p] < e {
				open[leader] = append(open[leader], p)
			}
		}
		if len(open) == 0 {
			return nil
		}
		for leader, ps := range open {
			if err := r.fetch(ctx, leader, ps); err != nil {
				return err
			}
		}
	}
	return nil
}

// isolation is the isolation level of requests.
func (r *logReader) isolation() int8 {
	if r.uncommitted || r.open != nil {
		return 0
	}
	return 1
}

// offsets asks for the first (startOffset) or the last (endOffset) offsets.
func (r *logReader) offsets(ctx context.Context, parts []int32, at int64) (map[int32]int64, error) {
	req := kmsg.NewPtrListOffsetsRequest()
	req.ReplicaID, req.IsolationLevel = -1, r.isolation()
	rt := kmsg.NewListOffsetsRequestTopic()
	rt.Topic = r.name
	for _, p := range parts {
		rp := kmsg.NewListOffsetsRequestTopicPartition()
		rp.Partition, rp.Timestamp = p, at
		rt.Partitions = append(rt.Partitions, rp)
	}
	req.Topics = append(req.Topics, rt)
	out := map[int32]int64{}
	for _, shard := range r.conn.admin.RequestSharded(ctx, req) {
		if shard.Err != nil {
			return nil, shard.Err
		}
		for _, t := range shard.Resp.(*kmsg.ListOffsetsResponse).Topics {
			for _, p := range t.Partitions {
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					return nil, err
				}
				out[p.Partition] = p.Offset
			}
		}
	}
	if len(out) != len(parts) {
		return nil, kerr.LeaderNotAvailable
	}
	return out, nil
}

func (r *logReader) fetch(ctx context.Context, leader int32, parts []int32) error {
	resp, err := r.conn.admin.Broker(int(leader)).RetriableRequest(ctx, r.request(parts, 0))
	if err != nil {
		return err
	}
	moved, err := r.answered(resp.(*kmsg.FetchResponse))
	if err != nil || moved {
		return err
	}
	return pause(ctx, 50*time.Millisecond) // the leader is new and has yet to learn how far it may show
}

// request asks for what follows in the partitions; where there is nothing, the
// leader waits a while for some.
func (r *logReader) request(parts []int32, wait time.Duration) *kmsg.FetchRequest {
	req := kmsg.NewPtrFetchRequest()
	req.ReplicaID, req.MaxWaitMillis, req.MaxBytes = -1, int32(wait.Milliseconds()), 8<<20
	if wait > 0 {
		req.MinBytes = 1
	}
	req.IsolationLevel, req.SessionEpoch = r.isolation(), -1
	rt := kmsg.NewFetchRequestTopic()
	rt.Topic, rt.TopicID = r.name, r.id
	for _, p := range parts {
		rp := kmsg.NewFetchRequestTopicPartition()
		rp.Partition, rp.FetchOffset, rp.PartitionMaxBytes, rp.CurrentLeaderEpoch = p, r.next[p], 1<<20, -1
		rt.Partitions = append(rt.Partitions, rp)
	}
	req.Topics = append(req.Topics, rt)
	return req
}

// answered takes what a leader answered. moved says whether that led on.
func (r *logReader) answered(fr *kmsg.FetchResponse) (moved bool, err error) {
	if err := kerr.ErrorForCode(fr.ErrorCode); err != nil {
		return false, err
	}
	nothing := true
	for i := range fr.Topics {
		for j := range fr.Topics[i].Partitions {
			rp := &fr.Topics[i].Partitions[j]
			nothing = nothing && len(rp.RecordBatches) == 0
			before := r.next[rp.Partition]
			if err := r.take(rp); err != nil {
				return moved, err
			}
			moved = moved || r.next[rp.Partition] > before
		}
	}
	if nothing {
		moved = r.skipGap(fr) || moved
	}
	return moved, nil
}

func (r *logReader) take(rp *kmsg.FetchResponseTopicPartition) error {
	from := r.next[rp.Partition]
	level := kgo.ReadCommitted()
	if r.isolation() == 0 {
		level = kgo.ReadUncommitted()
	}
	fp, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
		Offset: from, IsolationLevel: level, Topic: r.name, Partition: rp.Partition, KeepControlRecords: r.open != nil,
	}, rp, kgo.DefaultDecompressor(), nil)
	if errors.Is(fp.Err, kerr.TopicAuthorizationFailed) {
		return fmt.Errorf("%w: the principal may not Read it", fp.Err)
	}
	if fp.Err != nil {
		return fp.Err
	}
	for _, rec := range fp.Records {
		switch {
		case r.open != nil:
			r.open.take(rec, r.each)
		case rec.Offset < r.end[rp.Partition]:
			r.each(entryOf(rec))
		}
	}
	if next > from {
		r.move(rp.Partition, next)
	}
	return nil
}

func entryOf(rec *kgo.Record) Entry {
	return Entry{Key: rec.Key, Value: rec.Value, Timestamp: rec.Timestamp.UnixMilli(), Partition: rec.Partition, Offset: rec.Offset}
}

// skipGap ends partitions of an answer that holds nothing at all: what was
// between here and the end was compacted away. (One empty partition beside full
// ones says nothing: the others may have filled the answer.)
func (r *logReader) skipGap(fr *kmsg.FetchResponse) (moved bool) {
	for _, t := range fr.Topics {
		for _, p := range t.Partitions {
			shown := p.LastStableOffset
			if r.isolation() == 0 {
				shown = p.HighWatermark
			}
			end := r.end[p.Partition]
			if r.following {
				end = shown
			}
			if shown >= end && end > r.next[p.Partition] {
				r.move(p.Partition, end)
				moved = true
			}
		}
	}
	return moved
}

// transactions holds the records of transactions whose end was not yet read.
// A broker that is asked for committed records alone shows none behind the
// first open transaction, of whomever it is: a task that starts would have to
// wait for the others', or miss offsets of its own.
type transactions map[openTransaction][]Entry

type openTransaction struct {
	partition int32
	producer  int64
}

// take gives a record to each once it counts: at once, or when its transaction
// is committed.
func (t transactions) take(rec *kgo.Record, each func(Entry)) {
	id := openTransaction{rec.Partition, rec.ProducerID}
	switch {
	case rec.Attrs.IsControl():
		var end kmsg.ControlRecordKey
		if err := end.ReadFrom(rec.Key); err != nil {
			return // of a kind that is not known
		}
		if end.Type == kmsg.ControlRecordKeyTypeCommit {
			for _, e := range t[id] {
				each(e)
			}
		}
		if end.Type == kmsg.ControlRecordKeyTypeCommit || end.Type == kmsg.ControlRecordKeyTypeAbort {
			delete(t, id)
		}
	case rec.Attrs.IsTransactional():
		t[id] = append(t[id], entryOf(rec))
	default:
		each(entryOf(rec))
	}
}

// describeRead is an error of reading a topic.
func describeRead(topic string, err error) error {
	return fmt.Errorf("kafka: read topic %s: %w", topic, denied(err, "Read and Describe", topic))
}
