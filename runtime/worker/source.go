package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse"
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
	shared  bool            // others may have committed there
	writer  *kafka.Writer
	txn     *transaction                                      // nil: at least once
	touched func() []string                                   // topics that transactions may be in
	renew   func(context.Context) (connect.SourceTask, error) // another connector's task for the next life
	every   time.Duration                                     // between commits
	slow    time.Duration                                     // for a commit
	late    *underway                                         // a commit that took longer; of who commits

	mu       sync.Mutex // of tracker, told and flights
	tracker  *offset.Tracker
	told     []offset.Entry  // committed, and not yet told to a Committer
	flights  []*flight       // unused
	sending  context.Context // of what goes to the producer
	cease    func()          // ends sending: what was not sent is not
	inFlight atomic.Int64    // batches
	landed   chan struct{}   // a batch has ended
	seen     atomic.Int64    // when a poll last found nothing; nanoseconds since the epoch

	undelivered atomic.Int64 // records of ended batches that had no answer

	meter meter // of what the connector measures itself

	// Of the loop's goroutine alone:
	buf     connect.Buffer
	fuse    *fuse.Task // nil: the chain is no function
	unused  unused
	headers []kafka.Header // room to make headers in
	doing   chain.Doing
	span    *traced        // of the poll at work; nil: it is not traced
	orig    connect.Record // the record at work, as the connector gave it
	topics  map[string]topicLimit
	wholes  connect.Codec // for letters
	topic   topicLimit    // of the last record
	now     uint64        // the era of this poll
}

// run is the task's life. It returns when everything that can be saved is.
// stop asks it to end; hard is when it must have.
func (t *sourceTask) run(stop, hard context.Context) {
	stop, cancel := t.stop(stop)
	defer cancel()
	t.sending, t.cease = context.WithCancel(hard)
	defer t.cease()
	defer t.watchCalls()()
	looped := make(chan struct{})
	go func() {
		defer close(looped)
		t.watch.here()
		if err := guard(func() error { return t.lives(stop, hard) }); err != nil && !errors.Is(err, errStopped) {
			t.fail(err)
		}
	}()
	quit := t.commits(hard)
	stuck := t.awaitLoop(stop, hard, looped)
	if t.txn != nil {
		t.txn.finish(hard, stuck)
	} else {
		t.drain(hard)
		quit()
		t.lastCommit(hard)
	}
	if stuck {
		t.log.Error("the connector does not return from a call; it is left behind")
	}
	t.finish(hard, looped, !stuck)
	t.close(hard)
	t.end()
}

// commits commits at intervals until the returned function is called. With
// transactions there is nothing to do beside the loop.
func (t *sourceTask) commits(hard context.Context) (quit func()) {
	if t.txn != nil {
		return func() {}
	}
	ended, stop := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		t.commitLoop(hard, stop)
	}()
	return func() { close(stop); <-ended }
}

func (t *sourceTask) close(ctx context.Context) { t.writer.Close(ctx) }

// finish tells the connector the last and closes it, when its loop has come
// back. It does not wait for a loop, or a call, that does not.
func (t *sourceTask) finish(hard context.Context, looped <-chan struct{}, tell bool) {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		<-looped
		t.watch.here()
		if tell {
			t.tell(hard)
		}
		t.meter.use(nil)
		if err := t.plugged(hookClose, t.plug.Close); err != nil {
			t.log.Warn("closing the connector failed", "error", err.Error())
		}
	}()
	if !tell {
		return
	}
	select {
	case <-closed:
	case <-t.watch.left():
	case <-hard.Done():
		<-afterwards(closed, 100*time.Millisecond) // it sees it too
	}
}

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
	case <-t.watch.left():
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
	if t.txn != nil {
		if err := t.txn.start(stop, hard); err != nil {
			return err
		}
	}
	if err := t.open(stop); err != nil {
		return err
	}
	t.meter.use(t.plug)
	t.opened()
	t.ready.Store(true)
	var b connect.Batch
	var bad limited
	for fails := 0; stop.Err() == nil; {
		if err := t.between(stop); err != nil {
			return err
		}
		t.tell(stop)
		if err := t.sleep(stop, hard); err != nil {
			return err
		}
		b.Reset()
		begun := time.Now()
		err := t.plugged(hookPoll, func() error { return t.plug.Poll(stop, &b) })
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
		if n := len(b.Records); n > 0 {
			t.touch()
			t.read.Add(uint64(n))
			now := time.Now()
			t.sizes.add(now, int64(n))
			t.work.add(now, int64(now.Sub(begun)))
			t.span = t.trace(begun, n, nil)
		}
		if err := t.awaitLease(stop); err != nil {
			t.span.release(err)
			t.span = nil
			return err
		}
		err = t.deliver(stop, &b)
		t.span.release(err)
		t.span = nil
		if err != nil {
			return err
		}
	}
	return nil
}

// between is what is to be done between polls.
func (t *sourceTask) between(stop context.Context) error {
	if t.txn == nil {
		return nil
	}
	return t.txn.between(stop)
}

// sleep is a pause. No transaction stays open over it.
func (t *sourceTask) sleep(stop, hard context.Context) error {
	if t.txn != nil && t.gate.closed() != nil {
		if err := t.txn.rest(stop); err != nil {
			return err
		}
	}
	return t.whilePaused(stop)
}

// deliver sends a poll's records on their way.
func (t *sourceTask) deliver(stop context.Context, b *connect.Batch) error {
	if t.txn == nil {
		return t.ship(stop, b)
	}
	return t.txn.ship(stop, b)
}

func (t *sourceTask) retryMax() time.Duration { r := t.cfg.Errors.retries(); return r.most }

// open opens the connector's task, for as long as it asks for another try.
func (t *sourceTask) open(stop context.Context) error {
	tc := connect.SourceContext{Name: t.connector, Task: t.id, Offsets: t.store.Reader(t.connector), Log: t.log, Journals: t.conn.Journals()}
	switch {
	case t.txn != nil:
		tc.ExactlyOnce, tc.Transactions = true, t.txn.boundary == AtConnector
	case t.shared:
		if err := t.store.CatchUp(stop); stop.Err() != nil {
			return errStopped
		} else if err != nil {
			return fmt.Errorf("connector %s, task %d: %w", t.connector, t.id, err)
		}
	}
	return t.openWith(stop, t.retryMax(), func() error { return t.plug.Open(stop, tc) })
}
