package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// replaceSection writes text between the marker lines of a Markdown file.
func replaceSection(path, section, text string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("bench: write the result: %w", err)
	}
	begin, end := []byte("<!-- "+section+" -->\n"), []byte("<!-- /"+section+" -->\n")
	from, to := bytes.Index(data, begin), bytes.Index(data, end)
	if from < 0 || to < from {
		return fmt.Errorf("bench: write the result: %s has no lines %q and %q, one behind the other", path, bytes.TrimSpace(begin), bytes.TrimSpace(end))
	}
	out := append(bytes.Clone(data[:from+len(begin)]), "\n"+strings.TrimSpace(text)+"\n\n"...)
	if err := os.WriteFile(path, append(out, data[to:]...), 0o644); err != nil {
		return fmt.Errorf("bench: write the result: %w", err)
	}
	return nil
}

// markdown is the result as tables.
func (r *results) markdown() string {
	var w strings.Builder
	fmt.Fprintf(&w, "Measured on %s; %s. %s lines of 100 bytes (cases with larger ones: fewer), medians of %s.\n\n",
		r.Machine.Hardware, r.Machine.Versions, grouped(r.Lines), r.rounds())
	fmt.Fprintf(&w, "| | lines/s | lines per CPU s | CPU s per million | peak MB | of bare | of Connect |\n|---|--:|--:|--:|--:|--:|--:|\n")
	for _, c := range r.Cases {
		fmt.Fprintf(&w, "| **%s** | | | | | | |\n", c.Title)
		for _, by := range contenders {
			s := c.By[by.name]
			if s == nil {
				continue
			}
			perCPU := thousands(s.PerCPU)
			if by.java {
				perCPU += " (" + s.behindStart(by) + ")"
			}
			fmt.Fprintf(&w, "| %s | %s | %s | %.2f | %d | %s | %s |\n", by.title, thousands(s.PerSecond), perCPU, s.Cost, s.Peak/megabyte, times(s.OfBare), s.besideConnect())
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
	fmt.Fprintf(&w, "\n| target | measured | wanted | |\n|---|--:|--:|---|\n")
	for _, t := range r.Targets {
		fmt.Fprintf(&w, "| %s | %.2f %s | %s | %s |\n", t.What, t.Got, t.Unit, t.bound(), t.verdict())
	}
	return w.String()
}

// grouped writes 1000000 as 1,000,000.
func grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}
