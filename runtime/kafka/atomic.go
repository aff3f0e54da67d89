package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// AppendAtomically writes entries so that readers of committed records see all
// of them or none: several in one transaction, with the transactional id given.
// Once it returns nil, whoever reads to the end sees them.
func (l *Log) AppendAtomically(ctx context.Context, id string, entries []Entry) error {
	if len(entries) <= 1 {
		done := make(chan error, 1)
		l.Append(ctx, entries, func(err error) { done <- err })
		select {
		case err := <-done:
			return err
		case <-ctx.Done():
			return fmt.Errorf("kafka: write to topic %s: no answer in time, it may be written all the same: %w", l.spec.Name, ctx.Err())
		}
	}
	if err := l.ready(ctx); err != nil {
		return err
	}
	cl, err := l.conn.client(l.conn.id,
		kgo.TransactionalID(id), kgo.TransactionTimeout(30*time.Second),
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)), // Java's hash of the key
		kgo.UnknownTopicRetries(-1),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
	)
	if err != nil {
		return err
	}
	defer closeWithin(ctx, cl.Close)
	if err := l.transact(ctx, cl, id, entries); err != nil {
		return fmt.Errorf("kafka: write to topic %s in a transaction: %w%s", l.spec.Name, denied(err, "Write", l.spec.Name), transactionAdvice(err, id))
	}
	return nil
}

func (l *Log) transact(ctx context.Context, cl *kgo.Client, id string, entries []Entry) error {
	if err := cl.BeginTransaction(); err != nil {
		return err
	}
	recs := make([]*kgo.Record, len(entries))
	for i := range entries {
		recs[i] = l.record(&entries[i])
	}
	if err := cl.ProduceSync(ctx, recs...).FirstErr(); err != nil {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = cl.EndTransaction(end, kgo.TryAbort) // else the broker does, in its time
		return fmt.Errorf("nothing was written: %w", err)
	}
	if err := cl.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return fmt.Errorf("it is not known whether all was written or nothing; look, and try again: %w", err)
	}
	for i, rec := range recs {
		entries[i].placed(rec)
	}
	if err := l.settled(ctx, cl, id); err != nil {
		return fmt.Errorf("it is written, and readers will see it, but it is not known when: %w", err)
	}
	return nil
}

// settled waits until the end of the transaction is in the topic. A commit is
// answered when it is decided, and readers hear of it a little later; a further
// producer of the same id is let in when they have.
func (l *Log) settled(ctx context.Context, cl *kgo.Client, id string) error {
	req := kmsg.NewPtrInitProducerIDRequest()
	req.TransactionalID, req.TransactionTimeoutMillis = &id, 30_000
	req.ProducerID, req.ProducerEpoch = -1, -1
	return l.conn.retry(ctx, "wait for the end of the transaction", func() error {
		resp, err := req.RequestWith(ctx, cl)
		for err == nil && resp.ErrorCode == kerr.ConcurrentTransactions.Code {
			if err = pause(ctx, 10*time.Millisecond); err == nil {
				resp, err = req.RequestWith(ctx, cl)
			}
		}
		if err == nil {
			err = kerr.ErrorForCode(resp.ErrorCode)
		}
		return err
	})
}

func transactionAdvice(err error, id string) string {
	if errors.Is(err, kerr.TransactionalIDAuthorizationFailed) {
		return fmt.Sprintf("; grant the principal Write and Describe on the transactional id %q", id)
	}
	return advice(err)
}
