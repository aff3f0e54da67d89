package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Log is a compacted topic that holds a program's state: it is read to its end
// once, and then appended to. It uses its Conn's own client.
type Log struct {
	conn *Conn
	spec NewTopic

	made  chan struct{} // closed when the topic is there
	mu    sync.Mutex
	fault error // why it cannot be made
}

// Entry is one record of a Log. Timestamp is in milliseconds.
type Entry struct {
	Key, Value []byte // nil is null
	Timestamp  int64
}

// OpenLog checks the topic, which must be compacted, and calls each with every
// committed record in it, partition by partition in the order of the offsets.
// Keys and values may be kept. A topic that is not there holds nothing: it is
// made in the background, so that a first start does not wait for it; until it
// is made, appends wait, and if it cannot be made, failed is called and every
// append fails. life ends the making: what is drained at a stop needs the topic
// when ctx has ended.
func (k *Conn) OpenLog(ctx, life context.Context, spec NewTopic, each func(Entry), failed func(error)) (*Log, error) {
	if err := CheckTopicName(spec.Name); err != nil {
		return nil, err
	}
	l := &Log{conn: k, spec: spec, made: make(chan struct{})}
	exists, err := k.Exists(ctx, spec.Name)
	if err != nil {
		return nil, err
	}
	if !exists {
		go l.make(life, failed)
		return l, nil
	}
	close(l.made)
	if err := k.compacted(ctx, spec.Name); err != nil {
		return nil, err
	}
	return l, k.readAll(ctx, spec.Name, each)
}

func (l *Log) make(ctx context.Context, failed func(error)) {
	err := l.conn.Create(ctx, l.spec)
	if err == nil {
		// Another may have made it in the meantime, and otherwise.
		if err = l.conn.compacted(ctx, l.spec.Name); errors.Is(err, kerr.UnknownTopicOrPartition) {
			err = nil // made, and this broker has not heard of it yet
		}
	}
	l.mu.Lock()
	l.fault = err
	l.mu.Unlock()
	close(l.made)
	if err != nil && ctx.Err() == nil {
		failed(err)
	}
}

// Append writes entries and calls done once, when all of them are in Kafka or
// cannot be. Entries of one key keep the order of the calls. It waits for as
// long as the broker needs: ctx ends it only for what was not yet sent.
func (l *Log) Append(ctx context.Context, entries []Entry, done func(error)) {
	select {
	case <-l.made:
	case <-ctx.Done():
		done(fmt.Errorf("kafka: write to topic %s: %w", l.spec.Name, ctx.Err()))
		return
	}
	l.mu.Lock()
	fault := l.fault
	l.mu.Unlock()
	if fault != nil {
		done(fault)
		return
	}
	left := len(entries)
	if left == 0 {
		done(nil)
		return
	}
	var first error
	promise := func(_ *kgo.Record, err error) { // one at a time
		if err != nil && first == nil {
			first = fmt.Errorf("kafka: write to topic %s: %w%s", l.spec.Name, err, advice(err))
		}
		if left--; left == 0 {
			done(first)
		}
	}
	for _, e := range entries {
		l.conn.admin.Produce(ctx, &kgo.Record{Topic: l.spec.Name, Key: e.Key, Value: e.Value}, promise)
	}
}

// readAll reads a topic from its start to where it ends now.
//
// It asks the partitions' leaders itself instead of consuming: a consumer does
// not say when it is past the last record where the last offsets were
// compacted away or belong to transactions, and whoever guesses by waiting
// either starts late or misses records on a slow broker.
func (k *Conn) readAll(ctx context.Context, name string, each func(Entry)) error {
	r := logReader{conn: k, name: name, each: each}
	return k.retry(ctx, "read topic "+name, func() error { return r.read(ctx) })
}

type logReader struct {
	conn *Conn
	name string
	each func(Entry)
	next map[int32]int64 // per partition; kept over tries, so that each sees a record once
	end  map[int32]int64
	id   [16]byte

	uncommitted bool // records of open transactions count too
	enough      bool // set by each: there is no need for more
}

