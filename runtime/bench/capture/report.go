package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// results are all measurements, by database and contender.
type results map[string]map[string][]measurement

func (r results) add(db, by string, m measurement) {
	if r[db] == nil {
		r[db] = map[string][]measurement{}
	}
	r[db][by] = append(r[db][by], m)
}

// print writes medians as a table in Markdown, and what kcgen's are of those of
// Debezium with the roomiest heap.
func (r results) print(w io.Writer, o options) {
	fmt.Fprintf(w, "%d rows read, %d streamed, medians of %d rounds; in parentheses, how many times kcgen does better\n\n", o.rows, o.changes, o.rounds)
	fmt.Fprintf(w, "| | snapshot, rows per CPU s | its second half | stream, rows per CPU s | delay, median ms | p99 ms | peak MB |\n|---|--:|--:|--:|--:|--:|--:|\n")
	for _, db := range slices.Sorted(maps.Keys(r)) {
		fmt.Fprintf(w, "| **%s** | | | | | | |\n", db)
		ours := r[db][kcgen]
		for _, by := range contenders {
			runs := r[db][by.name]
			if len(runs) == 0 {
				continue
			}
			fmt.Fprintf(w, "| %s |", by.title)
			for _, c := range columnsOf {
				fmt.Fprintf(w, " "+c.form, median(runs, c.of))
				if len(ours) > 0 && by.heap != nil {
					fmt.Fprintf(w, " (%.1f)", c.better(median(ours, c.of), median(runs, c.of)))
				}
				fmt.Fprint(w, " |")
			}
			fmt.Fprintln(w)
		}
	}
}

// column is a figure of a run.
type column struct {
	form string
	less bool // is better
	of   func(measurement) float64
}

var columnsOf = []column{
	{"%.0f", false, func(m measurement) float64 { return m.Snapshot.perCPU() }},
	{"%.0f", false, func(m measurement) float64 { return m.Second.perCPU() }},
	{"%.0f", false, func(m measurement) float64 { return m.Stream.perCPU() }},
	{"%.1f", true, func(m measurement) float64 { return millis(m.Delays.at(0.5)) }},
	{"%.1f", true, func(m measurement) float64 { return millis(m.Delays.at(0.99)) }},
	{"%.0f", true, func(m measurement) float64 { return float64(m.Peak) / 1e6 }},
}

// better is how many times ours is better than theirs.
func (c column) better(ours, theirs float64) float64 {
	if c.less {
		ours, theirs = theirs, ours
	}
	return ours / theirs
}

func median(runs []measurement, of func(measurement) float64) float64 {
	var xs []float64
	for _, m := range runs {
		xs = append(xs, of(m))
	}
	slices.Sort(xs)
	return (xs[(len(xs)-1)/2] + xs[len(xs)/2]) / 2
}
