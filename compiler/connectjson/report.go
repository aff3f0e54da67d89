package connectjson

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"kcgen.dev/compiler/diag"
)

// Outcome is what became of a property.
type Outcome string

// The outcomes.
const (
	Mapped   Outcome = "mapped"
	Default  Outcome = "default"  // left out: it is what is done anyway
	Needless Outcome = "needless" // left out: it changes nothing here
	Decided  Outcome = "decided"  // something was chosen; Note says why
	Secret   Outcome = "secret"   // mapped: a reference to Variable stands for it
	Failed   Outcome = "failed"   // it cannot be mapped
)

// Entry is a property, or on the way back a field, and what became of it.
type Entry struct {
	File      string  `json:"file,omitempty"`
	Line      int     `json:"line,omitempty"`
	Connector string  `json:"connector,omitempty"` // empty: the worker
	Property  string  `json:"property"`
	Outcome   Outcome `json:"outcome"`
	Field     string  `json:"field,omitempty"`    // in the spec
	Variable  string  `json:"variable,omitempty"` // that has to be set
	Note      string  `json:"note,omitempty"`
}

// Report says of every property what became of it. No text of a secret is in
// it.
type Report []Entry

// Failed are the entries of what could not be mapped.
func (r Report) Failed() Report {
	var out Report
	for _, e := range r {
		if e.Outcome == Failed {
			out = append(out, e)
		}
	}
	return out
}

// String is the entry as an error: file:line: connector: property: why.
func (e Entry) String() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Line)
		}
		b.WriteString(": ")
	}
	for _, part := range []string{e.Connector, e.Property} {
		if part != "" {
			b.WriteString(clip(part) + ": ")
		}
	}
	b.WriteString(e.Note)
	return b.String()
}

// Print writes what was done, a table for each connector, and then what could
// not be.
func (r Report) Print(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	title := ""
	for _, e := range r {
		if e.Outcome == Failed {
			continue
		}
		if t := cmp.Or(clip(e.Connector), "worker") + " (" + e.File + ")"; t != title {
			title = t
			fmt.Fprintln(tw, title)
		}
		fmt.Fprintf(tw, "  %s\t%s\t%s\n", e.Outcome, clip(e.Property), e.what())
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for _, e := range r.Failed() {
		if _, err := fmt.Fprintln(w, e); err != nil {
			return err
		}
	}
	return nil
}

// what says what became of the property, in the table.
func (e Entry) what() string {
	var parts []string
	if e.Field != "" {
		parts = append(parts, e.Field)
	}
	if e.Variable != "" {
		parts = append(parts, "set the environment variable "+e.Variable)
	}
	if e.Note != "" {
		parts = append(parts, e.Note)
	}
	return strings.Join(parts, ": ")
}

// JSON writes the entries as an array.
func (r Report) JSON(w io.Writer) error {
	if r == nil {
		r = Report{}
	}
	return diag.WriteJSON(w, r)
}

// sorted is the report by connectors, in the order of what is given, and by
// lines and names.
func (r Report) sorted(order []string) Report {
	slices.SortStableFunc(r, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Connector), slices.Index(order, b.Connector)),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Property, b.Property))
	})
	return r
}
