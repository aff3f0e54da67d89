package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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
// The loop puts flights and ends of transactions into a queue, from which one
// goroutine, the sender, writes them. So the next polls are converted while a
// transaction is being committed; those that wait behind one another are then
// committed together: a poll is never divided.
type transaction struct {
	t        *sourceTask
	w        *kafka.Transactor
	boundary string
	interval time.Duration
	since    time.Time // of the loop's goroutine: when the oldest poll without an end came

	// Polls are counted over all lives.
	shipped, asked, settled atomic.Int64 // given, to be committed with what is in the queue, committed

	// Of one life:
	queue  chan item
	room   chan struct{} // there is less in the queue than there was
	queued atomic.Int64  // bytes
	quit   chan struct{} // no more will come
	done   chan struct{} // the sender has ended, with
	err    error

	good atomic.Bool // there was a commit since it was last asked

	// Of the sender:
	open    bool
	records uint64 // sent in the open transaction
	bytes   uint64
	dead    uint64
	traced  traceds // batches in the open transaction
}

// item is something for the sender to do: a flight to send, or an end; with
// neither, to look whether all is well.
type item struct {
	f    *flight
	end  connect.TransactionEnd
	upto int64 // the polls that are ended so
}

const (
	mostItems = 32       // in the queue
	mostAhead = 1 << 20  // bytes in the queue
	mostBytes = 16 << 20 // in what is committed together
)

// transaction is that of a task, by Kafka Connect's name.
func (e *ExactlyOnce) transaction(connector string, task int) kafka.Transaction {
	return kafka.Transaction{ID: e.ID(connector, task), Timeout: e.Timeout}
}

// ID is a task's transactional id.
func (e *ExactlyOnce) ID(connector string, task int) string {
	return fmt.Sprintf("%s-%s-%d", e.Group, connector, task)
}

// Fence shuts out whoever may still write as a task of an exactly-once source.
// Of another connector there is nothing to shut out.
func (w *Worker) Fence(ctx context.Context, connector string) error {
	for _, s := range w.cfg.Sources {
		if s.Name != connector || s.ExactlyOnce == nil {
			continue
		}
		for task := range w.about(connector).Tasks {
			if err := w.fence(ctx, s.Producer, s.ExactlyOnce.transaction(connector, task), w.touched(&s)); err != nil {
				return err
			}
		}
	}
	return nil
}

// touched are the topics that may be in a source's transactions.
func (w *Worker) touched(s *Source) []string {
	topics := []string{w.cfg.OffsetTopic.Name}
	if w.cfg.TakeoverTopic != "" {
		topics = append(topics, w.cfg.TakeoverTopic)
	}
	if d := s.Errors.DeadLetters; d != nil {
		topics = append(topics, d.Topic)
	}
	if w.cfg.Wrote != nil {
		topics = append(topics, w.cfg.Wrote(s.Name)...)
	}
	return topics
}

func (w *Worker) fence(ctx context.Context, p kafka.Producer, tx kafka.Transaction, topics []string) error {
	x, err := w.conn.Transactor(p, tx.ID, tx)
	if err != nil {
		return err
	}
	defer x.Close(ctx)
	return x.Fence(ctx, topics...)
}

// newTransaction makes the task's producer a transactional one.
func (t *sourceTask) newTransaction(clientID string) error {
	e := t.cfg.ExactlyOnce
	w, err := t.conn.Transactor(t.cfg.Producer, clientID, e.transaction(t.connector, t.id))
	if err != nil {
		return err
	}
	t.writer = w.Writer
	t.txn = &transaction{t: t, w: w, boundary: e.Boundary, interval: e.Interval}
	return nil
}

// start shuts out whoever ran the task before, and only then looks where that
// one had come to.
func (x *transaction) start(stop, hard context.Context) error {
	err := x.w.Fence(stop, x.topics()...)
	if err == nil {
		err = x.t.store.CatchUp(stop)
	}
	if stop.Err() != nil {
		return errStopped
	}
	if err != nil {
		return x.fault(err)
	}
	x.queue, x.room = make(chan item, mostItems), make(chan struct{}, 1)
	x.quit, x.done, x.err = make(chan struct{}), make(chan struct{}), nil
	x.queued.Store(0)
	go x.send(hard)
	return nil
}

