// Package report is what all benchmarks write their results with.
//
//	machine.go  what they were measured on
//	section.go  where they are written
//	target.go   what was promised, and whether it holds
//	number.go   figures as people read them
package report

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// ReplaceSection writes text between the marker lines of a Markdown file.
func ReplaceSection(path, section, text string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("report: write the result: %w", err)
	}
	begin, end := []byte("<!-- "+section+" -->\n"), []byte("<!-- /"+section+" -->\n")
	from, to := bytes.Index(data, begin), bytes.Index(data, end)
	if from < 0 || to < from {
		return fmt.Errorf("report: write the result: %s has no lines %q and %q, one behind the other", path, bytes.TrimSpace(begin), bytes.TrimSpace(end))
	}
	out := append(bytes.Clone(data[:from+len(begin)]), "\n"+strings.TrimSpace(text)+"\n\n"...)
	if err := os.WriteFile(path, append(out, data[to:]...), 0o644); err != nil {
		return fmt.Errorf("report: write the result: %w", err)
	}
	return nil
}
