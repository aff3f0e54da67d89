package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Transaction says whose transactions a Transactor's are.
type Transaction struct {
	ID      string        // the same over all starts: who comes later fences who was before
	Timeout time.Duration // after which the broker aborts one that was left open
}

// Transactor is a Writer whose records are in transactions, one after another:
//
//	Fence, then read positions; then Begin, Produce …, Commit or Abort; Begin …
//
// One goroutine at a time calls its methods. Nothing of a transaction can be
// read (as read_committed) but all of it.
//
// Errors of Begin and Commit are of three kinds. [ErrFenced]: somebody else
// has the id now, and this one has no say any more. [ErrStartOver]: the
// transaction is not in Kafka, or nobody knows whether it is; call Recover, and
// read the positions again to find out. Any other will come again.
type Transactor struct {
	*Writer
	spec Transaction
	make func() (*kgo.Client, error)

	open  bool
	begun time.Time
	stale bool // the producer id is of no use any more, and with it the client

	broken chan struct{}
	mu     sync.Mutex
	bad    error // of the first record of this transaction that Kafka has not
}

// ErrFenced is the end of a zombie: another start of the same task has taken
// over. Nothing of the open transaction is or will be in Kafka.
var ErrFenced = errors.New("fenced: another instance runs this task now")

// ErrStartOver marks errors after which the caller goes back to the positions
// that Kafka holds.
var ErrStartOver = errors.New("start over from the committed offsets")

// Transactor makes a transactional producer. It connects when it is first used.
func (k *Conn) Transactor(p Producer, clientID string, tx Transaction) (*Transactor, error) {
	x := &Transactor{spec: tx, broken: make(chan struct{}, 1)}
	opts := []kgo.Opt{kgo.TransactionalID(tx.ID), kgo.TransactionTimeout(tx.Timeout)}
	var err error
	if x.Writer, err = k.writer(p, clientID, opts...); err != nil {
		return nil, err
	}
	x.Writer.lost = x.lose
	x.make = func() (*kgo.Client, error) {
		w, err := k.writer(p, clientID, opts...)
		if err != nil {
			return nil, err
		}
		return w.cl, nil
	}
	return x, nil
}

// Fence shuts out whoever used the id before: what that one had open is
// aborted, what it had committed can be read when Fence returns. It waits for
// brokers that do not answer. A cluster whose transactions can be torn by lost
// answers is refused; what brokers have torn in topics is mended, or the end
// ([ErrTorn]).
func (x *Transactor) Fence(ctx context.Context, topics ...string) error {
	if err := x.conn.soundTransactions(ctx); err != nil {
		return err
	}
	l, err := x.fence(ctx)
	if err != nil {
		return err
	}
	return x.mend(ctx, l, topics)
}

// fence gets a producer id. It gives how the last transaction stood before.
func (x *Transactor) fence(ctx context.Context) (*last, error) {
	var l *last
	for fails := 1; ; fails++ {
		var err error
		if l == nil {
			l, err = x.lookBack(ctx)
		}
		if err == nil {
			_, _, err = x.cl.ProducerID(ctx)
		}
		switch {
		case err == nil:
			return l, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, kerr.ProducerFenced), errors.Is(err, kerr.InvalidProducerEpoch):
			return nil, x.fenced(ctx, err)
		case fatalID(err):
			return nil, fmt.Errorf("kafka: begin transactions as %s: %w%s", x.spec.ID, err, x.advice(err))
		}
		if fails == 3 || fails%30 == 0 {
			x.conn.log.Warn("no transaction can be begun yet; trying again (does the broker's __transaction_state topic have its replicas?)", "transactionalId", x.spec.ID, "error", err.Error())
		}
		if err := pause(ctx, backoff(fails)); err != nil {
			return nil, err
		}
		if err := x.renew(ctx); err != nil {
			return nil, err
		}
	}
}

// renew takes another client: one that got no producer id does not ask again.
func (x *Transactor) renew(ctx context.Context) error {
	cl, err := x.make()
	if err != nil {
		return err
	}
	x.Writer.replace(ctx, cl)
	return nil
}

// fatalID is whether no further try will give a producer id.
func fatalID(err error) bool {
	var code *kerr.Error
	return errors.As(err, &code) && !code.Retriable && code != kerr.ConcurrentTransactions && code != kerr.UnknownServerError
}

// Begin begins a transaction.
func (x *Transactor) Begin() error {
	if err := x.cl.BeginTransaction(); err != nil {
		return x.judge(context.Background(), err)
	}
	x.forget()
	x.open, x.begun = true, time.Now()
	return nil
}

