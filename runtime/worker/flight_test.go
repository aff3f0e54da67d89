package worker

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/offset"
)

// TestAccount: whatever became of records, letters and lost ones among them, in
// spans of any size, each is counted once and as what it was.
func TestAccount(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 2000 {
		f, want := chanceFlight(random)
		tracker := offset.NewTracker()
		f.t = &sourceTask{tracker: tracker, cfg: &Source{}}
		for k := range f.spans {
			f.spans[k].span = tracker.Begin(nil, nil, want.spans[k])
		}
		err := f.account()
		if (err != nil) != (want.bad > 0) {
			t.Fatalf("%+v: error %v", want, err)
		}
		if err != nil && !errors.Is(err, want.first) {
			t.Fatalf("error %v, want that of the first record, %v", err, want.first)
		}
		if a, d, b := tracker.Count(offset.Acked), tracker.Count(offset.DeadLettered), tracker.Count(offset.Failed); a != want.acked || d != want.dead || b != want.bad {
			t.Fatalf("acked %d, dead %d, bad %d; want %+v", a, d, b, want)
		}
		if tracker.Open() != want.open || f.t.undelivered.Load() != int64(want.open) {
			t.Fatalf("%d are open, %d undelivered, want %d", tracker.Open(), f.t.undelivered.Load(), want.open)
		}
	}
}

// ends is how the records of a flight ended.
type ends struct {
	acked, dead, bad uint64
	open             int
	spans            []int // how many records each has
	first            error // of the bad ones
}

func chanceFlight(random *rand.Rand) (*flight, ends) {
	f, want, at := &flight{}, ends{}, 0
	for range 1 + random.IntN(8) {
		n := random.IntN(5)
		for range n {
			letter := random.IntN(3) == 0
			if letter {
				f.dead = append(f.dead, at)
			}
			switch how := random.IntN(5); {
			case how == 0:
				f.lost = append(f.lost, lostRecord{at, kafka.ErrNotDelivered})
				want.open++
			case how == 1:
				bad := fmt.Errorf("record %d", at)
				f.lost = append(f.lost, lostRecord{at, bad})
				if want.bad++; want.first == nil {
					want.first = bad
				}
			case letter:
				want.dead++
			default:
				want.acked++
			}
			at++
		}
		want.spans = append(want.spans, n)
		f.spans = append(f.spans, flightSpan{end: at, outEnd: at})
	}
	random.Shuffle(len(f.lost), func(i, k int) { f.lost[i], f.lost[k] = f.lost[k], f.lost[i] })
	return f, want
}

// TestPlaceOfFailure: the mark that a failed record counts towards.
func TestPlaceOfFailure(t *testing.T) {
	p := &connect.SourcePartition{Pairs: []connect.Pair{{Key: "file", Value: "a"}}}
	b := &connect.Batch{}
	for i := range 7 {
		b.Records = append(b.Records, connect.Record{Topic: "t"})
		if i == 1 || i == 4 {
			b.Mark(p, connect.SourceOffset{"position": i})
		}
	}
	var places []string
	task := &sourceTask{cfg: &Source{}}
	task.orig.Topic = "t"
	for at := range b.Records {
		places = append(places, task.place(at, b))
	}
	want := []string{
		`topic t, source partition {"file":"a"}, record 1 of the 2 before map[position:1]`,
		`topic t, source partition {"file":"a"}, record 2 of the 2 before map[position:1]`,
		`topic t, source partition {"file":"a"}, record 1 of the 3 before map[position:4]`,
		`topic t, source partition {"file":"a"}, record 2 of the 3 before map[position:4]`,
		`topic t, source partition {"file":"a"}, record 3 of the 3 before map[position:4]`,
		"topic t", "topic t",
	}
	if !slices.Equal(places, want) {
		t.Errorf("%q", places)
	}
}

// BenchmarkAccount is of polls of which each record has a mark of its own, and
// is a dead letter.
func BenchmarkAccount(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f := &flight{t: &sourceTask{cfg: &Source{}}}
			for i := range n {
				f.dead = append(f.dead, i)
				f.spans = append(f.spans, flightSpan{end: i + 1, outEnd: i + 1})
			}
			for b.Loop() {
				f.t.tracker = offset.NewTracker()
				for k := range f.spans {
					f.spans[k].span = f.t.tracker.Begin(nil, nil, 1)
				}
				if err := f.account(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/record")
		})
	}
}
