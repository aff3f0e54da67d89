package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// sinkTask runs one task of a sink.
//
// mu is held by the loop at all times but while it polls and while it waits to
// try a put again. The group's callbacks take it, so that a revocation flushes
// and commits between two puts and never during one, and a connector's methods
// are called one at a time.
type sinkTask struct {
	task
	cfg    *Sink
	plug   connect.SinkTask
	chain  *chain.Chain
	conn   *kafka.Conn
	sub    kafka.Subscription
	reader *kafka.Reader
	dlq    *kafka.Writer // nil: none
	every  time.Duration
	slow   time.Duration
	most   int // records a poll

	without atomic.Bool // no topic to read is there

	mu       sync.Mutex
	isOpen   bool
	broken   bool // a put or a flush has failed: nothing more is committed
	hard     context.Context
	position map[kafka.Partition]kafka.Position // of what was put, and not committed
	taken    map[kafka.Partition]bool           // revoked or lost while a put waits to be tried again
	waiting  bool

	// Of the loop's goroutine alone, under mu:
	runs    []kafka.Run
	batch   []connect.Record
	origin  []int32 // of batch[i]: which run it came from
	letters []letter
	doing   chain.Doing
}

// letter is a record for the dead letter queue.
type letter struct {
	run, at int
	failure *Failure
}

// stopPoint is where a poll's records end because one of them failed.
type stopPoint struct{ run, at int }

func (t *sinkTask) run(stop, hard context.Context) {
	stop, cancel := t.stop(stop)
	defer cancel()
	t.mu.Lock()
	t.hard = hard
	t.mu.Unlock()
	looped := make(chan struct{})
	go func() {
		defer close(looped)
		if err := guard(func() error { return t.loop(stop, hard) }); err != nil && !errors.Is(err, errStopped) {
			t.fail(err)
		}
	}()
	select {
	case <-looped:
	case <-stop.Done():
		select {
		case <-looped:
		case <-hard.Done():
			t.fail(fmt.Errorf("connector %s, task %d: the connector did not return from a call in the time for a stop; what it was given last is not committed and will be read again", t.connector, t.id))
		}
	}
	t.close(hard)
	t.end()
}

func (t *sinkTask) close(ctx context.Context) {
	t.reader.Close(ctx)
	if t.dlq != nil {
		t.dlq.Close(ctx)
	}
}

func (t *sinkTask) loop(stop, hard context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.open(stop); err != nil {
		return err
	}
	t.opened()
	go t.awaitTopics(stop)
	defer func() {
		if err := guard(t.plug.Close); err != nil {
			t.log.Warn("closing the connector failed", "error", err.Error())
		}
	}()
	err := t.consume(stop, hard)
	if errors.Is(err, errStopped) {
		err = nil
	}
	if t.broken {
		return err
	}
	if e := t.flush(hard); e != nil {
		return errors.Join(err, e)
	}
	return errors.Join(err, t.commit(hard))
}

// open opens the connector's task, for as long as it asks for another try.
func (t *sinkTask) open(stop context.Context) error {
	sc := connect.SinkContext{Name: t.connector, Task: t.id, Log: t.log}
	err := t.openWith(stop, time.Minute, func() (err error) { t.plug, err = t.cfg.Connector.Open(stop, sc); return err })
	t.isOpen = err == nil
	return err
}