// lose is told of each record that has not come to Kafka.
func (x *Transactor) lose(err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.bad != nil {
		return
	}
	x.bad = err
	select {
	case x.broken <- struct{}{}:
	default:
	}
}

// Broken says that Check may have something to tell.
func (x *Transactor) Broken() <-chan struct{} { return x.broken }

// Check tells early what Commit would: that a record of this transaction is
// not in Kafka.
func (x *Transactor) Check(ctx context.Context) error {
	x.mu.Lock()
	err := x.bad
	x.mu.Unlock()
	if err == nil {
		return nil
	}
	return x.judge(ctx, err)
}

// Commit adds entries of a log (a Log's topic, or none) to the transaction,
// waits until Kafka has all records, and ends it. With nil everything in it is
// there for good, and the entries say where they are. The end of ctx leaves the outcome to the next Fence.
func (x *Transactor) Commit(ctx context.Context, topic string, entries []Entry) error {
	for i := range entries {
		e := &entries[i]
		x.cl.Produce(ctx, &kgo.Record{Topic: cmp.Or(e.Topic, topic), Partition: -1, Key: e.Key, Value: e.Value}, func(r *kgo.Record, err error) {
			x.appended(r, err)
			e.Partition, e.Offset, e.Timestamp = r.Partition, r.Offset, r.Timestamp.UnixMilli()
		})
	}
	if err := x.cl.Flush(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrNotDelivered, err)
	}
	if err := x.Check(ctx); err != nil {
		return err
	}
	if err := x.cl.EndTransaction(ctx, kgo.TryCommit); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %w", ErrNotDelivered, err)
		}
		return x.judge(ctx, err)
	}
	x.open = false
	return nil
}

func (x *Transactor) appended(r *kgo.Record, err error) {
	if err != nil {
		x.lose(x.explain(r, err))
	}
}

// Abort takes back the open transaction, for good.
func (x *Transactor) Abort(ctx context.Context) error {
	if !x.open {
		return nil
	}
	err := x.cl.AbortBufferedRecords(ctx)
	if err == nil {
		err = x.cl.EndTransaction(ctx, kgo.TryAbort)
	}
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %w", ErrNotDelivered, err)
		}
		return x.judge(ctx, err)
	}
	x.open = false
	return nil
}

// Recover makes the Transactor good for another Fence after ErrStartOver: what
// was open is aborted, unless it was committed after all. Positions are to be
// read again behind that Fence.
func (x *Transactor) Recover(ctx context.Context) error {
	defer x.forget()
	for fails := 1; !x.stale; fails++ {
		err := x.Abort(ctx)
		if err == nil || !errors.Is(err, ErrStartOver) {
			return err
		}
		if err := pause(ctx, backoff(fails)); err != nil {
			return err
		}
	}
	if err := x.renew(ctx); err != nil {
		return err
	}
	x.open, x.stale = false, false
	return nil
}

// forget what was lost of a transaction that is no more.
func (x *Transactor) forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.bad = nil
	select {
	case <-x.broken:
	default:
	}
}

// startOver marks err, with advice where there is some.
func (x *Transactor) startOver(err error, why string) error {
	return fmt.Errorf("kafka: the transaction of %s was not committed%s: %w: %w", x.spec.ID, why, ErrStartOver, err)
}

// judge says what is to be done after err, row by row; an error that is not
// known is final.
func (x *Transactor) judge(ctx context.Context, err error) error {
	var code *kerr.Error
	if !errors.As(err, &code) {
		switch {
		case errors.Is(err, ErrNotDelivered), errors.Is(err, kgo.ErrClientClosed), errors.Is(err, kgo.ErrRecordTimeout):
			return err
		}
		return x.startOver(err, "; nobody knows what became of it") // a connection that broke
	}
	switch code {
	case kerr.ProducerFenced, kerr.InvalidProducerEpoch, kerr.TransactionCoordinatorFenced, kerr.InvalidTxnState, kerr.InvalidProducerIDMapping:
		return x.fenced(ctx, err)
	case kerr.TransactionAbortable, kerr.OperationNotAttempted, kerr.UnknownServerError, kerr.ConcurrentTransactions, kerr.UnknownProducerID:
		return x.startOver(err, "")
	case kerr.OutOfOrderSequenceNumber, kerr.DuplicateSequenceNumber:
		x.stale = true
		return x.startOver(err, "")
	}
	if code.Retriable {
		return x.startOver(err, "; nobody knows what became of it")
	}
	return fmt.Errorf("kafka: the transaction of %s: %w%s", x.spec.ID, err, x.advice(err))
}