// topics are those that the transaction before may have been in.
func (x *transaction) topics() []string {
	topics := append(slices.Collect(maps.Keys(x.t.topics)), x.t.touched()...)
	slices.Sort(topics)
	return slices.Compact(topics)
}

// ship sends a poll's records, and ends transactions where they end.
func (x *transaction) ship(stop context.Context, b *connect.Batch) error {
	if x.boundary != AtConnector {
		if err := x.part(stop, b); err != nil {
			return err
		}
		if x.boundary == AtPoll {
			return x.commit(stop)
		}
		return nil
	}
	for part, end := range b.Transactions() {
		err := x.part(stop, part)
		if err == nil && end == connect.Aborted {
			err = x.put(stop, item{end: connect.Aborted})
		}
		if err == nil && end != connect.Open {
			err = x.commit(stop)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// part hands on the records of one transaction.
func (x *transaction) part(stop context.Context, b *connect.Batch) error {
	if x.shipped.Load() == x.asked.Load() {
		x.since = time.Now()
	}
	err := x.t.ship(stop, b)
	x.shipped.Add(1)
	return err
}

// put puts something into the queue, once there is room.
func (x *transaction) put(stop context.Context, it item) error {
	if it.f != nil {
		for x.queued.Load() > mostAhead {
			select {
			case <-x.room:
			case <-x.done:
				return x.failure()
			case <-stop.Done():
				return errStopped
			}
		}
		x.queued.Add(int64(it.f.bytes))
	}
	select {
	case <-x.quit:
		return errStopped
	default:
	}
	select {
	case x.queue <- it:
		return nil
	case <-x.done:
		return x.failure()
	case <-x.quit:
		return errStopped
	case <-stop.Done():
		return errStopped
	}
}

// failure is why the sender has ended.
func (x *transaction) failure() error {
	if x.err != nil {
		return x.err
	}
	return errStopped
}

// commit asks for the end of the transaction, with the offsets of all that was
// sent.
func (x *transaction) commit(stop context.Context) error {
	upto := x.shipped.Load()
	x.asked.Store(upto)
	return x.put(stop, item{end: connect.Committed, upto: upto})
}

// between is called between polls: it hears of a commit that failed, and ends
// the transaction that is due.
func (x *transaction) between(stop context.Context) error {
	select {
	case <-x.done:
		return x.failure()
	default:
	}
	if x.owes() && time.Since(x.since) >= x.interval {
		return x.commit(stop)
	}
	return nil
}

// owes reports whether polls wait for the end of the interval.
func (x *transaction) owes() bool {
	return x.boundary == AtInterval && x.asked.Load() < x.shipped.Load()
}

// rest commits what can be, before the task waits for longer: an open
// transaction holds up everybody who reads its topics.
func (x *transaction) rest(stop context.Context) error {
	if x.owes() {
		return x.commit(stop)
	}
	return nil
}

// busy reports whether a commit is on its way, or will be by itself. Readers of
// committed records are to see what is in it before anybody calls it a day.
func (x *transaction) busy() bool {
	return x != nil && (x.settled.Load() < x.asked.Load() || x.owes())
}

// send does what is in the queue until no more comes, or something fails.
func (x *transaction) send(hard context.Context) {
	defer close(x.done)
	defer func() { x.traced.release(cmp.Or(x.err, errAborted)) }()
	for {
		it, more := x.next(hard)
		if !more {
			break
		}
		if x.err = x.fault(guard(func() error { return x.do(hard, it) })); x.err != nil {
			break
		}
	}
	if x.err == nil && x.boundary == AtPoll && hard.Err() == nil {
		x.err = x.fault(x.settle(hard, x.asked.Load())) // polls that waited for a next one
	}
	if errors.Is(x.err, kafka.ErrStartOver) {
		return
	}
	if x.err != nil {
		x.t.fail(x.err)
	}
	if errors.Is(x.err, kafka.ErrFenced) || hard.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(hard, x.t.slow)
	defer cancel()
	_ = x.w.Abort(ctx) // what nobody has said the end of; else the next start does
}

// next is what is to be done next; nothing once the queue is empty and no more
// will come.
func (x *transaction) next(hard context.Context) (it item, more bool) {
	select {
	case it = <-x.queue:
		return it, true
	case <-x.w.Broken():
		return item{end: connect.Open}, true
	case <-hard.Done():
		return it, false
	case <-x.quit:
	}
	select {
	case it = <-x.queue:
		return it, true
	default:
		return it, false
	}
}

func (x *transaction) do(hard context.Context, it item) error {
	switch {
	case it.f != nil:
		return x.write(hard, it.f)
	case it.end == connect.Open: // a record is lost: why wait for the end?
		return x.w.Check(hard)
	case it.end == connect.Aborted:
		x.open = false
		x.traced.release(errAborted)
		return x.w.Abort(hard)
	case x.boundary == AtPoll && len(x.queue) > 0 && x.bytes < mostBytes:
		return nil // with the next
	}
	return x.settle(hard, it.upto)
}

// write sends a flight in the open transaction, or a new one.
func (x *transaction) write(hard context.Context, f *flight) error {
	n := f.out.Len()
	x.queued.Add(-int64(f.bytes))
	select {
	case x.room <- struct{}{}:
	default:
	}
	if n > 0 {
		if err := x.begin(hard); err != nil {
			return err
		}
		x.records += uint64(n - len(f.dead))
		x.bytes += uint64(f.bytes)
		x.dead += uint64(len(f.dead))
		x.traced.add(f.trace.hold())
	}
	x.t.mu.Lock()
	err := f.account()
	x.t.mu.Unlock()
	if err == nil {
		x.t.produce(f)
	}
	return err
}

// begin opens a transaction where none is open.
func (x *transaction) begin(hard context.Context) error {
	if x.open {
		return nil
	}
	if err := x.w.Begin(); err != nil {
		return err
	}
	x.open, x.records, x.bytes, x.dead = true, 0, 0, 0
	return nil
}

// settle commits the open transaction. Where only offsets have moved it is one
// of these alone.
func (x *transaction) settle(hard context.Context, upto int64) error {
	t := x.t
	t.mu.Lock()
	entries, err := t.tracker.Committable()
	t.mu.Unlock()
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		if err := x.begin(hard); err != nil {
			return err
		}
	}
	if x.open {
		x.traced.stage(traceCommit)
		if err := x.commitWith(hard, entries); err != nil {
			return err
		}
		x.open = false
		x.traced.release(nil)
		t.transactions.add(time.Now(), int64(x.records))
		t.records.Add(x.records)
		t.bytes.Add(x.bytes)
		t.dead.Add(x.dead)
		t.committed(entries)
		x.good.Store(true)
		t.touch() // readers see it a little later
	}
	x.settled.Store(upto)
	return nil
}

// commitWith ends the transaction with entries in it.
func (x *transaction) commitWith(hard context.Context, entries []offset.Entry) (err error) {
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

// errAborted is said of batches that a transaction took with it.
var errAborted = errors.New("the transaction was aborted")

// finish ends what is left when the task does. Of a connector that hangs, or
// has failed, or did not say where its transaction ends, nothing is committed
// that was not to be before.
func (x *transaction) finish(hard context.Context, stuck bool) {
	if x.quit == nil {
		return // it never began
	}
	if !stuck && x.t.failure() == nil {
		_ = x.rest(hard)
	}
	close(x.quit) // one that hangs may come back, and finds it so
	var err error
	select {
	case <-x.done:
		err = x.err
	case <-hard.Done():
		err = errors.New("no answer from Kafka in the time for a stop")
	}
	if err != nil {
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