func (t *sinkTask) consume(stop, hard context.Context) error {
	next := time.Now().Add(t.every)
	for stop.Err() == nil {
		err := t.poll(stop, next)
		if err == nil && len(t.runs) > 0 {
			t.touch()
			err = t.deliver(stop, hard)
		}
		for i := range t.runs {
			t.runs[i].Recycle()
		}
		if now := time.Now(); err == nil && !now.Before(next) {
			next = now.Add(t.every)
			err = t.flushAndCommit(hard)
		}
		t.reader.Release()
		if err == nil {
			err = t.failure()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// poll waits for records, until the next commit is due at the most.
func (t *sinkTask) poll(stop context.Context, next time.Time) (err error) {
	ctx, cancel := context.WithDeadline(stop, next)
	defer cancel()
	t.mu.Unlock()
	defer t.mu.Lock()
	t.runs, err = t.reader.Poll(ctx, t.most, t.runs[:0])
	return err
}

// deliver decodes what was polled, writes its dead letters, puts the rest, and
// moves the positions. Where a system is away that the next record needs, it
// does so with the records before that one, waits, and goes on.
func (t *sinkTask) deliver(stop, hard context.Context) error {
	for from := (stopPoint{}); ; {
		t.batch, t.origin, t.letters = t.batch[:0], t.origin[:0], t.letters[:0]
		end, failure := t.decode(stop, from)
		if errors.Is(failure, errStopped) {
			return failure
		}
		away := errors.Is(failure, connect.ErrUnavailable)
		if end != from || !away {
			t.back()
		}
		if err := t.writeLetters(hard); err != nil {
			return err
		}
		if err := t.put(stop, hard); err != nil {
			return err
		}
		t.advance(from, end)
		if !away {
			t.countBytes()
			clear(t.taken)
			return failure
		}
		if err := t.awaitSystem(stop, hard, failure); err != nil {
			return err
		}
		from = end
	}
}

// advance moves the positions over what was delivered.
func (t *sinkTask) advance(from, end stopPoint) {
	for i := from.run; i < len(t.runs); i++ {
		r := &t.runs[i]
		switch {
		case t.taken[r.Partition] || i > end.run:
		case i < end.run:
			t.position[r.Partition] = r.Next()
		case end.at > 0:
			t.position[r.Partition] = kafka.Position{Offset: r.Offset(end.at), Epoch: -1}
		}
	}
}

// awaitSystem waits with the lock released and rebalances allowed, as long as
// it takes: so what was put is committed first.
func (t *sinkTask) awaitSystem(stop, hard context.Context, failure error) error {
	if t.outage.fails == 0 {
		if err := t.flushAndCommit(hard); err != nil {
			return err
		}
	}
	return t.unlocked(func() error { return t.await(stop, failure) })
}

// unlocked waits for what may take long: with the lock released, so that the
// group can take partitions away, and their names are kept.
func (t *sinkTask) unlocked(wait func() error) error {
	t.waiting = true
	t.mu.Unlock()
	defer func() { t.mu.Lock(); t.waiting = false }()
	t.reader.Release()
	return wait()
}

// decode fills the batch from a record on. It ends before the record whose
// failure is returned, or behind the last run.
func (t *sinkTask) decode(stop context.Context, from stopPoint) (stopPoint, error) {
	tries := t.cfg.Errors.retries()
	last := stopPoint{-1, -1}
	for {
		at, err := t.decodeFrom(from)
		if err == nil {
			return stopPoint{run: len(t.runs)}, nil
		}
		if errors.Is(err, connect.ErrUnavailable) {
			return at, t.recordFailure(at, err)
		}
		if at != last {
			tries.reset()
			last = at
		}
		switch cause := tries.again(stop, err); {
		case cause == nil:
			from = at
			continue
		case errors.Is(cause, errStopped):
			return at, errStopped
		}
		failure := t.recordFailure(at, err)
		if !t.cfg.Errors.Tolerate || errors.Is(err, connect.ErrFatal) {
			return at, failure
		}
		t.tolerate(at, failure)
		from = stopPoint{at.run, at.at + 1}
	}
}

// decodeFrom decodes from a record on. With an error it returns the place of
// the record that failed, which a panic is also made to be.
func (t *sinkTask) decodeFrom(at stopPoint) (where stopPoint, err error) {
	where = at
	n := len(t.batch)
	defer func() {
		if p := recover(); p != nil {
			err = asError(p)
		}
		if err != nil {
			t.batch, t.origin = t.batch[:n], t.origin[:n] // without the one that failed
		}
	}()
	for ; where.run < len(t.runs); where.run, where.at = where.run+1, 0 {
		run := &t.runs[where.run]
		if t.taken[run.Partition] {
			continue
		}
		for ; where.at < run.Len(); where.at++ {
			n = len(t.batch)
			r := t.next()
			keep, err := t.decodeOne(run, where.at, r)
			if err != nil {
				return where, err
			}
			if !keep {
				t.dropped.Add(1)
				t.batch = t.batch[:n]
				continue
			}
			t.origin = append(t.origin, int32(where.run))
		}
	}
	return where, nil
}

// next makes room for a record.
func (t *sinkTask) next() *connect.Record {
	if len(t.batch) < cap(t.batch) {
		t.batch = t.batch[:len(t.batch)+1]
	} else {
		t.batch = append(t.batch, connect.Record{})
	}
	return &t.batch[len(t.batch)-1]
}

func (t *sinkTask) decodeOne(run *kafka.Run, i int, r *connect.Record) (keep bool, err error) {
	*r = connect.Record{
		Topic: run.Topic, Partition: run.Partition.Partition, Offset: run.Offset(i),
		Timestamp: run.Timestamp(i), Headers: r.Headers[:0],
	}
	t.doing = chain.Doing{Stage: chain.KeyConverter}
	if r.Key, err = t.chain.Key.Decode(run.Topic, run.Key(i)); err != nil {
		return false, err
	}
	t.doing.Stage = chain.ValueConverter
	if r.Value, err = t.chain.Value.Decode(run.Topic, run.Value(i)); err != nil {
		return false, err
	}
	t.doing.Stage = chain.HeaderConverter
	if err = t.decodeHeaders(r, run.Headers(i)); err != nil {
		return false, err
	}
	return t.chain.Transform(r, &t.doing)
}

func (t *sinkTask) recordFailure(at stopPoint, err error) *Failure {
	run := &t.runs[at.run]
	f := t.call(t.doing.Stage, t.chain.Component(t.doing), err)
	if f.Component == nil {
		f.Component = t.cfg.Connector
	}
	if f.Stage == chain.Transformation && t.doing.Step != nil {
		f.Step = t.doing.Step.Name
	}
	f.Place = fmt.Sprintf("topic %s, partition %d, offset %d", run.Topic, run.Partition.Partition, run.Offset(at.at))
	return f
}

func (t *sinkTask) tolerate(at stopPoint, failure *Failure) {
	if e := t.cfg.Errors; e.Log {
		args := []any{"stage", string(failure.Stage), "error", failure.Err.Error()}
		if e.LogPlace {
			args = append(args, "record", failure.Place)
		}
		t.log.Error("a record failed and is tolerated", args...)
	}
	if t.dlq == nil {
		t.dropped.Add(1)
		return
	}
	t.letters = append(t.letters, letter{at.run, at.at, failure})
}

// writeLetters writes the poll's dead letters, as they came, and returns when
// Kafka has them: only then may the group's offset pass them.
func (t *sinkTask) writeLetters(hard context.Context) error {
	if len(t.letters) == 0 {
		return nil
	}
	dl := t.cfg.Errors.DeadLetters
	b := t.dlq.NewBatch()
	var lost error
	done := make(chan struct{})
	b.Ended = func(_ int, err error) {
		if err != nil && lost == nil {
			lost = err
		}
	}
	b.Done = func() { close(done) }
	limit, _ := t.dlq.Limit(dl.Topic)
	for _, l := range t.letters {
		run := &t.runs[l.run]
		at := place{run.Topic, run.Partition.Partition, run.Offset(l.at), true}
		headers := dl.letterHeaders(run.Headers(l.at), at, l.failure)
		key, value := run.Key(l.at), run.Value(l.at)
		if size := kafka.RecordSize(key, value, headers); size > limit {
			b.Discard()
			return fmt.Errorf("connector %s, task %d: the dead letter queue %s cannot take a record of %d bytes, its limit is %d: raise its max.message.bytes; the record failed by: %w", t.connector, t.id, dl.Topic, size, limit, l.failure)
		}
		b.Append(dl.Topic, connect.NoPartition, run.Timestamp(l.at), key, value, headers)
	}
	t.dlq.Produce(hard, b)
	select {
	case <-done:
	case <-hard.Done():
		return errStopped // the outcome is not known: nothing of the poll is committed
	}
	if errors.Is(lost, kafka.ErrNotDelivered) {
		return errStopped
	}
	if lost != nil {
		return fmt.Errorf("connector %s, task %d: the dead letter queue cannot be written, so no offset moves past the record: %w; the record failed by: %w", t.connector, t.id, lost, t.letters[0].failure)
	}
	t.dead.Add(uint64(len(t.letters)))
	return nil
}

// put hands the batch to the connector, again and again while it asks for it.
// Between two tries the group may take partitions away: their records are then
// left out, since another task has them.
func (t *sinkTask) put(stop, hard context.Context) error {
	tries := t.cfg.Errors.retries()
	if tries.timeout == 0 {
		tries.timeout = connect.Forever // Kafka Connect's put is retried without an end
	}
	var bad limited
	for len(t.batch) > 0 {
		err := guard(func() error { return t.plug.Put(hard, t.batch) })
		if err == nil {
			t.count()
			return nil
		}
		if transient(err) && bad.ok() {
			t.log.Warn("the connector could not take a batch; trying again", "records", len(t.batch), "error", err.Error())
		}
		switch cause := t.unlocked(func() error { return tries.again(stop, err) }); {
		case errors.Is(cause, errStopped):
			return errStopped
		case cause != nil:
			t.broken = true
			f := t.call(stagePut, t.cfg.Connector, err)
			f.Place = t.batchPlace()
			return f
		}
		t.leaveOut()
	}
	return nil
}

// leaveOut removes the records of partitions that were taken away.
func (t *sinkTask) leaveOut() {
	if len(t.taken) == 0 {
		return
	}
	n := 0
	for i := range t.batch {
		if !t.taken[t.runs[t.origin[i]].Partition] {
			t.batch[n], t.batch[i] = t.batch[i], t.batch[n] // swap: each keeps its own header memory
			t.origin[n] = t.origin[i]
			n++
		}
	}
	t.batch, t.origin = t.batch[:n], t.origin[:n]
}

func (t *sinkTask) count() { t.records.Add(uint64(len(t.batch))) }

func (t *sinkTask) countBytes() {
	n := 0
	for i := range t.runs {
		n += t.runs[i].Bytes()
	}
	t.bytes.Add(uint64(n))
}

// batchPlace names the records of the batch: topic t, partition 0, offsets 5 to 9.
func (t *sinkTask) batchPlace() string {
	var parts []string
	for i := range t.runs {
		r := &t.runs[i]
		if !slices.Contains(t.origin, int32(i)) {
			continue
		}
		if len(parts) == 3 {
			parts = append(parts, "and others")
			break
		}
		parts = append(parts, fmt.Sprintf("topic %s, partition %d, offsets %d to %d", r.Topic, r.Partition.Partition, r.Offset(0), r.Offset(r.Len()-1)))
	}
	return strings.Join(parts, "; ")
}
