// Package diag holds what is wrong with a spec: one Diag for each cause, with
// the user's own line first, and what may be meant and is worth a warning. Explain finds them all at once.
//
// The files: diag.go the type and its two printed forms; explain.go the walk
// over spec and definition; leaf.go what one value is told; rest.go the causes
// that the walk does not know; near.go "did you mean".
package diag

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Diag is one mistake in a spec, or a warning.
type Diag struct {
	// File is the file as the user named it, with forward slashes; empty where
	// a mistake belongs to no file.
	File string `json:"file,omitempty"`

	// Line and Col count from 1; 0 means that the mistake is of the whole file.
	// Col counts bytes, as Go's and CUE's tools do.
	Line int `json:"line,omitempty"`
	Col  int `json:"col,omitempty"`

	// Path is the place in the spec: sources.orders.transforms[0].do.field.
	Path string `json:"path,omitempty"`

	// Msg is one line without a full stop. It never holds a secret.
	Msg string `json:"message"`

	// Diff are the parts that differ, a line each, of a test that fails.
	Diff []string `json:"diff,omitempty"`

	// At are the constraints that refused a value, each as
	// import-path/file:line:col.
	At []string `json:"declaredAt,omitempty"`

	// Warning says that the spec is good all the same.
	Warning bool `json:"-"`

	// ID is the lint that warns: kcgen explain tells of it.
	ID string `json:"id,omitempty"`
}

// String is the line that a user reads: file:line:col: path: message, or
// file:line:col: path: warning: message (KC003).
func (d Diag) String() string {
	var b strings.Builder
	if d.File != "" {
		b.WriteString(d.File)
		b.WriteByte(':')
		if d.Line > 0 {
			fmt.Fprintf(&b, "%d:%d:", d.Line, d.Col)
		}
		b.WriteByte(' ')
	}
	if d.Path != "" {
		b.WriteString(d.Path)
		b.WriteString(": ")
	}
	if d.Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(d.Msg)
	if d.ID != "" {
		b.WriteString(" (" + d.ID + ")")
	}
	return b.String()
}

// List is the mistakes of one spec, and the warnings.
type List []Diag

// Faults are the mistakes alone.
func (l List) Faults() List { return l.only(false) }

// Warnings are the warnings alone.
func (l List) Warnings() List { return l.only(true) }

func (l List) only(warnings bool) (out List) {
	for _, d := range l {
		if d.Warning == warnings {
			out = append(out, d)
		}
	}
	return out
}

// Strict are all of them as mistakes.
func (l List) Strict() List {
	out := slices.Clone(l)
	for i := range out {
		out[i].Warning = false
	}
	return out
}

// Sorted returns the mistakes by file, line and column, each once.
func (l List) Sorted() List {
	out := slices.Clone(l)
	slices.SortStableFunc(out, func(a, b Diag) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Col, b.Col), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Msg, b.Msg))
	})
	return slices.CompactFunc(out, func(a, b Diag) bool {
		return a.String() == b.String()
	})
}

// Error joins the lines, so that a List can travel as an error.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, d := range l {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

// Print writes one line for each mistake and, indented by a tab, what differs
// and where the constraint stands that refused it.
func (l List) Print(w io.Writer) error {
	for _, d := range l {
		if _, err := fmt.Fprintln(w, d); err != nil {
			return err
		}
		for _, line := range d.Diff {
			if _, err := fmt.Fprintf(w, "\t%s\n", line); err != nil {
				return err
			}
		}
		for _, at := range d.At {
			if _, err := fmt.Fprintf(w, "\tas declared at %s\n", at); err != nil {
				return err
			}
		}
	}
	return nil
}

// MarshalJSON adds the severity: "error" or "warning".
func (d Diag) MarshalJSON() ([]byte, error) {
	type plain Diag
	out := struct {
		Severity string `json:"severity"`
		plain
	}{"error", plain(d)}
	if d.Warning {
		out.Severity = "warning"
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(out)
	return b.Bytes(), err
}

// JSON writes the list as one indented JSON array; an empty one is [].
func (l List) JSON(w io.Writer) error {
	if l == nil {
		l = List{}
	}
	return WriteJSON(w, l)
}

// WriteJSON writes data for programs that a person may read too.
func WriteJSON(w io.Writer, data any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(data)
}
