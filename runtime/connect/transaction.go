package connect

import (
	"errors"
	"iter"
)

// ExactlyOnce is a source that can be delivered exactly once: what its tasks
// give depends on the offsets that they are opened with, and on nothing that
// they remember or that reading takes away. A source without the method is not
// delivered exactly once (Connect's exactlyOnceSupport).
type ExactlyOnce interface {
	// ExactlyOnce is nil where the source, as it is filled in, can; else it
	// says why not and what to do. It looks at nothing but its fields, in which
	// references may be unresolved.
	ExactlyOnce() error
}

// Transactional is a source whose tasks say where transactions end, by
// Batch.Commit and Batch.Abort (Connect's canDefineTransactionBoundaries).
type Transactional interface {
	// Transactional is nil where the source, as it is filled in, does.
	Transactional() error
}

// CheckExactlyOnce says why a source cannot be delivered exactly once; bounds
// is whether it is to say where transactions end.
func CheckExactlyOnce(s Source, bounds bool) error {
	can, ok := s.(ExactlyOnce)
	if !ok {
		return errors.New("the connector does not say that it can go on exactly where its offsets are: leave exactlyOnce out")
	}
	if err := can.ExactlyOnce(); err != nil || !bounds {
		return err
	}
	says, ok := s.(Transactional)
	if !ok {
		return errors.New("the connector does not say where transactions end: take another transactionBoundary than \"connector\"")
	}
	return says.Transactional()
}

// TransactionEnd is how a transaction ends.
type TransactionEnd uint8

// The ends. Open is none: the transaction goes on with the next batch.
const (
	Open TransactionEnd = iota
	Committed
	Aborted
)

// end is where in a batch a transaction ends.
type end struct {
	record, mark int // the ones before belong to it
	how          TransactionEnd
}

// Transactions divides the batch where its task has ended transactions: into
// batches that share its records, each with the end that comes behind it. They
// hold until the next step.
func (b *Batch) Transactions() iter.Seq2[*Batch, TransactionEnd] {
	return func(yield func(*Batch, TransactionEnd) bool) {
		var part Batch
		var from end
		for _, to := range append(b.ends, end{len(b.Records), len(b.marks), Open}) {
			if to.how == Open && to.record == from.record && to.mark == from.mark {
				return // nothing is left
			}
			part.Records = b.Records[from.record:to.record:to.record]
			part.marks = part.marks[:0]
			for _, m := range b.marks[from.mark:to.mark] {
				m.End -= from.record
				part.marks = append(part.marks, m)
			}
			if !yield(&part, to.how) {
				return
			}
			from = to
		}
	}
}
