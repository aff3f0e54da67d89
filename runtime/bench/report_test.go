package main

import (
	"encoding/xml"
	"io"
	"path/filepath"
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

// sample is a result of three cases, one of them nothing bare does.
func sample() *results {
	r := &results{Machine: thisMachine(), Lines: 1000, Starts: map[string]*start{}, Pipeline: 17 << 20}
	for _, c := range cases[:4] {
		r.Cases = append(r.Cases, &caseResult{Name: c.name, Title: c.title, By: map[string]*standing{}})
	}
	for _, by := range contenders {
		r.Starts[by.name] = &start{FirstRecord: []float64{50, 400, 60}, Idle: 30 * megabyte, Disk: 9 << 20}
	}
	r.add("source", bare, measurement{Round: 1, Lines: 1000, Wall: 1, CPU: 1, Peak: 100 * megabyte})
	r.add("source", kcgen, measurement{Round: 1, Lines: 1000, Wall: 1.25, CPU: 1.25, Peak: 40 * megabyte})
	r.add("source", connect, measurement{Round: 1, Lines: 1000, Wall: 20, CPU: 30, Peak: 900 * megabyte, SteadyLines: 500, SteadyCPU: 2.5})
	r.add("source", connectSm, measurement{Round: 1, Lines: 1000, Wall: 20, CPU: 30, Peak: 400 * megabyte})
	r.add("json", bare, measurement{Round: 1, Lines: 1000, Wall: 1, CPU: 1})
	r.add("json", kcgen, measurement{Round: 1, Lines: 1000, Wall: 1, CPU: 1.25, Peak: 110 * megabyte})
	r.add("json", connect, measurement{Round: 1, Lines: 1000, Wall: 20, CPU: 30, SteadyLines: 500, SteadyCPU: 2.5})
	r.add("envelope", kcgen, measurement{Round: 1, Lines: 1000, Wall: 1, CPU: 2})
	r.add("envelope", connect, measurement{Round: 1, Lines: 1000, Wall: 20, CPU: 30, SteadyLines: 500, SteadyCPU: 2.5})
	r.summarise()
	return r
}

// Ratios are to the yardstick of the same case, and targets are judged the right
// way round.
func TestTargets(t *testing.T) {
	want := map[string]bool{
		"file → topic, of the bare client":                                    false, // 0.8
		"two transforms and JSON, of the bare client":                         true,  // 0.8
		"two transforms and JSON, of Kafka Connect":                           true,  // 24
		"two transforms and JSON, of Kafka Connect's second half":             true,  // 4
		"two transforms and JSON with schema, of Kafka Connect":               true,  // 15
		"two transforms and JSON with schema, of Kafka Connect's second half": false, // 2.5
		"peak memory, the most (json)":                                        false,
		"peak memory, of Kafka Connect with 256 MB (source)":                  true,
		"idle memory":              false,
		"exec to the first record": true,
		"the largest of these binaries, of files all, stripped": false,
	}
	r := sample()
	if len(r.Targets) != len(want) {
		t.Errorf("%d targets, want %d", len(r.Targets), len(want))
	}
	for _, target := range r.Targets {
		if pass, ok := want[target.What]; !ok || target.Pass != pass {
			t.Errorf("%s: got %g, pass is %v", target.What, target.Got, target.Pass)
		}
	}
}

func TestForms(t *testing.T) {
	r := sample()
	var out strings.Builder
	r.text(&out)
	for _, text := range []string{out.String(), r.markdown()} {
		for _, want := range []string{"PASS", "miss", "Kafka Connect, 256 MB heap", "24.0 (4.0)", "60 ms"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
	}
}

// What was measured before counts as rounds before the first.
func TestEarlier(t *testing.T) {
	o := options{lines: 1000, more: filepath.Join(t.TempDir(), "results.json")}
	if err := sample().write(io.Discard, options{json: o.more}); err != nil {
		t.Fatal(err)
	}
	old, err := earlier(o)
	if err != nil {
		t.Fatal(err)
	}
	r := sample()
	r.Cases[0].By = map[string]*standing{}
	r.takeOver(old)
	r.add("source", kcgen, measurement{Round: 1 + r.before, Lines: 1000, Wall: 1, CPU: 1})
	r.summarise()
	if runs := r.Cases[0].By[kcgen].Runs; len(runs) != 2 || r.Rounds != 2 {
		t.Errorf("%d rounds, runs %+v", r.Rounds, runs)
	}
	// A case that this run leaves out is kept, in its place.
	r = sample()
	r.Cases = r.Cases[1:]
	if r.takeOver(old); len(r.Cases) != 4 || r.Cases[0].Name != "source" {
		t.Errorf("%d cases, the first %s", len(r.Cases), r.Cases[0].Name)
	}
}

// Runs that cannot be compared are not put together.
func TestEarlierOfAnotherKind(t *testing.T) {
	o := options{lines: 2000, more: filepath.Join(t.TempDir(), "results.json")}
	r := sample()
	if err := r.write(io.Discard, options{json: o.more}); err != nil {
		t.Fatal(err)
	}
	if _, err := earlier(o); err == nil || !strings.Contains(err.Error(), "add -n 1000") {
		t.Errorf("runs of another length: %v", err)
	}
	r.Machine.Hardware = "1 × 6502"
	if err := r.write(io.Discard, options{json: o.more}); err != nil {
		t.Fatal(err)
	}
	o.lines = 1000
	if _, err := earlier(o); err == nil || !strings.Contains(err.Error(), "1 × 6502") {
		t.Errorf("runs of another machine: %v", err)
	}
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		_, err := d.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
	}
}

func TestChart(t *testing.T) {
	text := sample().chart()
	wellFormed(t, text)
	if n := strings.Count(text, `class="ours" x="330"`); n != 3 {
		t.Errorf("%d bars of kcgen, want 3", n)
	}
	if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
		t.Error("a place is no number")
	}
}

func TestPlot(t *testing.T) {
	var curves []curve
	for _, log := range []bool{false, true} {
		c := curve{title: "cost & gain", x: "lines", unit: "µs", log: log}
		for n := 1.0; n <= 1000; n *= 10 {
			c.add("one", n, 0)
			c.add("two", n, n/7)
		}
		curves = append(curves, c)
		if got := c.table(); !strings.Contains(got, "| two, µs | 0.143 | 1.43 | 14.3 | 143 |") {
			t.Errorf("the table is\n%s", got)
		}
	}
	text := plot(curves)
	wellFormed(t, text)
	if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
		t.Errorf("a place is no number:\n%s", text)
	}
}

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		short(1_234_567): "1.23 M", short(12_345): "12.3 k", short(0.5): "0.5",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for most, want := range map[float64]float64{1: 0.2, 2.1e6: 5e5, 8: 2, 3.9: 0.5} {
		if got := niceStep(most); got < want*0.999 || got > want*1.001 {
			t.Errorf("an axis up to %g has steps of %g, want %g", most, got, want)
		}
	}
}
