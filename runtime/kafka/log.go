package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Log is a compacted topic that holds state that several programs share: each
// reads it to its end, appends to it, and reads what the others have appended
// since. It uses its Conn's own client.
type Log struct {
	conn *Conn
	spec NewTopic

	made  chan struct{} // closed when the topic is there
	fault error         // why it cannot be made; set before made is closed

	turn   chan struct{} // holds a value while somebody reads
	reader logReader     // of who has the turn

	mu    sync.Mutex
	id    [16]byte        // of the topic
	at    map[int32]int64 // how far each partition is read
	moved chan struct{}   // closed when at has changed
}

// Entry is one record of a Log. Timestamp is in milliseconds.
type Entry struct {
	Topic      string // of one to be appended elsewhere than to the Log's own topic
	Key, Value []byte // nil is null
	Timestamp  int64
	Partition  int32 // where it is; of entries that were read or appended
	Offset     int64
}

// OpenLog checks the topic, which must be compacted, and calls each with every
// committed record in it, partition by partition in the order of the offsets,
// and later, by ReadToEnd and Follow, with what was appended since: one call at
// a time. Keys and values may be kept. A topic that is not there holds nothing:
// it is made in the background, so that a first start does not wait for it;
// until it is made, appends wait, and if it cannot be made, failed is called
// and every append fails. life ends the making: what is drained at a stop needs
// the topic when ctx has ended.
func (k *Conn) OpenLog(ctx, life context.Context, spec NewTopic, each func(Entry), failed func(error)) (*Log, error) {
	if err := CheckTopicName(spec.Name); err != nil {
		return nil, err
	}
	l := &Log{
		conn: k, spec: spec, made: make(chan struct{}), turn: make(chan struct{}, 1),
		at: map[int32]int64{}, moved: make(chan struct{}),
	}
	l.reader = logReader{conn: k, name: spec.Name, each: each, open: transactions{}, read: l.reached}
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
	return l, l.ReadToEnd(ctx)
}

func (l *Log) make(ctx context.Context, failed func(error)) {
	err := l.conn.awaitTopic(ctx, l.spec.Name, &l.spec)
	if err == nil {
		// Another may have made it in the meantime, and otherwise.
		if err = l.conn.compacted(ctx, l.spec.Name); errors.Is(err, kerr.UnknownTopicOrPartition) {
			err = nil // made, and this broker has not heard of it yet
		}
	}
	l.fault = err
	close(l.made)
	if err != nil && ctx.Err() == nil {
		failed(err)
	}
}

// ready waits until the topic is there.
func (l *Log) ready(ctx context.Context) error {
	select {
	case <-l.made:
		return l.fault
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Append writes entries and calls done once, when all of them are in Kafka or
// cannot be. Entries of one key keep the order of the calls. It waits for as
// long as the broker needs: ctx ends it only for what was not yet sent. When
// done is called with nil, the entries say where they are.
func (l *Log) Append(ctx context.Context, entries []Entry, done func(error)) {
	if err := l.ready(ctx); err != nil {
		if l.unmade() {
			err = fmt.Errorf("kafka: write to topic %s: %w", l.spec.Name, err)
		}
		done(err)
		return
	}
	left := len(entries)
	if left == 0 {
		done(nil)
		return
	}
	var first error
	for i := range entries {
		e := &entries[i]
		l.conn.admin.Produce(ctx, l.record(e), func(rec *kgo.Record, err error) { // one at a time
			if err != nil && first == nil {
				first = fmt.Errorf("kafka: write to topic %s: %w", rec.Topic, denied(err, "Write", rec.Topic))
			}
			e.placed(rec)
			if left--; left == 0 {
				done(first)
			}
		})
	}
}

// record is what is written of an entry.
func (l *Log) record(e *Entry) *kgo.Record {
	topic := l.spec.Name
	if e.Topic != "" {
		topic = e.Topic
	}
	return &kgo.Record{Topic: topic, Key: e.Key, Value: e.Value}
}

// placed takes where the entry was written.
func (e *Entry) placed(rec *kgo.Record) {
	e.Partition, e.Offset, e.Timestamp = rec.Partition, rec.Offset, rec.Timestamp.UnixMilli()
}

func (l *Log) unmade() bool {
	select {
	case <-l.made:
		return false
	default:
		return true
	}
}

// Topic is the log's topic.
func (l *Log) Topic() string { return l.spec.Name }

// ReadToEnd returns when everything that is in the topic now was given to
// OpenLog's function: every record, but those of transactions that are still
// open. It does not wait for these, which are of others: whoever needs the
// records of a transaction of its own has fenced it before. (That it was
// committed is not enough: readers hear of that a little later.)
func (l *Log) ReadToEnd(ctx context.Context) error {
	if err := l.ready(ctx); err != nil {
		return err
	}
	var end map[int32]int64
	err := l.conn.retry(ctx, "read topic "+l.spec.Name, func() (err error) {
		end, err = l.end(ctx)
		return l.readable(err)
	})
	for err == nil {
		done, moved := l.behind(end)
		if done {
			return nil
		}
		select {
		case <-moved: // somebody else reads
		case l.turn <- struct{}{}:
			err = l.conn.retry(ctx, "read topic "+l.spec.Name, func() error { return l.readable(l.reader.to(ctx, end)) })
			<-l.turn
			return err
		case <-ctx.Done():
			err = fmt.Errorf("kafka: read topic %s: %w", l.spec.Name, ctx.Err())
		}
	}
	return err
}

// readable says which right is missing, where the topic may not be read.
func (l *Log) readable(err error) error { return denied(err, "Read and Describe", l.spec.Name) }

// end is where the topic ends now.
func (l *Log) end(ctx context.Context) (map[int32]int64, error) {
	l.mu.Lock()
	r := logReader{conn: l.conn, name: l.spec.Name, uncommitted: true, id: l.id}
	l.mu.Unlock()
	t, err := r.lead(ctx)
	if errors.Is(err, kerr.UnknownTopicOrPartition) && !l.seen() {
		return nil, passing{err} // it was made just now
	}
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.id = t.id
	l.mu.Unlock()
	return r.offsets(ctx, t.parts(), endOffset)
}

// seen reports whether the topic was ever read.
func (l *Log) seen() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.at) > 0
}

// behind reports whether all is read up to end; moved is closed when that may
// have changed.
func (l *Log) behind(end map[int32]int64) (done bool, moved <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p, e := range end {
		if at, ok := l.at[p]; !ok || at < e {
			return false, l.moved
		}
	}
	return true, nil
}

// reached is told by the reader how far it is.
func (l *Log) reached(p int32, next int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at, ok := l.at[p]; ok && at == next {
		return
	}
	l.at[p] = next
	close(l.moved)
	l.moved = make(chan struct{})
}

// Single refuses a topic of several partitions, among which the order of
// records is not kept.
func (l *Log) Single(ctx context.Context) error {
	if err := l.ready(ctx); err != nil {
		return err
	}
	end := map[int32]int64{}
	err := l.conn.retry(ctx, "read topic "+l.spec.Name, func() (err error) {
		end, err = l.end(ctx)
		return l.readable(err)
	})
	if err == nil && len(end) != 1 {
		return fmt.Errorf("kafka: topic %[1]s has %[2]d partitions, and records are in order in one alone; make it anew (kafka-topics.sh --delete --topic %[1]s, then --create --topic %[1]s --partitions 1 --config cleanup.policy=compact), or name another", l.spec.Name, len(end))
	}
	return err
}
