package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/offset"
)

// flight is one poll's records on their way to Kafka. All bookkeeping is by
// batch: a record that is acknowledged costs no more than the call that says so.
type flight struct {
	t     *sourceTask
	out   *kafka.Batch
	spans []flightSpan
	k     int   // the span that is being filled
	bytes int   // of keys and values
	dead  []int // places in out of dead letters, ascending
	lost  []lostRecord
	trace *traced

	ended func(int, error)
	done  func()
}

// flightSpan is one span of the poll.
type flightSpan struct {
	span    *offset.Span
	end     int // in the poll: the records before it
	outEnd  int // in out: the records before it
	dropped int
}

type lostRecord struct {
	at  int
	err error
}

// newFlight begins the spans of a poll.
func (t *sourceTask) newFlight(b *connect.Batch) *flight {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.emptyFlight(len(b.Records))
	first := 0
	for _, m := range b.Marks() {
		f.spans = append(f.spans, flightSpan{span: t.tracker.Begin(m.Partition, m.Offset, m.End-first), end: m.End})
		first = m.End
	}
	if rest := len(b.Records) - first; rest > 0 {
		f.spans = append(f.spans, flightSpan{span: t.tracker.Begin(nil, nil, rest), end: len(b.Records)})
	}
	t.actives.add(time.Now(), int64(t.tracker.Open()))
	return f
}

// emptyFlight takes a flight that was used, or makes one, with room for so many
// records; t.mu is held.
func (t *sourceTask) emptyFlight(records int) (f *flight) {
	if n := len(t.flights); n > 0 {
		f, t.flights = t.flights[n-1], t.flights[:n-1]
	} else {
		f = &flight{t: t}
		f.ended, f.done = f.recordEnded, f.landed
	}
	f.out = t.writer.NewBatch(records)
	f.out.Ended, f.out.Done = f.ended, f.done
	return f
}

// part sends what f holds on its way, as a flight of its own, and leaves f
// with the records behind it. A span that is cut ends with its second part.
func (t *sourceTask) part(f *flight) error {
	t.mu.Lock()
	sent := t.emptyFlight(f.spans[len(f.spans)-1].end - f.out.Len())
	f.out, sent.out = sent.out, f.out
	f.out.Ended, f.out.Done = f.ended, f.done
	sent.out.Ended, sent.out.Done = sent.ended, sent.done
	sent.spans = append(sent.spans, f.spans[:f.k+1]...)
	sent.k, sent.bytes, sent.dead = f.k, f.bytes, append(sent.dead, f.dead...)
	sent.seal()

	f.spans = append(f.spans[:0], f.spans[f.k:]...)
	f.spans[0].outEnd, f.spans[0].dropped = 0, 0
	f.k, f.bytes, f.dead = 0, 0, f.dead[:0]
	t.mu.Unlock()
	err := t.settle(sent, nil)
	sent.trace = t.span.hold()
	t.produce(sent)
	return err
}

// send hands a flight to the producer, within a transaction where there are
// such.
func (t *sourceTask) send(stop context.Context, f *flight) error {
	f.trace = t.span.hold()
	if t.txn != nil {
		err := t.txn.put(stop, item{f: f})
		if err != nil {
			f.trace.release(err)
			f.out.Discard()
		}
		return err
	}
	t.produce(f)
	return nil
}

func (t *sourceTask) produce(f *flight) {
	t.inFlight.Add(1)
	f.trace.stage(traceProduce)
	t.writer.Produce(t.sending, f.out)
}

// reach makes the span of record i of the poll the current one.
func (f *flight) reach(i int) {
	for i >= f.spans[f.k].end {
		f.spans[f.k].outEnd = f.out.Len()
		f.k++
	}
}

// seal closes the spans that are left.
func (f *flight) seal() {
	for k := f.k; k < len(f.spans); k++ {
		f.spans[k].outEnd = f.out.Len()
	}
}

