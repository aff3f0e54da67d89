package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/offset"
)

// ExactlyOnce says how a source's records are put into transactions (KIP-618).
type ExactlyOnce struct {
	Group    string        // of the workers: the first part of transactional ids
	Boundary string        // where a transaction ends: one of the Boundaries
	Interval time.Duration // for AtInterval
	Timeout  time.Duration // after which the broker aborts one that was left open
}

// The boundaries of transactions (transaction.boundary).
const (
	AtPoll      = "poll"      // one a poll
	AtInterval  = "interval"  // between polls, after a time
	AtConnector = "connector" // where the connector says
)

// transaction puts all that a source task writes into transactions: records,
// dead letters and offsets. What Kafka has of one it has whole, so a record's
// end is its transaction's: the tracker takes it for ended when it is sent, and
// whatever goes wrong ends the whole transaction, and the tracker with it.
//
// One transaction is open at a time. While it is being committed the next
// poll's records are already converted; they are sent when it has ended.
type transaction struct {
	t        *sourceTask
	w        *kafka.Transactor
	boundary string
	interval time.Duration

	// Of the loop's goroutine, and of the task's when that has ended:
	since   time.Time
	records uint64 // sent in the open transaction
	bytes   uint64
	dead    uint64

	pending atomic.Bool // there is something to commit

	mu     sync.Mutex // a connector that hangs may come back late
	closed bool
	open   bool
	ending *ending // the commit on its way, or its failure; nil where there is none
	good   bool    // there was a commit since the start
}

// ending is a commit on its way.
type ending struct {
	done chan struct{}
	err  error
}

// newTransaction makes the task's producer a transactional one.
func (t *sourceTask) newTransaction(clientID string) error {
	e := t.cfg.ExactlyOnce
	id := fmt.Sprintf("%s-%s-%d", e.Group, t.connector, t.id)
	w, err := t.conn.Transactor(t.cfg.Producer, clientID, kafka.Transaction{ID: id, Timeout: e.Timeout})
	if err != nil {
		return err
	}
	t.writer = w.Writer
	t.txn = &transaction{t: t, w: w, boundary: e.Boundary, interval: e.Interval}
	return nil
}

// start shuts out whoever ran the task before, and only then looks where that
// one had come to.
func (x *transaction) start(stop context.Context) error {
	err := x.w.Fence(stop)
	if err == nil {
		err = x.t.store.CatchUp(stop)
	}
	if stop.Err() != nil {
		return errStopped
	}
	return x.fault(err)
}

