package report

import (
	"fmt"
	"strings"
)

// A Target is one promise and what was measured.
type Target struct {
	What   string  `json:"what"`
	Want   float64 `json:"want"`
	Got    float64 `json:"got"`
	Unit   string  `json:"unit"`
	AtMost bool    `json:"atMost"`
	Pass   bool    `json:"pass"`
}

// Judge says of each promise whether it holds.
func Judge(ts []Target) []Target {
	for i, t := range ts {
		ts[i].Pass = t.Got >= t.Want
		if t.AtMost {
			ts[i].Pass = t.Got <= t.Want
		}
	}
	return ts
}

// Verdict is PASS or miss.
func (t Target) Verdict() string {
	if t.Pass {
		return "PASS"
	}
	return "miss"
}

// Bound is what was promised.
func (t Target) Bound() string {
	if t.AtMost {
		return fmt.Sprintf("at most %g", t.Want)
	}
	return fmt.Sprintf("at least %g", t.Want)
}

// Table is promises in Markdown.
func Table(ts []Target) string {
	var w strings.Builder
	w.WriteString("| target | measured | wanted | |\n|---|--:|--:|---|\n")
	for _, t := range ts {
		fmt.Fprintf(&w, "| %s | %.2f %s | %s | %s |\n", t.What, t.Got, t.Unit, t.Bound(), t.Verdict())
	}
	return w.String()
}
