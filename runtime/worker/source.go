package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/offset"
)

// sourceTask runs one task of a source. Its loop has a goroutine of its own, so
// that a connector that hangs keeps neither the acknowledged records from being
// committed nor the process from ending.
type sourceTask struct {
	task
	cfg     *Source
	plug    connect.SourceTask
	chain   *chain.Chain
	rules   *topicRules
	conn    *kafka.Conn
	store   *offset.Store
	offsets offset.Appender // the offsets topic
	writer  *kafka.Writer
	every   time.Duration // between commits
	slow    time.Duration // a commit that is said to be slow

	mu       sync.Mutex // of tracker, told and flights
	tracker  *offset.Tracker
	told     []offset.Entry // committed, and not yet told to a Committer
	flights  []*flight      // unused
	inFlight atomic.Int64   // batches
	landed   chan struct{}  // a batch has ended
	seen     atomic.Int64   // when a poll last found nothing; nanoseconds since the epoch

	undelivered atomic.Int64 // records of ended batches that had no answer

	// Of the loop's goroutine alone:
	buf     connect.Buffer
	headers []kafka.Header // room to make headers in
	doing   chain.Doing
	orig    connect.Record // the record at work, as the connector gave it
	topics  map[string]topicLimit
	topic   topicLimit // of the last record
}

// topicLimit is what a topic takes.
type topicLimit struct {
	name    string
	bytes   int  // the largest record
	byTopic bool // because of max.message.bytes, not of maxRequestSize
}

// fatal is an error that is not the record's, and never tolerated.
type fatal struct{ error }

func (f fatal) Unwrap() error { return f.error }

// run is the task's life. It returns when everything that can be saved is.
// stop asks it to end; hard is when it must have.
func (t *sourceTask) run(stop, hard context.Context) {
	stop, cancel := t.stop(stop)
	defer cancel()
	looped := make(chan struct{})
	go func() {
		defer close(looped)
		if err := guard(func() error { return t.loop(stop, hard) }); err != nil && !errors.Is(err, errStopped) {
			t.fail(err)
		}
	}()
	commits := make(chan struct{})
	quit := make(chan struct{})
	go func() {
		defer close(commits)
		t.commitLoop(hard, quit)
	}()

	stuck := t.awaitLoop(stop, hard, looped)
	t.drain(hard)
	close(quit)
	<-commits
	t.lastCommit(hard)
	if stuck {
		t.log.Error("the connector does not return from a call; it is left behind")
	} else {
		t.tell(hard)
		if err := guard(t.plug.Close); err != nil {
			t.log.Warn("closing the connector failed", "error", err.Error())
		}
	}
	t.close(hard)
	t.end()
}

func (t *sourceTask) close(ctx context.Context) { t.writer.Close(ctx) }

// awaitLoop waits for the loop's end; once it was asked to stop, for half of
// the time that is left at the most.
func (t *sourceTask) awaitLoop(stop, hard context.Context, looped <-chan struct{}) (stuck bool) {
	select {
	case <-looped:
		return false
	case <-stop.Done():
	}
	patience, cancel := halfOf(hard)
	defer cancel()
	select {
	case <-looped:
		return false
	case <-patience.Done():
		return true
	}
}

// halfOf ends when half of the time to ctx's end has passed.
func halfOf(ctx context.Context) (context.Context, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok {
		return context.WithTimeout(ctx, time.Until(end)/2)
	}
	return context.WithTimeout(ctx, 5*time.Second) // the task failed; nobody asked for a stop
}

// drain waits until every batch on its way has ended. After a failure it does
// so for no longer than a commit may take: what is behind the failed record may
// never end.
func (t *sourceTask) drain(hard context.Context) {
	ctx := hard
	if t.failure() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(hard, t.slow)
		defer cancel()
	}
	for t.inFlight.Load() > 0 {
		select {
		case <-t.landed:
		case <-ctx.Done():
			return
		}
	}
}

func (t *sourceTask) loop(stop, hard context.Context) error {
	if err := t.open(stop); err != nil {
		return err
	}
	t.opened()
	t.ready.Store(true)
	var b connect.Batch
	var bad limited
	for fails := 0; stop.Err() == nil; {
		t.tell(stop)
		b.Reset()
		begun := time.Now()
		err := guard(func() error { return t.plug.Poll(stop, &b) })
		switch {
		case err != nil && transient(err):
			if bad.ok() {
				t.log.Warn("polling failed; trying again", "error", err.Error())
			}
			fails++
			if err := pause(stop, kafka.Backoff(fails, t.retryMax())); err != nil {
				return err
			}
			continue
		case err != nil && stop.Err() != nil && errors.Is(err, context.Canceled):
			return errStopped
		case err != nil:
			return t.call(stagePoll, t.cfg.Connector, err)
		}
		fails = 0
		if len(b.Records) == 0 {
			t.seen.Store(time.Now().UnixNano())
		}
		if len(b.Records) == 0 && len(b.Marks()) == 0 {
			if time.Since(begun) < time.Millisecond { // a connector that does not wait
				_ = pause(stop, 5*time.Millisecond)
			}
			continue
		}
		if len(b.Records) > 0 {
			t.touch()
		}
		if err := t.ship(stop, hard, &b); err != nil {
			return err
		}
	}
	return nil
}

