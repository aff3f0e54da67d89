package connect

import (
	"context"
	"log/slog"
)

// Source is a source connector: the plain value that the spec filled in. Its
// methods are called after the references in it (${env:…}) were resolved.
type Source interface {
	// Tasks splits the work into at least one and at most max tasks. The
	// worker calls it once at each start, from one goroutine, before any task
	// runs. It may look at the outside world but opens nothing that outlives
	// the call. An error fails the connector. A start waits for it for ten
	// seconds at the most: a slower one has its tasks when it returns.
	Tasks(ctx context.Context, max int) ([]SourceTask, error)
}

// SourceTask reads one share of a source's work. The worker calls its methods
// one at a time, in the order Open, Poll…, Close. A method that does not return
// within worker.callTimeout, where the spec sets one, fails the task: it is left
// behind, and closed if it ever returns.
type SourceTask interface {
	// Open gets ready to poll from the positions that tc.Offsets gives. An
	// error that wraps ErrRetry is tried again with back-off; any other fails
	// the task.
	Open(ctx context.Context, tc SourceContext) error
	// Poll adds what there is to b, which comes empty, and returns. With
	// nothing to add it waits for a while (a second at the most, or until ctx
	// ends) and returns an empty batch; that is how a worker knows that the
	// source is idle. Poll never acknowledges anything: see Committer.
	// When ctx ends Poll returns soon, with whatever it has added, and a nil
	// error. Errors are taken as those of Open; the batch of a failed Poll is
	// thrown away.
	Poll(ctx context.Context, b *Batch) error
	// Close lets go of everything. It is called once, also after a failed
	// Open, and never while another method runs.
	Close() error
}

// Committer is a source task that wants to know what is safe upstream: which
// positions Kafka holds for good (a replication slot to advance, a file to
// move away).
type Committer interface {
	// Committed is called from the task's goroutine, between polls, after the
	// offset was written to the offsets topic.
	Committed(ctx context.Context, p *SourcePartition, o SourceOffset) error
}

// Lagger is a source task that can tell how far it is behind what it reads. Lag
// is called from any goroutine, at any time after Open, and does not wait long.
type Lagger interface {
	// Lag is what is left to read, and its unit: "bytes", "records",
	// "milliseconds". It is not ok where nobody knows at the moment.
	Lag() (amount int64, unit string, ok bool)
}

// SourceContext is what a worker gives a source task.
type SourceContext struct {
	Name    string // of the connector, as in the spec
	Task    int    // 0-based
	Offsets OffsetReader
	Log     *slog.Logger
	// Journals are nil where there is no cluster (kcgen test, kcgen trace).
	Journals Journals
	// ExactlyOnce says that each record is delivered exactly once: then the
	// task refuses to be opened on what it cannot go on with exactly.
	ExactlyOnce bool
	// Transactions says that the worker ends transactions where the task says,
	// by Batch.Commit and Batch.Abort (transaction.boundary: connector). Else
	// these do nothing.
	Transactions bool
}

// OffsetReader looks up committed positions.
type OffsetReader interface {
	// Offset is the committed offset of p; nil where there is none.
	Offset(p *SourcePartition) SourceOffset
}

// PartitionLister is an OffsetReader that knows all that the connector has offsets
// of: for a task that must not begin anew where the position that it looks for is
// kept under another name.
type PartitionLister interface {
	OffsetReader
	// Partitions are those of which there is a committed offset.
	Partitions() []*SourcePartition
}

// SourcePartition names one thing that a source reads in order (a file, a
// table), as Connect's sourcePartition map does. Keys and values are kept in
// the order given: it is the order in which they are written to the offsets
// topic. Make one per thing and use it again: it is compared by pointer within
// a task.
type SourcePartition struct{ Pairs []Pair }

// Pair is one entry of a source partition.
type Pair struct {
	Key   string
	Value any // string, integer, float64, bool or nil
}

// Partition makes a source partition of alternating keys and string values.
// A last key without a value gets the empty string.
func Partition(kv ...string) *SourcePartition {
	p := &SourcePartition{}
	for i := 0; i < len(kv); i += 2 {
		v := ""
		if i+1 < len(kv) {
			v = kv[i+1]
		}
		p.Pairs = append(p.Pairs, Pair{kv[i], v})
	}
	return p
}

// SourceOffset is a position in a source partition, as Connect's sourceOffset
// map: JSON scalars under names. Integers read back are int64, other numbers
// float64.
type SourceOffset map[string]any

// Batch collects what one Poll found. The worker owns it and uses it again.
type Batch struct {
	Records []Record
	marks   []Mark
	ends    []end
}

// Mark ties a run of records to the offset that may be committed once Kafka
// has all of them.
type Mark struct {
	End       int // the run is the records before this index and behind the previous mark's
	Partition *SourcePartition
	Offset    SourceOffset
}

// Add appends an empty record (no timestamp, no partition) to be filled in.
// The pointer holds until the next call of Add.
func (b *Batch) Add() *Record {
	if len(b.Records) < cap(b.Records) {
		b.Records = b.Records[:len(b.Records)+1]
	} else {
		b.Records = append(b.Records, Record{})
	}
	r := &b.Records[len(b.Records)-1]
	*r = Record{Headers: r.Headers[:0], Timestamp: NoTimestamp, Offset: -1, Partition: NoPartition}
	return r
}

// Mark says that the records added since the last Mark come from p, and that
// once Kafka has them all p stands at o. The fewer marks the cheaper; records
// behind the last mark are delivered but move no offset. A mark behind no new
// record moves the offset in its turn (a heartbeat, records that were
// filtered at the source).
func (b *Batch) Mark(p *SourcePartition, o SourceOffset) {
	b.marks = append(b.marks, Mark{len(b.Records), p, o})
}

// Commit ends a transaction: the records added since the last one's end, in
// this batch and those before it, can be read all at once. Where the worker
// does not leave that to the task (see SourceContext.Transactions) it does
// nothing.
func (b *Batch) Commit() { b.ends = append(b.ends, end{len(b.Records), len(b.marks), Committed}) }

// Abort ends a transaction whose records nobody is to see: they are thrown
// away, while its marks count, so that they are not read again. (To have them
// read again, return an error from Poll.)
func (b *Batch) Abort() { b.ends = append(b.ends, end{len(b.Records), len(b.marks), Aborted}) }

// Marks are the marks, in order.
func (b *Batch) Marks() []Mark { return b.marks }

// Reset empties the batch, keeping its memory.
func (b *Batch) Reset() {
	b.Records = b.Records[:0]
	clear(b.marks)
	b.marks, b.ends = b.marks[:0], b.ends[:0]
}
