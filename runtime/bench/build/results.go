package main

import (
	"fmt"
	"strings"

	"kcgen.dev/runtime/bench/report"
)

// results are what was measured.
type results struct {
	rows     []row
	notes    []string
	binaries []binary
	targets  []report.Target
}

// row is one kind of build: what go build took, and what kcgen build took, by
// spec.
type row struct {
	what          string
	yardstick     took
	ours          took
	sameYardstick bool // as in the row above
}

func (r *results) add(what string, yardstick, ours took) {
	r.rows = append(r.rows, row{what: what, yardstick: yardstick, ours: ours})
}

// again adds a row that is measured by the yardstick of the last.
func (r *results) again(what string, ours took) {
	r.rows = append(r.rows, row{what, r.rows[len(r.rows)-1].yardstick, ours, true})
}

// promise judges the build of which all is known but one word.
func (r *results) promise(yardstick, ours took) {
	r.targets = report.Judge([]report.Target{
		{What: "kcgen build, one word changed", Want: 2, Got: ours.wall.Seconds(), Unit: "s", AtMost: true},
		{What: "the same, of the go build inside it", Want: 3, Got: ours.wall.Seconds() / yardstick.wall.Seconds(), Unit: "×", AtMost: true},
	})
}

// markdown is the result as tables.
func (r *results) markdown() string {
	var w strings.Builder
	fmt.Fprintf(&w, "Measured on %s; %s.\n\n", report.Hardware(), report.Go())
	fmt.Fprintf(&w, "| | go build | kcgen build | wall | CPU |\n|---|--:|--:|--:|--:|\n")
	for _, row := range r.rows {
		yardstick := row.yardstick.String()
		if row.sameYardstick {
			yardstick = ""
		}
		wall, cpu := row.ours.of(row.yardstick)
		fmt.Fprintf(&w, "| %s | %s | %s | %.2f × | %.2f × |\n", row.what, yardstick, row.ours, wall, cpu)
	}
	for _, n := range r.notes {
		fmt.Fprintf(&w, "\n%s\n", n)
	}
	fmt.Fprintf(&w, "\n%s\n%s", report.Table(r.targets), r.sizeTable())
	return w.String()
}
