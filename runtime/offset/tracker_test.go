package offset

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"kcgen.dev/runtime/connect"
)

func at(n int64) connect.SourceOffset { return connect.SourceOffset{"position": n} }

// moved is what Committable gives, as partition name to position.
func moved(t *testing.T, tr *Tracker) map[string]int64 {
	t.Helper()
	entries, err := tr.Committable()
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]int64{}
	for _, e := range entries {
		m[e.Partition.Pairs[0].Value.(string)] = e.Offset["position"].(int64)
	}
	return m
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTrackerCommitsTheAcknowledgedPrefix(t *testing.T) {
	tr := NewTracker()
	p := connect.Partition("file", "a")
	s1, s2, s3 := tr.Begin(p, at(1), 2), tr.Begin(p, at(2), 1), tr.Begin(p, at(3), 3)
	must(t, tr.End(s3, 3, Acked))
	must(t, tr.End(s1, 1, Acked))
	if m := moved(t, tr); len(m) != 0 {
		t.Fatalf("moved %v past open records", m)
	}
	must(t, tr.End(s1, 1, DeadLettered))
	if m := moved(t, tr); m["a"] != 1 {
		t.Fatalf("moved %v", m)
	}
	must(t, tr.End(s2, 1, Dropped))
	entries, _ := tr.Committable()
	if m := moved(t, tr); m["a"] != 3 {
		t.Fatalf("moved %v", m)
	}
	tr.Committed(entries)
	if m := moved(t, tr); len(m) != 0 {
		t.Fatalf("moved %v again", m)
	}
	if tr.Open() != 0 || tr.Count(Acked) != 4 || tr.Count(Dropped) != 1 || tr.Count(DeadLettered) != 1 {
		t.Errorf("open %d", tr.Open())
	}
}

func TestTrackerFailureHoldsBackItsPartitionAlone(t *testing.T) {
	tr := NewTracker()
	a, b := connect.Partition("file", "a"), connect.Partition("file", "b")
	s1, s2, s3 := tr.Begin(a, at(1), 2), tr.Begin(b, at(7), 1), tr.Begin(a, at(2), 1)
	must(t, tr.End(s1, 1, Acked))
	must(t, tr.End(s1, 1, Failed))
	must(t, tr.End(s2, 1, Acked))
	must(t, tr.End(s3, 1, Acked))
	if m := moved(t, tr); len(m) != 1 || m["b"] != 7 {
		t.Fatalf("moved %v", m)
	}
}

func TestTrackerRecordsWithoutAMarkHoldBackLaterMarks(t *testing.T) {
	tr := NewTracker()
	a := connect.Partition("file", "a")
	s1 := tr.Begin(a, at(1), 1)
	loose := tr.Begin(nil, nil, 2)
	s2 := tr.Begin(a, at(2), 1)
	must(t, tr.End(s1, 1, Acked))
	must(t, tr.End(s2, 1, Acked))
	must(t, tr.End(loose, 1, Acked))
	if m := moved(t, tr); m["a"] != 1 {
		t.Fatalf("moved %v", m)
	}
	must(t, tr.End(loose, 1, Acked))
	if m := moved(t, tr); m["a"] != 2 {
		t.Fatalf("moved %v", m)
	}
	tr.Begin(nil, nil, 0)
	tr.Begin(a, at(3), 0)
	if m := moved(t, tr); m["a"] != 3 {
		t.Fatalf("an empty span holds a mark back: %v", m)
	}
}

func TestTrackerMarkWithoutRecords(t *testing.T) {
	tr := NewTracker()
	a := connect.Partition("file", "a")
	s := tr.Begin(a, at(1), 1)
	tr.Begin(a, at(2), 0) // a heartbeat moves the offset in its turn
	if m := moved(t, tr); len(m) != 0 {
		t.Fatalf("moved %v", m)
	}
	must(t, tr.End(s, 1, Acked))
	if m := moved(t, tr); m["a"] != 2 {
		t.Fatalf("moved %v", m)
	}
}

func TestTrackerRefusesASecondEnd(t *testing.T) {
	tr := NewTracker()
	s := tr.Begin(connect.Partition("file", "a"), at(1), 2)
	must(t, tr.End(s, 2, Acked))
	for _, n := range []int{1, -1} {
		if err := tr.End(s, n, Acked); err == nil {
			t.Errorf("%d records ended once more", n)
		}
	}
	if m := moved(t, tr); m["a"] != 1 {
		t.Errorf("moved %v", m)
	}
}

