package connect

import (
	"context"
	"log/slog"
)

// Sink is a sink connector: the plain value that the spec filled in.
type Sink interface {
	// Open starts one task. It is called tasksMax times, each time for a task
	// that will get its own share of the topics' partitions. Errors are taken
	// as those of SourceTask.Open.
	Open(ctx context.Context, tc SinkContext) (SinkTask, error)
}

// SinkTask writes records to the outside world. The worker calls its methods
// one at a time; worker.callTimeout holds as for a SourceTask.
type SinkTask interface {
	// Put takes a batch in the order of each partition's offsets. The slice
	// and its records belong to the worker again when Put returns; the bytes
	// that their values alias stay as they are. An error that wraps ErrRetry
	// is followed by the same batch after a back-off; any other fails the task
	// with none of the batch's offsets committed. A Put that returns nil has
	// taken every record but those that it said are refused: see Results.
	Put(ctx context.Context, batch []Record) error
	// Flush returns when everything put so far is durable. Only then are the
	// offsets of those records committed. It is called at each flush interval,
	// before partitions are given up and before Close. What has become of each
	// record is known when it returns nil: those that the target refused are
	// reported by then.
	Flush(ctx context.Context) error
	// Close lets go of everything, and is called once.
	Close() error
}

// PositionKeeper is a sink task whose target keeps, with the data, how far it
// has come: the way to deliver exactly once. What the target says then decides
// where the task goes on; the group's offsets are committed as well, but only
// tell others.
//
// A Put that returned an error has left nothing in the target, and what was
// put and not flushed is gone when the task is opened again. Where records were
// put of partitions that the group then gave to others without asking, the
// worker closes the task and opens another one.
type PositionKeeper interface {
	SinkTask
	// Positions says where the target stands in partitions that the task is
	// given. Those that it says nothing of go on at the group's offsets. It is
	// called when the group has given them, before records of them are put.
	Positions(ctx context.Context, ps []TopicPartition) ([]Position, error)
	// FlushAt is called instead of Flush: it returns when everything put so far
	// and these positions are durable, together or not at all. It is given the
	// positions that have moved; they count records that were filtered, or went
	// to a dead letter queue, as well: a record that the target refuses is
	// reported (see Results) before Put returns, or at least before this is
	// called, and never within it.
	FlushAt(ctx context.Context, ps []Position) error
}

// TopicPartition is a partition of a topic.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// Position is where a partition is read next.
type Position struct {
	TopicPartition
	Offset int64
}

// SinkContext is what a worker gives a sink task.
type SinkContext struct {
	Name string // of the connector, as in the spec
	Task int    // 0-based
	Log  *slog.Logger

	// Results takes what became of single records.
	Results Results
}

// Results takes the word of a sink task that its target refuses single records
// of a batch, while it has taken the others: what a bulk request answers item
// by item. The worker does with such a record what errors.tolerance says: it
// goes to the dead letter queue as it came from Kafka, or is left out, or the
// task fails with no offset past it. It is Kafka Connect's ErrantRecordReporter
// (KIP-610) with the place in the batch instead of the record.
//
// The word is final: what may be taken at another try is tried again by the
// connector, and where the target is away the whole Put fails with ErrRetry. A
// cause that wraps ErrFatal or ErrUnavailable is no record's fault, and fails
// the task.
type Results interface {
	// Ticket names record i of the batch that Put was given. It is called
	// during that Put, from any goroutine, and the ticket is good until the
	// next Flush has returned nil. The worker keeps the record as it came for
	// as long, so a connector asks for tickets of records only that it may yet
	// refuse. Where Put returns an error its tickets are void.
	Ticket(i int) Ticket
	// Refuse says that the target does not take the record, and why. It may be
	// called at any time from any goroutine, and does not block. Once is
	// enough. After the Flush that called the record durable, and with a ticket
	// that names none, it fails the task: what it says can no longer be heeded.
	Refuse(t Ticket, cause error)
}

// Ticket names a record that was put. The zero value names none.
type Ticket uint64