func (r *logReader) read(ctx context.Context) error {
	t, err := r.conn.describe(ctx, r.name, false)
	if err != nil {
		return err
	}
	r.id = t.id
	leaders := map[int32]int32{}
	var parts []int32
	for _, p := range t.partitions {
		if _, wanted := r.next[p.Partition]; r.next != nil && !wanted {
			continue
		}
		if p.Leader < 0 {
			return kerr.LeaderNotAvailable
		}
		leaders[p.Partition] = p.Leader
		parts = append(parts, p.Partition)
	}
	if r.next == nil {
		starts, err := r.offsets(ctx, parts, startOffset)
		if err != nil {
			return err
		}
		if r.end, err = r.offsets(ctx, parts, endOffset); err != nil {
			return err
		}
		r.next = starts
	}
	for !r.enough {
		open := map[int32][]int32{} // leader to partitions not yet read to the end
		for _, p := range parts {
			if r.next[p] < r.end[p] {
				open[leaders[p]] = append(open[leaders[p]], p)
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
	if r.uncommitted {
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
	req := kmsg.NewPtrFetchRequest()
	req.ReplicaID, req.MaxWaitMillis, req.MinBytes, req.MaxBytes = -1, 0, 0, 8<<20
	req.IsolationLevel, req.SessionEpoch = r.isolation(), -1
	rt := kmsg.NewFetchRequestTopic()
	rt.Topic, rt.TopicID = r.name, r.id
	for _, p := range parts {
		rp := kmsg.NewFetchRequestTopicPartition()
		rp.Partition, rp.FetchOffset, rp.PartitionMaxBytes, rp.CurrentLeaderEpoch = p, r.next[p], 1<<20, -1
		rt.Partitions = append(rt.Partitions, rp)
	}
	req.Topics = append(req.Topics, rt)
	resp, err := r.conn.admin.Broker(int(leader)).RetriableRequest(ctx, req)
	if err != nil {
		return err
	}
	fr := resp.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(fr.ErrorCode); err != nil {
		return err
	}
	nothing, moved := true, false
	for i := range fr.Topics {
		for j := range fr.Topics[i].Partitions {
			rp := &fr.Topics[i].Partitions[j]
			nothing = nothing && len(rp.RecordBatches) == 0
			before := r.next[rp.Partition]
			if err := r.take(rp); err != nil {
				return err
			}
			moved = moved || r.next[rp.Partition] > before
		}
	}
	if nothing {
		moved = r.skipGap(fr) || moved
	}
	if moved {
		return nil
	}
	return pause(ctx, 50*time.Millisecond) // the leader is new and has yet to learn how far it may show
}

func (r *logReader) take(rp *kmsg.FetchResponseTopicPartition) error {
	from := r.next[rp.Partition]
	level := kgo.ReadCommitted()
	if r.uncommitted {
		level = kgo.ReadUncommitted()
	}
	fp, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
		Offset: from, IsolationLevel: level, Topic: r.name, Partition: rp.Partition,
	}, rp, kgo.DefaultDecompressor(), nil)
	if fp.Err != nil {
		return fp.Err
	}
	for _, rec := range fp.Records {
		if rec.Offset < r.end[rp.Partition] {
			r.each(Entry{Key: rec.Key, Value: rec.Value, Timestamp: rec.Timestamp.UnixMilli()})
		}
	}
	r.next[rp.Partition] = max(from, next)
	return nil
}

// skipGap ends partitions of an answer that holds nothing at all: what was
// between here and the end was compacted away. (One empty partition beside full
// ones says nothing: the others may have filled the answer.)
func (r *logReader) skipGap(fr *kmsg.FetchResponse) (moved bool) {
	for _, t := range fr.Topics {
		for _, p := range t.Partitions {
			shown := p.LastStableOffset
			if r.uncommitted {
				shown = p.HighWatermark
			}
			if end := r.end[p.Partition]; shown >= end {
				r.next[p.Partition] = end
				moved = true
			}
		}
	}
	return moved
}