func (t *sourceTask) retryMax() time.Duration { r := t.cfg.Errors.retries(); return r.most }

// open opens the connector's task, for as long as it asks for another try.
func (t *sourceTask) open(stop context.Context) error {
	tc := connect.SourceContext{Name: t.connector, Task: t.id, Offsets: t.store.Reader(t.connector), Log: t.log}
	return t.openWith(stop, t.retryMax(), func() error { return t.plug.Open(stop, tc) })
}

// ship takes a poll's records through the chain and on their way. An error
// ends the task: records before the one that failed are on their way, those
// behind it are not.
func (t *sourceTask) ship(stop, hard context.Context, b *connect.Batch) error {
	f := t.newFlight(b)
	err := guard(func() error { return t.convert(stop, hard, b, f) })
	f.seal()
	if e := t.settle(f, err); e != nil {
		f.out.Discard()
		return e
	}
	t.send(hard, f)
	return err
}

// settle records how the records ended that do not go to Kafka.
func (t *sourceTask) settle(f *flight, failed error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k := range f.spans {
		s := &f.spans[k]
		t.dropped.Add(uint64(s.dropped))
		if err := t.tracker.End(s.span, s.dropped, offset.Dropped); err != nil {
			return err
		}
	}
	if failed != nil && !errors.Is(failed, errStopped) && f.k < len(f.spans) {
		return t.tracker.End(f.spans[f.k].span, 1, offset.Failed)
	}
	return nil
}

// convert fills f's batch from the poll's records.
func (t *sourceTask) convert(stop, hard context.Context, b *connect.Batch, f *flight) error {
	tries := t.cfg.Errors.retries()
	last := -1
	for i := 0; i < len(b.Records); {
		at, err := t.convertFrom(stop, i, b.Records, f)
		away := errors.Is(err, connect.ErrUnavailable)
		if at != last || !away {
			t.back()
		}
		if err == nil {
			return nil
		}
		var final fatal
		if errors.Is(err, errStopped) || errors.As(err, &final) {
			return err
		}
		if at != last {
			tries.reset()
			last = at
		}
		b.Records[at] = t.orig
		if away {
			if err := t.awaitSystem(stop, hard, f, t.recordFailure(at, b, err)); err != nil {
				return err
			}
			i = at
			continue
		}
		switch cause := tries.again(stop, err); {
		case cause == nil:
			i = at
			continue
		case errors.Is(cause, errStopped):
			return errStopped
		}
		failure := t.recordFailure(at, b, err)
		if !t.cfg.Errors.Tolerate || errors.Is(err, connect.ErrFatal) {
			return failure
		}
		if err := t.tolerate(&b.Records[at], f, failure); err != nil {
			return err
		}
		i = at + 1
	}
	return nil
}

// awaitSystem waits for a system that the next record needs. The records
// before that one do not wait with it.
func (t *sourceTask) awaitSystem(stop, hard context.Context, f *flight, failure error) error {
	if f.out.Len() > 0 {
		if err := t.part(hard, f); err != nil {
			return err
		}
	}
	return t.await(stop, failure)
}

// convertFrom takes records[i:] through the chain. With an error it returns
// the place of the record that failed, which a panic is also made to be.
func (t *sourceTask) convertFrom(stop context.Context, i int, records []connect.Record, f *flight) (at int, err error) {
	at = i
	defer func() {
		if p := recover(); p != nil {
			err = asError(p)
		}
	}()
	keepHeaders := len(t.chain.Steps) > 0
	for ; at < len(records); at++ {
		f.reach(at)
		r := &records[at]
		t.orig = *r
		if keepHeaders && len(r.Headers) > 0 {
			t.orig.Headers = slices.Clone(r.Headers)
		}
		keep, err := t.chain.Transform(r, &t.doing)
		if err != nil {
			return at, err
		}
		if !keep {
			f.spans[f.k].dropped++
			continue
		}
		if err := t.encode(stop, r, f); err != nil {
			return at, err
		}
	}
	return at, nil
}