// ship sends a poll's records, and ends transactions where they end.
func (x *transaction) ship(stop, hard context.Context, b *connect.Batch) error {
	if x.boundary != AtConnector {
		if err := x.part(stop, hard, b); err != nil {
			return err
		}
		if x.boundary == AtPoll {
			return x.commit(stop, hard)
		}
		return nil
	}
	for part, end := range b.Transactions() {
		err := x.part(stop, hard, part)
		if err == nil && end == connect.Aborted {
			err = x.abort(stop, hard)
		}
		if err == nil && end != connect.Open {
			err = x.commit(stop, hard)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// part sends records of one transaction.
func (x *transaction) part(stop, hard context.Context, b *connect.Batch) error {
	begun := time.Now()
	err := x.t.ship(stop, hard, b)
	if x.pending.CompareAndSwap(false, true) {
		x.since = begun
	}
	return err
}

// take makes a flight part of the open transaction.
func (x *transaction) take(stop context.Context, f *flight) error {
	n := f.out.Len()
	if n > 0 {
		if err := x.begin(stop); err != nil {
			return err
		}
		x.records += uint64(n - len(f.dead))
		x.bytes += uint64(f.bytes)
		x.dead += uint64(len(f.dead))
	}
	x.t.mu.Lock()
	defer x.t.mu.Unlock()
	return f.account()
}

// begin opens a transaction where none is open, once the one before has ended.
func (x *transaction) begin(stop context.Context) error {
	if err := x.await(stop); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.closed:
		return errStopped
	case x.open:
		return x.fault(x.w.Check(stop)) // a record is lost: why wait for the end?
	}
	if err := x.w.Begin(); err != nil {
		return x.fault(err)
	}
	x.open, x.records, x.bytes, x.dead = true, 0, 0, 0
	return nil
}

// await waits for the commit on its way.
func (x *transaction) await(ctx context.Context) error {
	x.mu.Lock()
	e := x.ending
	x.mu.Unlock()
	if e == nil {
		return nil
	}
	select {
	case <-e.done:
	case <-ctx.Done():
		return errStopped
	}
	if e.err == nil {
		x.mu.Lock()
		x.ending = nil
		x.mu.Unlock()
	}
	return e.err
}

// commit ends the open transaction, in the background, with the offsets of all
// that was sent. Where only offsets have moved it is one of these alone.
func (x *transaction) commit(stop, hard context.Context) error {
	t := x.t
	x.pending.Store(false)
	t.mu.Lock()
	entries, err := t.tracker.Committable()
	t.mu.Unlock()
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		if err := x.begin(stop); err != nil {
			return err
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.open {
		return nil
	}
	e := &ending{done: make(chan struct{})}
	x.open, x.ending = false, e
	records, bytes, dead := x.records, x.bytes, x.dead
	go func() {
		defer close(e.done)
		if e.err = x.fault(x.write(hard, entries)); e.err != nil {
			return
		}
		t.records.Add(records)
		t.bytes.Add(bytes)
		t.dead.Add(dead)
		t.committed(entries)
		x.mu.Lock()
		x.good = true
		x.mu.Unlock()
	}()
	return nil
}

// write ends the transaction with entries in it.
func (x *transaction) write(hard context.Context, entries []offset.Entry) (err error) {
	t := x.t
	slow := time.AfterFunc(t.slow, func() {
		t.log.Warn("a commit of a transaction takes long; waiting", "limit", t.slow.String())
	})
	defer slow.Stop()
	begun := time.Now()
	defer func() { t.countCommit(begun, err) }()
	if len(entries) == 0 {
		return x.w.Commit(hard, "", nil)
	}
	t.store.Commit(hard, x, t.connector, entries, func(e error) { err = e })
	return err
}

// Append is the store's way to the offsets topic: it ends the transaction with
// the records in it, so that the store holds no offset that Kafka does not.
func (x *transaction) Append(ctx context.Context, records []offset.Record, done func(error)) {
	entries := entriesOf(records)
	err := x.w.Commit(ctx, x.t.offsetsTopic(), entries)
	placed(records, entries)
	done(err)
}

// abort throws away the open transaction's records.
func (x *transaction) abort(stop, hard context.Context) error {
	if err := x.await(stop); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.open = false
	return x.fault(x.w.Abort(hard))
}

// between is called between polls: it hears of a commit that failed, and ends
// the transaction that is due.
func (x *transaction) between(stop, hard context.Context) error {
	x.mu.Lock()
	e := x.ending
	x.mu.Unlock()
	if e != nil && e.over() {
		if err := x.await(stop); err != nil {
			return err
		}
	}
	if x.boundary == AtInterval && x.pending.Load() && time.Since(x.since) >= x.interval {
		return x.commit(stop, hard)
	}
	return nil
}

// rest commits what can be, before the task waits for longer: an open
// transaction holds up everybody who reads its topics.
func (x *transaction) rest(stop, hard context.Context) error {
	if x.boundary == AtInterval && x.pending.Load() {
		if err := x.commit(stop, hard); err != nil {
			return err
		}
	}
	return x.await(stop)
}

// busy reports whether a commit is on its way, or will be by itself. Readers of
// committed records are to see what is in it before anybody calls it a day.
func (x *transaction) busy() bool {
	if x == nil {
		return false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.ending != nil && !x.ending.over() || x.boundary == AtInterval && x.pending.Load()
}

// over reports whether the commit has ended.
func (e *ending) over() bool {
	select {
	case <-e.done:
		return true
	default:
		return false
	}
}

// finish ends what is left when the task does. Of a connector that hangs, or
// has failed, or did not say where its transaction ends, nothing is committed
// that is not already on its way.
func (x *transaction) finish(hard context.Context, stuck bool) {
	if stuck {
		x.mu.Lock()
		x.closed = true // it may come back
		x.mu.Unlock()
	}
	err := x.await(hard)
	if err == nil && !stuck && x.t.failure() == nil {
		if err = x.rest(hard, hard); err == nil {
			err = x.await(hard)
		}
	}
	if !errors.Is(err, errStopped) && !errors.Is(err, kafka.ErrFenced) && !errors.Is(x.t.failure(), kafka.ErrFenced) {
		ctx, cancel := context.WithTimeout(hard, x.t.slow)
		defer cancel()
		_ = x.w.Abort(ctx) // of what is open; else the next start does
	}
	if err != nil {
		if errors.Is(err, errStopped) {
			err = errors.New("no answer from Kafka in the time for a stop")
		}
		x.t.fail(fmt.Errorf("connector %s, task %d: the last transaction was not committed, as far as is known; the next start finds out, and reads its records again where it was not: %w", x.t.connector, x.t.id, err))
	}
}

// fault says whose error it is.
func (x *transaction) fault(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("connector %s, task %d: %w", x.t.connector, x.t.id, err)
}
