package history_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kcgen.dev/runtime/servertest/history"
)

// line is line n of source a.
func line(n int64) string { return string(history.AppendLine(nil, "a", n, 100)) }

// arrivals are lines at rising offsets of topic t.
func arrivals(lines ...string) []history.Arrival {
	var as []history.Arrival
	for i, l := range lines {
		as = append(as, history.Arrival{Topic: "t", Offset: int64(i), Line: []byte(l)})
	}
	return as
}

func swapped(as []history.Arrival) []history.Arrival {
	as[1].Offset, as[2].Offset = as[2].Offset, as[1].Offset
	return as
}

func elsewhere(as []history.Arrival) []history.Arrival {
	as[2].Topic = "other"
	return as
}

// Every planted fault is found, and counted as what it is.
func TestPlantedFaults(t *testing.T) {
	flipped := []byte(line(1))
	flipped[20] ^= 1
	tests := []struct {
		name string
		in   []history.Arrival
		want history.Report
	}{
		{"all is well", arrivals(line(0), line(1), line(2), line(3)), history.Report{Arrived: 4}},
		{"nothing arrived", nil, history.Report{Lost: 4}},
		{"lost first", arrivals(line(1), line(2), line(3)), history.Report{Arrived: 3, Lost: 1}},
		{"lost two in the middle", arrivals(line(0), line(3)), history.Report{Arrived: 2, Lost: 2}},
		{"lost last", arrivals(line(0), line(1), line(2)), history.Report{Arrived: 3, Lost: 1}},
		{"one twice", arrivals(line(0), line(1), line(1), line(2), line(3)), history.Report{Arrived: 5, Duplicated: 1, Rewinds: 1}},
		{"a run again", arrivals(line(0), line(1), line(2), line(1), line(2), line(3)), history.Report{Arrived: 6, Duplicated: 2, Rewinds: 1}},
		{"two change places", arrivals(line(0), line(2), line(1), line(3)), history.Report{Arrived: 4, Rewinds: 1, Reordered: 1}},
		{"one late", arrivals(line(1), line(2), line(3), line(0)), history.Report{Arrived: 4, Rewinds: 1, Reordered: 1}},
		{"a bit flipped", arrivals(line(0), string(flipped), line(2), line(3)), history.Report{Arrived: 4, Lost: 1, Damaged: 1}},
		{"two glued", arrivals(line(0), line(1)+line(2), line(3)), history.Report{Arrived: 3, Lost: 2, Damaged: 1}},
		{"glued to a torn one", arrivals(line(0), line(1)[:50]+line(1), line(2), line(3)), history.Report{Arrived: 4, Lost: 1, Damaged: 1}},
		{"torn, then again", arrivals(line(0), line(1)[:50], line(1), line(2), line(3)), history.Report{Arrived: 5, Torn: 1}},
		{"torn in the name", arrivals(line(0), "a", line(1), line(2), line(3)), history.Report{Arrived: 5, Torn: 1}},
		{"torn in the checksum", arrivals(line(0), line(1)[:97], line(1), line(2), line(3)), history.Report{Arrived: 5, Torn: 1}},
		{"torn and lost", arrivals(line(0), line(1)[:50], line(2), line(3)), history.Report{Arrived: 4, Lost: 1, Torn: 1}},
		{"an empty line", arrivals(line(0), line(1), "", line(2), line(3)), history.Report{Arrived: 5, Damaged: 1}},
		{"wrong topic", elsewhere(arrivals(line(0), line(1), line(2), line(3))), history.Report{Arrived: 4, Misplaced: 1}},
		{"unknown number", arrivals(line(0), line(1), line(2), line(3), line(4)), history.Report{Arrived: 5, Invented: 1}},
		{"unknown source", arrivals(line(0), line(1), line(2), line(3), string(history.AppendLine(nil, "b", 0, 80))), history.Report{Arrived: 5, Invented: 1}},
		{"offsets go backwards", swapped(arrivals(line(0), line(1), line(2), line(3))), history.Report{Arrived: 4, Backwards: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := history.NewChecker(history.Source{Name: "a", Lines: 4, Topic: "t"})
			for _, a := range tt.in {
				c.Add(a)
			}
			got := c.Report()
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(history.Report{}, "Examples")); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
			faults := got.Lost+got.Reordered+got.Damaged+got.Misplaced+got.Invented+got.Backwards > 0
			if got.Complete() == faults {
				t.Errorf("complete is %v of %v", got.Complete(), got)
			}
			if got.Exact() != (!faults && got.Duplicated+got.Torn == 0) {
				t.Errorf("exact is %v of %v", got.Exact(), got)
			}
			if faults && len(got.Examples) == 0 {
				t.Error("faults without an example")
			}
		})
	}
}

// Over several partitions order is not the source's; sources are apart.
func TestPartitionsAndSources(t *testing.T) {
	c := history.NewChecker(history.Source{Name: "p", Lines: 2, Partitioned: true}, history.Source{Name: "q", Lines: 1})
	c.Add(history.Arrival{Topic: "t", Partition: 1, Line: history.AppendLine(nil, "p", 1, 0)})
	c.Add(history.Arrival{Topic: "t", Partition: 0, Line: history.AppendLine(nil, "p", 0, 0)})
	if r := c.Report(); r.Lost != 1 || r.Reordered != 0 || r.Rewinds != 0 {
		t.Errorf("got %v, want q's one line lost and nothing else", r)
	}
}

func TestAddFile(t *testing.T) {
	c := history.NewChecker(history.Source{Name: "a", Lines: 3})
	if err := c.AddFile("out.txt", strings.NewReader(line(0)+"\n"+line(1)+"\n"+line(2))); err != nil {
		t.Fatal(err)
	}
	if r := c.Report(); !r.Exact() || r.Arrived != 3 {
		t.Errorf("got %v", r)
	}
}

func TestLineLength(t *testing.T) {
	for _, size := range []int{0, 20, 100, 1000} {
		got := history.AppendLine([]byte("before"), "source-1", 123456, size)
		if n := len(got) - len("before"); n != max(size, 25) {
			t.Errorf("a line of %d bytes has %d", size, n)
		}
		if bytes.ContainsAny(got, "\n\r") {
			t.Errorf("a line of %d bytes is more than one", size)
		}
	}
}
