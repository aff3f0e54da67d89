package worker

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse"
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
	fused  *fuse.Opened // nil: there is none
	unused unused
	conn   *kafka.Conn
	sub    kafka.Subscription
	reader *kafka.Reader
	dlq    *kafka.Writer // nil: none
	every  time.Duration
	slow   time.Duration // for a commit
	most   int           // records a poll

	without    atomic.Bool  // no topic to read is there
	active     atomic.Int64 // records that were put, and not committed
	partitions atomic.Int64 // assigned

	mu       turn
	isOpen   bool
	broken   bool // a put or a flush has failed: nothing more is committed
	hard     context.Context
	position map[kafka.Partition]kafka.Position // of what was put, and not committed
	taken    map[kafka.Partition]bool           // revoked or lost while a put waits to be tried again
	waiting  bool

	unflushed bool // something was put since the last flush
	rollback  bool // it must not be flushed any more

	// Of the loop's goroutine alone, under mu:
	runs    []kafka.Run
	batch   []connect.Record
	origin  []origin // of batch[i]
	letters []letter
	doing   chain.Doing
	span    *traced         // of the poll at work; nil: it is not traced
	traced  traceds         // that were put, and not committed
	topics  map[string]bool // that had records, and were told of
	told    uint64          // the era in which they were
	results results
}

func (t *sinkTask) run(stop, hard context.Context) {
	stop, cancel := t.stop(stop)
	defer cancel()
	defer t.watchCalls()()
	t.mu.Lock()
	t.hard = hard
	t.mu.Unlock()
	looped := make(chan struct{})
	go func() {
		defer close(looped)
		t.watch.here()
		if err := guard(func() error { return t.loop(stop, hard) }); err != nil && !errors.Is(err, errStopped) {
			t.fail(err)
		}
	}()
	select {
	case <-looped:
	case <-stop.Done():
		select {
		case <-looped:
		case <-t.watch.left():
		case <-hard.Done():
			t.fail(fmt.Errorf("connector %s, task %d: the connector did not return from a call in the time for a stop; what it was given last is not committed and will be read again", t.connector, t.id))
		}
	}
	t.close(hard)
	t.end()
}

func (t *sinkTask) close(ctx context.Context) {
	if t.watch.isHung() {
		var cancel context.CancelFunc
		ctx, cancel = halfOf(ctx) // nobody asked for a stop: there may be no other end
		defer cancel()
	}
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
		t.isOpen = false
		if err := t.plugged(hookClose, t.plug.Close); err != nil {
			t.log.Warn("closing the connector failed", "error", err.Error())
		}
	}()
	err := t.consume(stop, hard)
	defer func() { t.traced.release(errUncommitted) }()
	if errors.Is(err, errStopped) {
		err = nil
	}
	if t.broken || t.watch.isHung() {
		return err
	}
	if e := t.flush(hard); e != nil {
		return errors.Join(err, e)
	}
	return errors.Join(err, t.lastCommit(hard))
}

// open opens the connector's task, for as long as it asks for another try.
func (t *sinkTask) open(stop context.Context) error {
	t.results.t = t
	sc := connect.SinkContext{Name: t.connector, Task: t.id, Log: t.log, Results: &t.results}
	err := t.openWith(stop, time.Minute, func() (err error) { t.plug, err = t.cfg.Connector.Open(stop, sc); return err })
	if err != nil && t.plug != nil { // opened after the task was left behind
		_ = guard(t.plug.Close)
	}
	t.isOpen = err == nil
	return err
}

func (t *sinkTask) consume(stop, hard context.Context) error {
	next := time.Now().Add(t.every)
	for stop.Err() == nil {
		if t.cfg.Replay.done() {
			return nil
		}
		if t.gate.closed() != nil {
			if err := t.sleep(stop, hard); err != nil {
				return err
			}
		}
		begun := time.Now()
		err := t.poll(stop, next)
		if err == nil && len(t.runs) > 0 {
			t.touch()
			n := 0
			if era := t.era(); era != t.told {
				clear(t.topics)
				t.told = era
			}
			for i := range t.runs {
				n += t.runs[i].Len()
				if topic := t.runs[i].Topic; !t.topics[topic] {
					t.topics[topic] = true
					t.use(topic)
				}
			}
			t.read.Add(uint64(n))
			now := time.Now()
			t.actives.add(now, t.active.Add(int64(n)))
			t.sizes.add(now, int64(n))
			t.span = t.trace(begun, n, t.parents())
			t.traceTopics()
			err = t.deliver(stop, hard)
			t.traceEnd(err)
		}
		bytes := 0
		for i := range t.runs {
			bytes += t.runs[i].Recycle()
		}
		if err == nil {
			t.bytes.Add(uint64(bytes))
		}
		if now := time.Now(); err == nil && (!now.Before(next) || t.results.full()) {
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

// sleep is a pause: what was put is made safe, and the group may take
// partitions away meanwhile.
func (t *sinkTask) sleep(stop, hard context.Context) error {
	if err := t.flushAndCommit(hard); err != nil {
		return err
	}
	t.reader.Release()
	t.mu.Unlock()
	defer t.mu.Lock()
	return t.whilePaused(stop)
}

// poll waits for records, until the next commit is due at the most.
func (t *sinkTask) poll(stop context.Context, next time.Time) (err error) {
	ctx, cancel := context.WithDeadline(stop, next)
	defer cancel()
	t.mu.Unlock()
	defer t.mu.Lock()
	t.runs, err = t.reader.Poll(ctx, t.most, t.runs[:0])
	t.runs = t.cfg.Replay.cut(t.runs)
	return err
}

// deliver decodes what was polled, writes its dead letters, puts the rest, and
// moves the positions. Where a system is away that the next record needs, it
// does so with the records before that one, waits, and goes on.
func (t *sinkTask) deliver(stop, hard context.Context) error {
	for from := (stopPoint{}); ; {
		t.batch, t.origin, t.letters = t.batch[:0], t.origin[:0], t.letters[:0]
		t.span.stage(traceConvert)
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
		t.span.stage(tracePut)
		if err := t.put(stop, hard); err != nil {
			return err
		}
		if err := t.settle(hard, false); err != nil {
			t.broken = true // others of the batch may be nowhere yet
			return err
		}
		t.advance(from, end)
		if !away {
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
			t.position[r.Partition] = kafka.Position{Offset: r.At(end.at).Offset, Epoch: -1}
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
