package offset

import (
	"fmt"

	"kcgen.dev/runtime/connect"
)

// Outcome is how a record's way ends. There is no fifth way, and none that
// says nothing.
type Outcome uint8

// The outcomes.
const (
	Acked        Outcome = iota // Kafka has it
	DeadLettered                // Kafka has it in the dead letter queue
	Dropped                     // a filter, or errors.tolerance, left it out
	Failed                      // it is nowhere: nothing behind it is committed
	outcomes
)

// String is the outcome's name.
func (o Outcome) String() string {
	return [...]string{"acked", "dead-lettered", "dropped", "failed"}[o]
}

// Tracker knows which offsets of one source task may be committed: for each
// source partition the last mark of its acknowledged prefix. It is the only
// place from which offsets come.
//
// Records are tracked in spans: the records of one poll that end in one mark.
// A Tracker is data and arithmetic alone: it starts no goroutine, does no I/O
// and takes no lock; its user sees to one call at a time. It keeps memory for
// what is on its way and for one offset a partition.
type Tracker struct {
	parts  map[*connect.SourcePartition]*partition
	order  []*partition // in the order of their first marks, so that commits are deterministic
	loose  []*Span      // open spans without a mark, oldest first
	seq    uint64
	open   int // records that have not ended
	counts [outcomes]uint64
}

// partition is what is known of one source partition.
type partition struct {
	key       *connect.SourcePartition
	spans     []*Span // not yet acknowledged in order, oldest first
	ready     connect.SourceOffset
	readySeq  uint64
	committed uint64 // the sequence number of the last mark committed
}

// Span is a run of records of one poll, up to a mark.
type Span struct {
	part   *partition // nil: records behind a poll's last mark
	offset connect.SourceOffset
	seq    uint64
	left   int
	failed bool
}

// Mark is what the span ends in; nil for records without a mark.
func (s *Span) Mark() (*connect.SourcePartition, connect.SourceOffset) {
	if s.part == nil {
		return nil, nil
	}
	return s.part.key, s.offset
}

// Entry is an offset to be committed.
type Entry struct {
	Partition *connect.SourcePartition
	Offset    connect.SourceOffset
	part      *partition
	seq       uint64
}

// NewTracker makes an empty tracker.
func NewTracker() *Tracker {
	return &Tracker{parts: map[*connect.SourcePartition]*partition{}}
}

// Begin adds a span of n records that end in the mark (p, o). A nil p means
// records behind a poll's last mark: they move no offset, and no offset of a
// later span moves before they have ended, since that offset lies behind them.
// Spans are begun in the order in which they were polled.
func (t *Tracker) Begin(p *connect.SourcePartition, o connect.SourceOffset, n int) *Span {
	t.seq++
	s := &Span{offset: o, seq: t.seq, left: n}
	t.open += n
	if p == nil {
		if n > 0 {
			t.loose = append(t.loose, s)
		}
		return s
	}
	part := t.parts[p]
	if part == nil {
		part = &partition{key: p}
		t.parts[p] = part
		t.order = append(t.order, part)
	}
	s.part = part
	part.spans = append(part.spans, s)
	return s
}

// End ends n records of a span. An error is a violated invariant: the task
// must stop without a commit.
func (t *Tracker) End(s *Span, n int, o Outcome) error {
	if n < 0 || n > s.left {
		return fmt.Errorf("offset: invariant violated: %d records end as %v where %d are open", n, o, s.left)
	}
	s.left -= n
	t.open -= n
	t.counts[o] += uint64(n)
	if o == Failed && n > 0 {
		s.failed = true // it stays at the head of its queue for good
	}
	return nil
}

// Open is the number of records that have not ended.
func (t *Tracker) Open() int { return t.open }

// Count is the number of records that have ended so.
func (t *Tracker) Count(o Outcome) uint64 { return t.counts[o] }

// Committable gives the offsets that have moved since they were last
// committed. It may be called again before Committed: it then gives the same
// or later ones.
func (t *Tracker) Committable() ([]Entry, error) {
	horizon := t.horizon()
	var entries []Entry
	for _, p := range t.order {
		p.advance(horizon)
		if p.readySeq <= p.committed {
			continue
		}
		if err := p.check(horizon); err != nil {
			return nil, err
		}
		entries = append(entries, Entry{p.key, p.ready, p, p.readySeq})
	}
	return entries, nil
}

// horizon is the sequence number of the oldest open span without a mark;
// nothing from there on may be committed.
func (t *Tracker) horizon() uint64 {
	for len(t.loose) > 0 {
		s := t.loose[0]
		if s.left > 0 || s.failed {
			return s.seq
		}
		t.loose[0] = nil
		t.loose = t.loose[1:]
	}
	return t.seq + 1
}

// advance takes the acknowledged prefix.
func (p *partition) advance(horizon uint64) {
	for len(p.spans) > 0 {
		s := p.spans[0]
		if s.left > 0 || s.failed || s.seq >= horizon {
			return
		}
		p.ready, p.readySeq = s.offset, s.seq
		p.spans[0] = nil
		p.spans = p.spans[1:]
	}
	p.spans = nil // let go of what was before
}

// check holds the rule that no offset passes an unfinished record. It is asked
// before each commit, though advance cannot break it: a lost record is worse
// than a stopped task.
func (p *partition) check(horizon uint64) error {
	for _, s := range p.spans {
		if s.left == 0 && !s.failed {
			continue
		}
		if s.seq <= p.readySeq {
			return fmt.Errorf("offset: invariant violated: an offset of %s would pass a record that has not ended", Describe(p.key))
		}
		break // spans are in order
	}
	if p.readySeq >= horizon {
		return fmt.Errorf("offset: invariant violated: an offset of %s would pass a record without a mark", Describe(p.key))
	}
	return nil
}

// Committed says that the entries are in the offsets topic.
func (t *Tracker) Committed(entries []Entry) {
	for _, e := range entries {
		e.part.committed = max(e.part.committed, e.seq)
	}
}
