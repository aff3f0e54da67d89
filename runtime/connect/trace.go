package connect

import (
	"context"
	"log/slog"
	"time"
)

// Tracer sends traces of what a pipeline does to a system that shows them: the
// plain value that the spec filled in.
type Tracer interface {
	// Open checks the configuration and gets ready to trace. It is called once
	// a run and talks to nobody: a system that is away is no fault of the start.
	Open(TracerContext) (Traces, error)
}

// TracerContext is what a Tracer may need to know.
type TracerContext struct {
	Pipeline string
	Version  string // of kcgen, which built the program
	Log      *slog.Logger
}

// Traces is an open Tracer. Begin is called from the goroutines of all tasks
// and waits for nothing: what cannot be sent is let go of.
type Traces interface {
	// Begin begins the span of a batch and of its first stage. It is nil where
	// this batch is not traced, which is the common case.
	Begin(Traced) Span
	// Propagates reports whether records take their trace with them, in the
	// header [Traceparent].
	Propagates() bool
	// Close sends what is left, until ctx ends at the latest.
	Close(ctx context.Context) error
}

// Traceparent is the header in which a record takes its trace with it, as the
// W3C's Trace Context writes it.
const Traceparent = "traceparent"

// Traced is a batch at its begin.
type Traced struct {
	Connector string
	Task      int
	Sink      bool
	Stage     string    // the first one
	Begun     time.Time // when that began
	Records   int
	Parents   []string // the different traceparents that its records brought along, the first ones of them
}

// Span is a batch on its way. Its methods are called one at a time, and none
// after End.
type Span interface {
	// Stage ends the stage that the batch is in, and begins another one; ""
	// begins none.
	Stage(name string)
	// Topic says where records of the batch come from or go to; once a topic.
	Topic(name string)
	// Traceparent is what a record of the batch takes with it.
	Traceparent() string
	// End ends the span and its stage; err is nil, or why the batch failed.
	End(err error)
}
