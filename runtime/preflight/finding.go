package preflight

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Status is what became of a look at something.
type Status string

// The statuses.
const (
	OK      Status = "ok"
	Warning Status = "warn" // the pipeline works without it
	Missing Status = "FAIL"
	Unknown Status = "?" // it cannot be told
)

// Finding is one thing that was looked at.
type Finding struct {
	Status  Status `json:"status"`
	About   string `json:"about"` // the place in the spec: "sources.orders"
	What    string `json:"what"`  // what should be
	Problem string `json:"problem,omitempty"`
	Fix     string `json:"fix,omitempty"`
}

// Report is all that was looked at.
type Report struct {
	Pipeline string    `json:"pipeline"`
	Findings []Finding `json:"findings"`
}

// ExitCode is 0 where nothing is missing, 1 where something is, 3 where it
// cannot be told.
func (r Report) ExitCode() int {
	code := 0
	for _, f := range r.Findings {
		switch f.Status {
		case Missing:
			return 1
		case Unknown:
			code = 3
		}
	}
	return code
}

// JSON writes the report as data.
func (r Report) JSON(w io.Writer) error {
	return writeJSON(w, r)
}

// writeJSON writes data for programs that a person may read too.
func writeJSON(w io.Writer, data any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(data)
}

// Text writes a line a finding, and below it what mends it.
func (r Report) Text(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	count := map[Status]int{}
	for _, f := range r.Findings {
		count[f.Status]++
		what := f.What
		if f.Problem != "" {
			what += ": " + f.Problem
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", f.Status, f.About, oneLine(what))
		for line := range strings.Lines(f.Fix) {
			fmt.Fprintf(t, "\t\t  fix: %s\n", strings.TrimRight(line, "\n"))
		}
	}
	t.Flush()
	fmt.Fprintf(w, "%s: %d good", r.Pipeline, count[OK])
	for _, s := range []struct {
		of   Status
		word string
	}{{Warning, "warnings"}, {Missing, "missing"}, {Unknown, "not known"}} {
		if n := count[s.of]; n > 0 {
			fmt.Fprintf(w, ", %d %s", n, s.word)
		}
	}
	fmt.Fprintln(w)
}

// oneLine keeps a finding in its line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
