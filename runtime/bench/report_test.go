package main

import (
	"strings"
	"testing"
)

func TestMedian(t *testing.T) {
	id := func(x float64) float64 { return x }
	tests := []struct {
		in   []float64
		want float64
	}{
		{nil, 0},
		{[]float64{3}, 3},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 2, 3}, 2.5},
	}
	for _, tt := range tests {
		if got := median(tt.in, id); got != tt.want {
			t.Errorf("median of %v is %v, want %v", tt.in, got, tt.want)
		}
	}
}

// Ratios are to the yardstick of the same direction, and targets are judged
// the right way round.
func TestReport(t *testing.T) {
	r := results{Lines: 1000, FirstRecord: []float64{50, 400, 60}, BinaryBytes: 17 << 20}
	r.add("bare produce", measurement{Wall: 1, CPU: 1, MaxRSS: 100 << 20})
	r.add("file → topic", measurement{Wall: 1.25, CPU: 2, MaxRSS: 40 << 20})
	r.add("with JSON", measurement{Wall: 4, CPU: 4})
	r.add("bare consume", measurement{Wall: 0.5, CPU: 1})
	r.add("topic → file", measurement{Wall: 1, CPU: 1})
	var out strings.Builder
	if err := r.print(&out, false); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{
		"file → topic, of the bare client":            true,
		"topic → file, of the bare client":            false,
		"two transforms and JSON, of the bare client": false,
		"exec → first record":                         true,
		"peak memory, file → topic":                   true,
		"binary, stripped":                            false,
	}
	for _, target := range r.Targets {
		if target.Pass != want[target.What] {
			t.Errorf("%s: got %g, pass is %v", target.What, target.Got, target.Pass)
		}
	}
	if !strings.Contains(out.String(), "PASS  exec → first record") {
		t.Errorf("the text does not say what passed:\n%s", &out)
	}
}
