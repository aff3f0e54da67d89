package main

import (
	"fmt"
	"strings"

	"kcgen.dev/runtime/bench/report"
)

// markdown is the result as tables.
func (r *results) markdown() string {
	var w strings.Builder
	fmt.Fprintf(&w, "Measured on %s; %s. %s lines of 100 bytes (cases with larger ones: fewer), medians of %s.\n\n",
		r.Machine.Hardware, r.Machine.Versions, report.Grouped(r.Lines), r.rounds())
	fmt.Fprintf(&w, "| | lines/s | lines per CPU s | CPU s per million | peak MB | of bare | of Connect |\n|---|--:|--:|--:|--:|--:|--:|\n")
	for _, c := range r.Cases {
		fmt.Fprintf(&w, "| **%s** | | | | | | |\n", c.Title)
		for _, by := range contenders {
			s := c.By[by.name]
			if s == nil {
				continue
			}
			perCPU := report.Thousands(s.PerCPU)
			if by.java {
				perCPU += " (" + s.behindStart(by) + ")"
			}
			fmt.Fprintf(&w, "| %s | %s | %s | %.2f | %d | %s | %s |\n", by.title, report.Thousands(s.PerSecond), perCPU, s.Cost, s.Peak/megabyte, times(s.OfBare), s.besideConnect())
		}
	}
	fmt.Fprintf(&w, "\n| | exec to first record | idle MB | on disk |\n|---|--:|--:|--:|\n")
	for _, by := range contenders {
		s := r.Starts[by.name]
		if s == nil || len(s.FirstRecord) == 0 {
			continue
		}
		fmt.Fprintf(&w, "| %s | %.0f ms | %s | %s |\n", by.title, s.first(), megabytes(s.Idle), mebibytes(s.Disk, by))
	}
	return w.String() + "\n" + report.Table(r.Targets)
}