// encode makes r's bytes and adds them to the batch.
func (t *sourceTask) encode(stop context.Context, r *connect.Record, f *flight) error {
	t.doing.Stage = chain.HeaderConverter
	headers, err := t.encodeHeaders(r)
	if err != nil {
		return err
	}
	t.doing.Stage = chain.KeyConverter
	key, err := t.chain.Key.Encode(&t.buf, r.Topic, r.Key)
	if err != nil {
		return err
	}
	t.doing.Stage = chain.ValueConverter
	value, err := t.chain.Value.Encode(&t.buf, r.Topic, r.Value)
	if err != nil {
		return err
	}
	t.doing.Stage = stageProduce
	if err := t.fits(stop, r.Topic, key, value, headers); err != nil {
		return err
	}
	f.bytes += len(key) + len(value)
	f.out.Append(t.topic.name, r.Partition, r.Timestamp, key, value, headers)
	return nil
}

// fits checks that the topic takes the record. The first record of a topic
// waits until the topic is ready.
func (t *sourceTask) fits(stop context.Context, topic string, key, value []byte, headers []kafka.Header) error {
	if topic != t.topic.name || topic == "" {
		if err := t.useTopic(stop, topic); err != nil {
			return err
		}
	}
	const easily = 128 // of overhead
	if len(headers) == 0 && len(key)+len(value)+easily <= t.topic.bytes {
		return nil
	}
	size := kafka.RecordSize(key, value, headers)
	if size <= t.topic.bytes {
		return nil
	}
	if t.topic.byTopic {
		return fmt.Errorf("the record takes %d bytes and topic %s at most %d (its max.message.bytes)", size, topic, t.topic.bytes)
	}
	return fmt.Errorf("the record takes %d bytes and producer.maxRequestSize is %d", size, t.topic.bytes)
}

// useTopic makes topic the current one. The names of topics may alias a
// connector's buffers: they are copied once.
func (t *sourceTask) useTopic(stop context.Context, topic string) error {
	l, ok := t.topics[topic]
	if !ok {
		if err := kafka.CheckTopicName(topic); err != nil {
			return err
		}
		name := string([]byte(topic))
		if err := t.conn.Ready(stop, name, t.rules.spec(name)); err != nil {
			if stop.Err() != nil {
				return errStopped
			}
			return fatal{fmt.Errorf("connector %s, task %d: %w", t.connector, t.id, err)}
		}
		l = topicLimit{name: name}
		l.bytes, l.byTopic = t.writer.Limit(name)
		t.topics[name] = l
	}
	t.topic = l
	return nil
}

// recordFailure says what failed for which record.
func (t *sourceTask) recordFailure(at int, b *connect.Batch, err error) *Failure {
	f := t.call(t.doing.Stage, t.chain.Component(t.doing), err)
	if f.Component == nil {
		f.Component = t.cfg.Connector
	}
	if f.Stage == chain.Transformation && t.doing.Step != nil {
		f.Step = t.doing.Step.Name
	}
	f.Place = "topic " + t.orig.Topic
	first := 0
	for _, m := range b.Marks() {
		if at < m.End {
			f.Place += fmt.Sprintf(", source partition %s, record %d of the %d before %v", offset.Describe(m.Partition), at-first+1, m.End-first, map[string]any(m.Offset))
			break
		}
		first = m.End
	}
	return f
}

// tolerate lets go of a failed record: to the dead letter queue, or for good.
func (t *sourceTask) tolerate(r *connect.Record, f *flight, failure *Failure) error {
	if e := t.cfg.Errors; e.Log {
		args := []any{"stage", string(failure.Stage), "error", failure.Err.Error()}
		if e.LogPlace {
			args = append(args, "record", failure.Place)
		}
		t.log.Error("a record failed and is tolerated", args...)
	}
	dl := t.cfg.Errors.DeadLetters
	if dl == nil {
		f.spans[f.k].dropped++
		return nil
	}
	key, value := plainBytes(r.Key.Value), plainBytes(r.Value.Value)
	headers := dl.letterHeaders(plainHeaders(r.Headers), place{topic: r.Topic}, failure)
	limit, _ := t.writer.Limit(dl.Topic)
	if size := kafka.RecordSize(key, value, headers); size > limit {
		return fatal{fmt.Errorf("connector %s, task %d: the dead letter queue %s cannot take a record of %d bytes, its limit is %d; the record failed by: %w", t.connector, t.id, dl.Topic, size, limit, failure)}
	}
	f.dead = append(f.dead, f.out.Len())
	f.out.Append(dl.Topic, connect.NoPartition, r.Timestamp, key, value, headers)
	return nil
}