// fenced tells the two apart who are told that they are fenced: one that was
// slower than the transaction's time-out, and a zombie. What cannot be found
// out is taken for a zombie.
func (x *Transactor) fenced(ctx context.Context, err error) error {
	if !x.ours(ctx) {
		return fmt.Errorf("kafka: the transaction of %s was refused; nothing of it is committed: %w: %w", x.spec.ID, ErrFenced, err)
	}
	x.stale = true
	why := ""
	if open := time.Since(x.begun); x.open && open > x.spec.Timeout {
		why = fmt.Sprintf(": it was open for %v and the broker aborted it after %v; let transactions be shorter, or transactionTimeout longer",
			open.Round(time.Millisecond), x.spec.Timeout)
	}
	return x.startOver(err, why)
}

// ours reports whether nobody has begun to use the id since: the broker's last
// word on it is how our own transaction ended. Whoever begins makes the epoch
// greater, by two at least where he found a transaction open; we look twice, so
// as not to meet one between the two.
func (x *Transactor) ours(ctx context.Context) bool {
	id, epoch, _ := x.cl.ProducerID(ctx)
	for look := range 2 {
		if look > 0 && pause(ctx, time.Second) != nil {
			return false
		}
		now, err := x.describe(ctx)
		if err != nil || now.ProducerID != id {
			return false
		}
		switch {
		case now.ProducerEpoch == epoch:
		case now.ProducerEpoch == epoch+1 && ended[now.State]:
		default:
			return false
		}
	}
	return true
}

// ended are the states of a transaction behind its end.
var ended = map[string]bool{"PrepareAbort": true, "CompleteAbort": true, "PrepareCommit": true, "CompleteCommit": true}

// describe asks the coordinator what it knows of the id.
func (x *Transactor) describe(ctx context.Context) (s kmsg.DescribeTransactionsResponseTransactionState, err error) {
	err = x.conn.retry(ctx, "describe the transaction of "+x.spec.ID, func() (err error) {
		s, err = x.askCoordinator(ctx)
		return err
	})
	return s, err
}

func (x *Transactor) askCoordinator(ctx context.Context) (s kmsg.DescribeTransactionsResponseTransactionState, err error) {
	req := kmsg.NewPtrDescribeTransactionsRequest()
	req.TransactionalIDs = []string{x.spec.ID}
	resp, err := req.RequestWith(ctx, x.conn.admin)
	switch {
	case err != nil:
		return s, err
	case len(resp.TransactionStates) != 1:
		return s, kerr.UnknownServerError
	}
	s = resp.TransactionStates[0]
	return s, kerr.ErrorForCode(s.ErrorCode)
}

// advice says what to do about an error of transactions.
func (x *Transactor) advice(err error) string {
	switch {
	case errors.Is(err, kerr.TransactionalIDAuthorizationFailed):
		return "; grant the principal Write and Describe on the transactional id " + x.spec.ID
	case errors.Is(err, kerr.ClusterAuthorizationFailed):
		return "; grant the principal IdempotentWrite on the cluster"
	case errors.Is(err, kerr.InvalidTransactionTimeout):
		return fmt.Sprintf("; transactionTimeout is %v, and the brokers' transaction.max.timeout.ms less", x.spec.Timeout)
	}
	return ""
}

// ErrTornTransactions refuses a cluster.
var ErrTornTransactions = errors.New("the cluster's transactions can be torn")

// soundTransactions refuses a cluster below transaction.version 2 (KIP-890).
// There an answer that was lost, or a request that comes late, can end the
// transaction after the one that it was for; no care of a client's helps where
// its connection breaks.
func (k *Conn) soundTransactions(ctx context.Context) error {
	const needed = 2
	var level int16
	err := k.retry(ctx, "ask for the brokers' features", func() error {
		resp, err := kmsg.NewPtrApiVersionsRequest().RequestWith(ctx, k.admin)
		if err != nil {
			return err
		}
		for _, f := range resp.FinalizedFeatures {
			if f.Name == "transaction.version" {
				level = f.MaxVersionLevel
			}
		}
		return kerr.ErrorForCode(resp.ErrorCode)
	})
	if err != nil || level >= needed {
		return err
	}
	return fmt.Errorf("kafka: exactlyOnce: %w: their feature transaction.version is %d, and %d is needed; on brokers of Kafka 4.0 or newer run kafka-features.sh upgrade --feature transaction.version=%d, or leave exactlyOnce out", ErrTornTransactions, level, needed, needed)
}
