package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// AppendAtomically writes entries so that readers of committed records see all
// of them or none: several in one transaction, with the transactional id given.
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
	if err := l.transact(ctx, cl, entries); err != nil {
		return fmt.Errorf("kafka: write to topic %s in a transaction: %w%s", l.spec.Name, err, transactionAdvice(err, id))
	}
	return nil
}

func (l *Log) transact(ctx context.Context, cl *kgo.Client, entries []Entry) error {
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
	return nil
}

func transactionAdvice(err error, id string) string {
	if errors.Is(err, kerr.TransactionalIDAuthorizationFailed) {
		return fmt.Sprintf("; grant the principal Write and Describe on the transactional id %q", id)
	}
	return advice(err)
}
