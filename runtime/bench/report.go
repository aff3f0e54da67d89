package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// results are all measurements of a benchmark.
type results struct {
	Lines       int                      `json:"lines"`
	Size        int                      `json:"lineBytes"`
	Runs        map[string][]measurement `json:"runs"`
	FirstRecord []float64                `json:"firstRecordMilliseconds"`
	BinaryBytes int64                    `json:"binaryBytes"`
	Summary     []row                    `json:"summary"`
	Targets     []target                 `json:"targets"`
}

func (r *results) add(name string, m measurement) {
	if r.Runs == nil {
		r.Runs = map[string][]measurement{}
	}
	r.Runs[name] = append(r.Runs[name], m)
}

// row is the medians of one case.
type row struct {
	Case      string  `json:"case"`
	PerSecond float64 `json:"linesPerSecond"`
	CPU       float64 `json:"cpuMicrosecondsPerLine"`
	MaxRSS    int64   `json:"maxRSSBytes"`
	Ratio     float64 `json:"throughputOfYardstick"`
	CPURatio  float64 `json:"cpuOfYardstick"`
}

// yardstick names the bare program of each pipeline.
var yardstick = map[string]string{
	"file → topic": "bare produce",
	"with JSON":    "bare produce",
	"topic → file": "bare consume",
}

// target is one promise and what was measured.
type target struct {
	What   string  `json:"what"`
	Want   float64 `json:"want"`
	Got    float64 `json:"got"`
	Unit   string  `json:"unit"`
	AtMost bool    `json:"atMost"`
	Pass   bool    `json:"pass"`
}

func (r *results) summarise() {
	by := map[string]row{}
	for _, c := range cases {
		runs := r.Runs[c.name]
		w := row{
			Case:      c.name,
			PerSecond: float64(r.Lines) / median(runs, func(m measurement) float64 { return m.Wall }),
			CPU:       median(runs, func(m measurement) float64 { return m.CPU }) * 1e6 / float64(r.Lines),
			MaxRSS:    int64(median(runs, func(m measurement) float64 { return float64(m.MaxRSS) })),
		}
		if bare := r.Runs[yardstick[c.name]]; len(bare) > 0 {
			w.Ratio = median(pairs(bare, runs), func(p [2]measurement) float64 { return p[0].Wall / p[1].Wall })
			w.CPURatio = median(pairs(bare, runs), func(p [2]measurement) float64 { return p[1].CPU / p[0].CPU })
		}
		by[c.name] = w
		r.Summary = append(r.Summary, w)
	}
	const mib = 1 << 20
	first := median(r.FirstRecord, func(ms float64) float64 { return ms })
	r.Targets = []target{
		{What: "file → topic, of the bare client", Want: 0.8, Got: by["file → topic"].Ratio},
		{What: "topic → file, of the bare client", Want: 0.8, Got: by["topic → file"].Ratio},
		{What: "two transforms and JSON, of the bare client", Want: 0.5, Got: by["with JSON"].Ratio},
		{What: "exec → first record", Want: 100, Got: first, Unit: "ms", AtMost: true},
		{What: "peak memory, file → topic", Want: 64, Got: float64(by["file → topic"].MaxRSS) / mib, Unit: "MiB", AtMost: true},
		{What: "binary, stripped", Want: 16, Got: float64(r.BinaryBytes) / mib, Unit: "MiB", AtMost: true},
	}
	for i := range r.Targets {
		t := &r.Targets[i]
		t.Pass = t.Got >= t.Want
		if t.AtMost {
			t.Pass = t.Got <= t.Want
		}
	}
}

func (r *results) print(w io.Writer, asJSON bool) error {
	r.summarise()
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	fmt.Fprintf(w, "%d lines of %d bytes, medians of %d rounds\n\n", r.Lines, r.Size, len(r.Runs[cases[0].name]))
	fmt.Fprintf(w, "%-15s %12s %12s %10s %12s %8s\n", "", "lines/s", "CPU µs/line", "peak MiB", "throughput", "CPU")
	for _, s := range r.Summary {
		fmt.Fprintf(w, "%-15s %12.0f %12.3f %10d", s.Case, s.PerSecond, s.CPU, s.MaxRSS>>20)
		if s.Ratio > 0 {
			fmt.Fprintf(w, " %11.2f× %7.2f×", s.Ratio, s.CPURatio)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
	for _, t := range r.Targets {
		verdict, bound := "miss", "at least"
		if t.Pass {
			verdict = "PASS"
		}
		if t.AtMost {
			bound = "at most"
		}
		fmt.Fprintf(w, "%s  %-45s %8.2f %-4s (%s %g)\n", verdict, t.What, t.Got, t.Unit, bound, t.Want)
	}
	return nil
}

// pairs puts the runs of one round together: what disturbs the machine for a
// while disturbs both, so the median of their ratios is steadier than the ratio
// of two medians.
func pairs(bare, runs []measurement) [][2]measurement {
	var ps [][2]measurement
	for i := range min(len(bare), len(runs)) {
		ps = append(ps, [2]measurement{bare[i], runs[i]})
	}
	return ps
}

// median is the middle of what f gives for xs; 0 for none.
func median[T any](xs []T, f func(T) float64) float64 {
	if len(xs) == 0 {
		return 0
	}
	var v []float64
	for _, x := range xs {
		v = append(v, f(x))
	}
	slices.Sort(v)
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}