// recordEnded is told by the producer of each record's end. One that Kafka
// refuses ends the task at once, and not with the last of its flight: what is
// behind it in its partition would be written meanwhile, before it.
func (f *flight) recordEnded(i int, err error) {
	if err == nil {
		return
	}
	f.lost = append(f.lost, lostRecord{i, err})
	if f.t.txn != nil || errors.Is(err, kafka.ErrNotDelivered) {
		return // its transaction is aborted; nobody refused it
	}
	_, letter := slices.BinarySearch(f.dead, i)
	f.t.fail(f.explain(err, letter))
	f.t.cease()
}

// landed is told when all records have ended.
func (f *flight) landed() {
	t := f.t
	var err error
	t.mu.Lock()
	if t.txn == nil { // else its records end with the transaction
		err = f.account()
		n := f.out.Len()
		t.records.Add(uint64(max(n-len(f.dead)-len(f.lost), 0)))
		t.bytes.Add(uint64(f.bytes))
		t.dead.Add(uint64(len(f.dead)))
	}
	traced, lost := f.trace, err
	if lost == nil && len(f.lost) > 0 {
		lost = f.lost[0].err // of a transaction, or without an answer
	}
	f.reset()
	t.flights = append(t.flights, f)
	t.mu.Unlock()
	if err != nil {
		t.fail(err)
	}
	traced.release(lost)
	t.inFlight.Add(-1)
	select {
	case t.landed <- struct{}{}:
	default:
	}
}

// account gives every record of the batch its outcome. What was not delivered
// has none: nothing behind it is committed. Each record is looked at once,
// however many spans there are: a span may be one record.
func (f *flight) account() error {
	slices.SortFunc(f.lost, func(a, b lostRecord) int { return a.at - b.at }) // they end in any order
	c := counting{dead: f.dead, lost: f.lost}
	for k := range f.spans {
		s := &f.spans[k]
		n := f.count(&c, s.outEnd)
		for _, end := range []struct {
			n int
			o offset.Outcome
		}{{n.acked, offset.Acked}, {n.dead, offset.DeadLettered}, {n.bad, offset.Failed}} {
			if err := f.t.tracker.End(s.span, end.n, end.o); err != nil {
				return err
			}
		}
	}
	return c.failed
}

// counting is how far the records are counted: those before from are, and dead
// and lost are of those behind.
type counting struct {
	from   int
	dead   []int
	lost   []lostRecord
	failed error // the first
}

// tally is how many records ended how.
type tally struct{ acked, dead, bad int }

// count counts the records up to end.
func (f *flight) count(c *counting, end int) (n tally) {
	letters, _ := slices.BinarySearch(c.dead, end)
	n.acked, n.dead = end-c.from-letters, letters
	for ; len(c.lost) > 0 && c.lost[0].at < end; c.lost = c.lost[1:] {
		l := c.lost[0]
		_, letter := slices.BinarySearch(c.dead[:letters], l.at)
		if letter {
			n.dead--
		} else {
			n.acked--
		}
		if errors.Is(l.err, kafka.ErrNotDelivered) {
			f.t.undelivered.Add(1)
			continue
		}
		n.bad++
		if letter {
			f.t.letterFailures.Add(1)
		}
		if c.failed == nil {
			c.failed = f.explain(l.err, letter)
		}
	}
	c.from, c.dead = end, c.dead[letters:]
	return n
}

func (f *flight) explain(err error, letter bool) error {
	if letter {
		err = fmt.Errorf("the dead letter queue cannot be written: %w", err)
	}
	return f.t.call(stageProduce, f.t.cfg.Connector, err)
}

func (f *flight) reset() {
	clear(f.spans)
	clear(f.lost)
	f.spans, f.dead, f.lost = f.spans[:0], f.dead[:0], f.lost[:0]
	f.k, f.bytes, f.out, f.trace = 0, 0, nil, nil
}
