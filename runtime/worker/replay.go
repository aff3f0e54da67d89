package worker

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// Replay makes a connector take the letters of its dead letter queue once more
// instead of its records: from where the last replay ended to where the queue
// ended when this one began. A letter that fails again goes back to the queue,
// behind that end, so that none is taken twice.
type Replay struct {
	Connector string          // whose letters are taken; others are passed over
	Queue     string          // the topic
	Ends      map[int32]int64 // where its partitions ended
	Limit     int             // letters to take; 0 is all
	Topic     string          // of letters that do not say where they came from; "" fails at them
	JSON      connect.Codec   // reads what a source's letters hold as JSON
	Whole     connect.Codec   // and what they hold with its schema

	Taken, Others, Impossible atomic.Int64

	next    map[int32]int64 // how far it has come
	limited bool
	replays map[int64]int // of a source's records, by the offset that they have here
}

var errNoTopic = errors.New("the letter does not say which topic it is from (it was written without contextHeadersEnable): say so with -topic")

// again is how often a source's record has been replayed, this time included.
func (r *Replay) again(rec *connect.Record) int { return r.replays[rec.Offset] }

// cut leaves of what was polled what is to be replayed.
func (r *Replay) cut(runs []kafka.Run) []kafka.Run {
	if r == nil {
		return runs
	}
	kept := runs[:0]
	for _, run := range runs {
		n := r.within(&run)
		if n > 0 {
			run.Cut(n)
			kept = append(kept, run)
		}
	}
	return kept
}

// within is how many of a run's records are to be replayed.
func (r *Replay) within(run *kafka.Run) int {
	if r.next == nil {
		r.next = map[int32]int64{}
	}
	p := run.Partition.Partition
	for i := range run.Len() {
		if r.limited || run.At(i).Offset >= r.Ends[p] {
			r.next[p] = r.Ends[p]
			return i
		}
		r.next[p] = run.At(i).Offset + 1
		if r.foreign(run.At(i).Headers) {
			r.Others.Add(1)
			continue
		}
		if n := r.Taken.Add(1); r.Limit > 0 && n >= int64(r.Limit) {
			r.limited = true
		}
	}
	return run.Len()
}

// done reports whether all was taken. It is false at the end of a queue whose
// last offsets hold no records; then the idle exit ends the replay.
func (r *Replay) done() bool {
	if r == nil || r.limited {
		return r != nil
	}
	for p, end := range r.Ends {
		if r.next[p] < end {
			return false
		}
	}
	return true
}

// foreign reports whether a letter is another connector's. One that does not say
// whose it is counts as ours.
func (r *Replay) foreign(headers []kafka.Header) bool {
	for i := len(headers) - 1; i >= 0 && strings.HasPrefix(headers[i].Key, errHeader); i-- {
		if headers[i].Key == errHeader+"connector.name" {
			return string(headers[i].Value) != r.Connector
		}
	}
	return false
}

// restore makes of a letter the record that it was.
func (r *Replay) restore(o *original) {
	o.place.topic = r.Topic
	o.replays = 1
	kept := o.headers
	for len(kept) > 0 { // those of the last failure stand behind the record's own
		h := kept[len(kept)-1]
		name, ok := strings.CutPrefix(h.Key, errHeader)
		if !ok {
			break
		}
		kept = kept[:len(kept)-1]
		text := string(h.Value)
		switch name {
		case "partition":
			if n, err := strconv.ParseInt(text, 10, 32); err == nil {
				o.place.partition = int32(n)
			}
		case "offset":
			if n, err := strconv.ParseInt(text, 10, 64); err == nil {
				o.place.offset = n
			}
		case "topic":
			o.place.topic = text
		}
		if name == "topic" { // the first of them: what is before is the record's
			break
		}
	}
	if i := slices.IndexFunc(kept, func(h kafka.Header) bool { return h.Key == replaysHeader }); i >= 0 {
		if n, err := strconv.Atoi(string(kept[i].Value)); err == nil && n > 0 && n < 1<<30 {
			o.replays = n + 1
		}
		kept = slices.Delete(slices.Clone(kept), i, i+1)
	}
	o.headers = slices.Clip(kept)
}