// An acknowledgement that was never given must not be made up by anything that
// is done to the tracker: planted damage is found before a commit.
func TestTrackerInvariant(t *testing.T) {
	tr := NewTracker()
	a := connect.Partition("file", "a")
	s := tr.Begin(a, at(1), 1)
	part := tr.parts[a]
	part.ready, part.readySeq = at(1), s.seq // as a bug would
	if _, err := tr.Committable(); err == nil {
		t.Error("an offset that passes an open record was given out")
	}
	tr = NewTracker()
	tr.Begin(nil, nil, 1)
	tr.Begin(a, at(1), 0)
	part = tr.parts[a]
	part.spans, part.ready, part.readySeq = nil, at(1), 2
	if _, err := tr.Committable(); err == nil {
		t.Error("an offset that passes a record without a mark was given out")
	}
}

// model is the tracker without cleverness: all records in a list, and the rule
// as it is written.
type model struct {
	records []modelRecord
	marks   []modelMark
}

type modelRecord struct {
	part  int // -1: without a mark
	span  int
	ended bool
	bad   bool
}

type modelMark struct {
	part, before int // the records before it in the list
	position     int64
	span         int
}

// committable is the last mark of p before which no record of p, nor any
// without a mark, is open or failed.
func (m *model) committable(p int) int64 {
	limit := len(m.records)
	for i, r := range m.records {
		if (r.part == p || r.part == -1) && (!r.ended || r.bad) {
			limit = i
			break
		}
	}
	last := int64(-1)
	for _, k := range m.marks {
		if k.part == p && k.before <= limit {
			// A mark at the limit covers what was before it; a record of
			// the same span lies before the mark, so it is safe.
			last = k.position
		}
	}
	return last
}

func TestTrackerAgainstModel(t *testing.T) {
	for seed := range uint64(3000) {
		if err := walk(seed); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

func walk(seed uint64) error {
	rng := rand.New(rand.NewPCG(seed, 1))
	tr := NewTracker()
	var m model
	parts := make([]*connect.SourcePartition, 1+rng.IntN(3))
	for i := range parts {
		parts[i] = connect.Partition("file", fmt.Sprint(i))
	}
	type open struct {
		span  *Span
		first int
		left  []int
	}
	var spans []open
	var position int64
	last := make([]int64, len(parts))
	for i := range last {
		last[i] = -1
	}
	for range 60 {
		switch rng.IntN(5) {
		case 0, 1: // a span
			n, p := rng.IntN(4), rng.IntN(len(parts)+1)-1
			o := open{first: len(m.records)}
			for i := range n {
				m.records = append(m.records, modelRecord{part: p, span: len(spans)})
				o.left = append(o.left, o.first+i)
			}
			if p < 0 {
				o.span = tr.Begin(nil, nil, n)
			} else {
				position++
				o.span = tr.Begin(parts[p], at(position), n)
				m.marks = append(m.marks, modelMark{p, len(m.records), position, len(spans)})
			}
			spans = append(spans, o)
		case 2, 3: // some records end
			if len(spans) == 0 {
				continue
			}
			s := &spans[rng.IntN(len(spans))]
			n := rng.IntN(len(s.left) + 1)
			outcome := Outcome(rng.IntN(3))
			if rng.IntN(40) == 0 {
				outcome = Failed
			}
			if err := tr.End(s.span, n, outcome); err != nil {
				return err
			}
			for _, r := range s.left[:n] {
				m.records[r].ended, m.records[r].bad = true, outcome == Failed
			}
			s.left = s.left[n:]
		case 4: // a commit
			entries, err := tr.Committable()
			if err != nil {
				return err
			}
			for _, e := range entries {
				for i := range parts {
					if parts[i] == e.Partition {
						last[i] = e.Offset["position"].(int64)
					}
				}
			}
			for i := range parts {
				if want := m.committable(i); last[i] != want {
					return fmt.Errorf("partition %d stands at %d, want %d", i, last[i], want)
				}
			}
			if rng.IntN(3) > 0 {
				tr.Committed(entries)
			}
		}
	}
	left := 0
	for _, r := range m.records {
		if !r.ended {
			left++
		}
	}
	if tr.Open() != left {
		return fmt.Errorf("%d open, want %d", tr.Open(), left)
	}
	return nil
}

func TestTrackerKeepsNoMemoryOfTheDone(t *testing.T) {
	tr := NewTracker()
	p := connect.Partition("file", "a")
	for i := range int64(10_000) {
		must(t, tr.End(tr.Begin(p, at(i), 3), 3, Acked))
		must(t, tr.End(tr.Begin(nil, nil, 1), 1, Acked))
		entries, err := tr.Committable()
		must(t, err)
		tr.Committed(entries)
	}
	if n := len(tr.parts[p].spans) + len(tr.loose); n != 0 {
		t.Errorf("%d spans are kept", n)
	}
}
