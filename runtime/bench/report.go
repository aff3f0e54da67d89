package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"kcgen.dev/runtime/bench/report"
)

// results are all measurements of a benchmark, and what they say.
type results struct {
	Machine  machine           `json:"machine"`
	Lines    int               `json:"lines"` // of 100 bytes
	Rounds   int               `json:"rounds"`
	Fewest   int               `json:"fewestRounds"` // fewer where it was interrupted, or one failed
	Cases    []*caseResult     `json:"cases"`
	Starts   map[string]*start `json:"starts"`        // by contender
	Pipeline int64             `json:"pipelineBytes"` // the largest binary that kcgen built
	Targets  []report.Target   `json:"targets"`
	before   int               // rounds of an earlier run
}

// caseResult is a row.
type caseResult struct {
	Name  string               `json:"name"`
	Title string               `json:"title"`
	By    map[string]*standing `json:"contenders"`
}

// standing is how a contender did in a case: medians, and ratios to others.
type standing struct {
	PerSecond float64 `json:"linesPerSecond"`
	PerCPU    float64 `json:"linesPerCPUSecond"`       // from exec to exit
	Steady    float64 `json:"steadyLinesPerCPUSecond"` // of the second half
	Cost      float64 `json:"cpuSecondsPerMillionLines"`
	Peak      int64   `json:"peakBytes"`

	// Lines per CPU second, of those of the bare program, of the same with its
	// client's defaults, and of Kafka Connect with 2 GB: from exec to exit, and
	// beside its second half alone.
	OfBare    float64 `json:"ofBare,omitempty"`
	OfPlain   float64 `json:"ofBareDefaults,omitempty"`
	OfConnect float64 `json:"ofConnect,omitempty"`
	OfSteady  float64 `json:"ofConnectSteady,omitempty"`

	Runs []measurement `json:"runs"`
}

// start is what a contender takes before and beside its work.
type start struct {
	FirstRecord []float64 `json:"firstRecordMilliseconds"`
	Idle        int64     `json:"idleBytes"`
	Disk        int64     `json:"diskBytes"`
}

func newResults(b *bench) *results {
	r := &results{Machine: thisMachine(), Lines: b.lines, Starts: map[string]*start{}}
	for _, c := range b.cases {
		r.Cases = append(r.Cases, &caseResult{Name: c.name, Title: c.title, By: map[string]*standing{}})
		if size, err := treeSize(b.path("pipeline-" + c.binary())); err == nil {
			r.Pipeline = max(r.Pipeline, size)
		}
	}
	for _, by := range b.rivals {
		r.Starts[by.name] = &start{}
	}
	return r
}

// earlier reads what an earlier run has measured: nil without a file. Medians are
// of runs that can be compared, so it must be of this machine and move as many
// lines.
func earlier(o options) (*results, error) {
	if o.more == "" {
		return nil, nil
	}
	data, err := os.ReadFile(o.more)
	if err != nil {
		return nil, fmt.Errorf("bench: read earlier rounds: %w", err)
	}
	var old results
	if err := json.Unmarshal(data, &old); err != nil {
		return nil, fmt.Errorf("bench: read earlier rounds of %s: %w", o.more, err)
	}
	if old.Lines != o.lines {
		return nil, fmt.Errorf("bench: -more %s: its runs moved %d lines, these would move %d: add -n %d", o.more, old.Lines, o.lines, old.Lines)
	}
	if m := thisMachine(); old.Machine != m {
		return nil, fmt.Errorf("bench: -more %s: its runs were on %s (%s), these would be on %s (%s)",
			o.more, old.Machine.Hardware, old.Machine.Versions, m.Hardware, m.Versions)
	}
	return &old, nil
}

// takeOver adds what an earlier run has measured; nil is nothing.
func (r *results) takeOver(old *results) {
	if old == nil {
		return
	}
	for _, c := range old.Cases {
		here := r.find(c.Name)
		if here == nil { // this run leaves it out
			here = &caseResult{Name: c.Name, Title: c.Title, By: map[string]*standing{}}
			r.Cases = append(r.Cases, here)
		}
		for by, s := range c.By {
			here.By[by] = &standing{Runs: s.Runs}
			for _, m := range s.Runs {
				r.before = max(r.before, m.Round)
			}
		}
	}
	for by, s := range old.Starts {
		r.Starts[by] = s
	}
	r.Pipeline = max(r.Pipeline, old.Pipeline)
	slices.SortStableFunc(r.Cases, func(a, b *caseResult) int { return place(a.Name) - place(b.Name) })
}

// place is where a case stands in a round.
func place(name string) int {
	return slices.IndexFunc(cases, func(c benchCase) bool { return c.name == name })
}

func (r *results) add(name, by string, m measurement) {
	c := r.find(name)
	if c.By[by] == nil {
		c.By[by] = &standing{}
	}
	c.By[by].Runs = append(c.By[by].Runs, m)
}

func (r *results) addStart(by string, first time.Duration, idle int64) {
	s := r.Starts[by]
	s.FirstRecord = append(s.FirstRecord, first.Seconds()*1000)
	s.Idle = max(s.Idle, idle)
}

// find gives a case, or nil.
func (r *results) find(name string) *caseResult {
	i := slices.IndexFunc(r.Cases, func(c *caseResult) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return r.Cases[i]
}

func (r *results) summarise() {
	for _, c := range r.Cases {
		for _, s := range c.By {
			s.PerSecond = median(s.Runs, measurement.perSecond)
			s.PerCPU = median(s.Runs, measurement.perCPU)
			s.Steady = median(s.Runs, measurement.steady)
			s.Cost = 1e6 / s.PerCPU
			s.Peak = int64(median(s.Runs, func(m measurement) float64 { return float64(m.Peak) }))
			s.OfBare = ratio(s, c.By[bare], measurement.perCPU)
			s.OfPlain = ratio(s, c.By[plain], measurement.perCPU)
			s.OfConnect = ratio(s, c.By[connect], measurement.perCPU)
			s.OfSteady = ratio(s, c.By[connect], measurement.steady)
		}
	}
	r.Targets = r.judge()
	for _, c := range r.Cases {
		for _, s := range c.By {
			r.Rounds = max(r.Rounds, len(s.Runs))
			if r.Fewest == 0 || len(s.Runs) < r.Fewest {
				r.Fewest = len(s.Runs)
			}
		}
	}
}

// rounds says how many there were.
func (r *results) rounds() string {
	if r.Fewest < r.Rounds {
		return fmt.Sprintf("%d to %d rounds", r.Fewest, r.Rounds)
	}
	return fmt.Sprintf("%d rounds", r.Rounds)
}

// ratio is a contender's lines per CPU second by those of another, as f gives
// them: the median of the rounds' ratios, as what disturbs the machine for a
// while disturbs both. It is 0 where there is no other.
func ratio(s, other *standing, f func(measurement) float64) float64 {
	if other == nil {
		return 0
	}
	var rs []float64
	for _, run := range s.Runs {
		for _, o := range other.Runs {
			if o.Round == run.Round && f(o) > 0 {
				rs = append(rs, run.perCPU()/f(o))
			}
		}
	}
	return median(rs, func(x float64) float64 { return x })
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
