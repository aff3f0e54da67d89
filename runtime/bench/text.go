package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"kcgen.dev/runtime/bench/report"
)

// write gives the result in all forms that were asked for.
func (r *results) write(w io.Writer, o options) error {
	r.text(w)
	if o.json != "" {
		data, err := json.MarshalIndent(r, "", "  ")
		if err == nil {
			err = os.WriteFile(o.json, append(data, '\n'), 0o644)
		}
		if err != nil {
			return fmt.Errorf("bench: write the measurements: %w", err)
		}
	}
	if o.svg != "" {
		if err := os.WriteFile(o.svg, []byte(r.chart()), 0o644); err != nil {
			return fmt.Errorf("bench: draw the result: %w", err)
		}
	}
	if o.readme != "" {
		return report.ReplaceSection(o.readme, "bench", r.markdown())
	}
	return nil
}

func (r *results) text(w io.Writer) {
	fmt.Fprintf(w, "%s\n%s\n%d lines of 100 bytes, medians of %s\n\n", r.Machine.Hardware, r.Machine.Versions, r.Lines, r.rounds())
	fmt.Fprintf(w, "%-27s %11s %11s %11s %8s %6s %8s %11s\n", "", "lines/s", "per CPU s", "steady", "CPU s/M", "MB", "of bare", "of Connect")
	for _, c := range r.Cases {
		fmt.Fprintf(w, "%s\n", c.Title)
		for _, by := range contenders {
			if s := c.By[by.name]; s != nil {
				fmt.Fprintf(w, "  %-25s %11s %11s %11s %8.2f %6d %8s %11s\n", by.title, report.Thousands(s.PerSecond), report.Thousands(s.PerCPU), s.behindStart(by),
					s.Cost, s.Peak/megabyte, times(s.OfBare), s.besideConnect())
			}
		}
	}
	fmt.Fprintf(w, "\n%-27s %12s %8s %10s\n", "", "first record", "idle MB", "on disk")
	for _, by := range contenders {
		s := r.Starts[by.name]
		if s == nil || len(s.FirstRecord) == 0 {
			continue
		}
		fmt.Fprintf(w, "%-27s %9.0f ms %8s %10s\n", by.title, s.first(), megabytes(s.Idle), mebibytes(s.Disk, by))
	}
	fmt.Fprintln(w)
	for _, t := range r.Targets {
		fmt.Fprintf(w, "%s  %-72s %8.2f %-3s (%s)\n", t.Verdict(), t.What, t.Got, t.Unit, t.Bound())
	}
}

// behindStart is what a JVM does in its second half. Other programs have no
// start to speak of, and what they buffer blurs where their second half begins.
func (s *standing) behindStart(by contender) string {
	if !by.java {
		return ""
	}
	return report.Thousands(s.Steady)
}

// besideConnect are the ratios to Kafka Connect: to its whole run, and to its
// second half.
func (s *standing) besideConnect() string {
	if s.OfConnect == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f (%.1f)", s.OfConnect, s.OfSteady)
}

func times(x float64) string {
	if x == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", x)
}

func megabytes(n int64) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f", float64(n)/megabyte)
}

// mebibytes is a size on disk. A JVM comes on top of jars.
func mebibytes(n int64, by contender) string {
	text := fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	if by.java {
		return text + " and a JVM"
	}
	return text
}
