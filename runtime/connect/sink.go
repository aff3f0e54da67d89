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
// from one goroutine.
type SinkTask interface {
	// Put takes a batch in the order of each partition's offsets. The slice
	// and its records belong to the worker again when Put returns; the bytes
	// that their values alias stay as they are. An error that wraps ErrRetry
	// is followed by the same batch after a back-off; any other fails the task
	// with none of the batch's offsets committed.
	Put(ctx context.Context, batch []Record) error
	// Flush returns when everything put so far is durable. Only then are the
	// offsets of those records committed. It is called at each flush interval,
	// before partitions are given up and before Close.
	Flush(ctx context.Context) error
	// Close lets go of everything, and is called once.
	Close() error
}

// SinkContext is what a worker gives a sink task.
type SinkContext struct {
	Name string // of the connector, as in the spec
	Task int    // 0-based
	Log  *slog.Logger
}
