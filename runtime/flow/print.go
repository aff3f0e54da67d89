package flow

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"kcgen.dev/runtime/connect"
)

// Print writes what is known behind each part of a chain, a line a field. What
// a part has changed is marked: + is new, - is gone, ~ is another than before.
func Print(w io.Writer, states []State) {
	var before []row
	for i, s := range states {
		now := rows(s.Shape)
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, strings.Map(printable, s.Name))
		switch {
		case i == 0:
			write(w, plain(now))
		case slices.Equal(before, now):
			fmt.Fprintln(w, "    as before")
		default:
			write(w, marked(before, now))
		}
		before = now
	}
}

// printable keeps what a terminal shows of a name.
func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return '?'
}

// maxRows is how many lines of one state are written.
const maxRows = 5000

// row is one line: a part of the record, or a field at some depth.
type row struct {
	id    string // the way to it
	depth int
	name  string
	text  string
}

// line is a row and what has become of it.
type line struct {
	row
	mark byte
	was  string
}

func rows(s connect.Shape) (out []row) {
	if s.None {
		return []row{{id: "none", name: "no record comes here"}}
	}
	topic := "unknown"
	if s.Topic != "" {
		topic = connect.Word(s.Topic)
	}
	out = append(out, row{id: "topic", name: "topic", text: topic})
	out = formRows(out, "key", s.Key)
	return formRows(out, "value", s.Value)
}

func formRows(out []row, name string, f connect.Form) []row {
	out = append(out, row{id: name, name: name, text: formText(f)})
	if f.Known && f.Nulls != connect.NullsAlways {
		out = fieldRows(out, name, 1, f.Schema)
	}
	return out
}

// fieldRows adds the fields of a struct, or of the structs in an array or a map.
func fieldRows(out []row, id string, depth int, s *connect.Schema) []row {
	for s != nil && s.Elem() != nil {
		s, id = s.Elem(), id+"[]"
	}
	if s == nil {
		return out
	}
	for _, f := range s.Fields() {
		if len(out) == maxRows {
			return append(out, row{id: id + "\x00…", depth: depth, name: "…"})
		}
		if len(out) > maxRows {
			return out
		}
		at := id + "\x00" + f.Name
		out = append(out, row{at, depth, connect.Word(f.Name), schemaText(f.Schema)})
		out = fieldRows(out, at, depth+1, f.Schema)
	}
	return out
}

// formText says in a few words what a key or value is.
func formText(f connect.Form) string {
	if f.Nulls == connect.NullsAlways {
		return "always null"
	}
	text := "unknown"
	switch {
	case f.Known && f.Schema == nil:
		text = "without a schema"
	case f.Known:
		text = schemaText(f.Schema)
	}
	switch f.Nulls {
	case connect.NullsNever:
		text += ", never null"
	case connect.NullsMaybe:
		text += ", may be null"
	}
	return text
}

// schemaText is the schema without the fields in it: "string?" where it is
// optional, "struct Order v2", "array of int32?" of optional numbers, "array? of
// int32" that is optional itself, "int32 = 5" with its default.
func schemaText(s *connect.Schema) string {
	text := typeText(s)
	if def, ok := s.Default(); ok {
		text += " = " + def.String()
	}
	return text
}

func typeText(s *connect.Schema) (text string) {
	if s == nil {
		return "anything"
	}
	optional := ""
	if s.IsOptional() {
		optional = "?"
	}
	switch s.Kind() {
	case connect.KindArray:
		return "array" + named(s) + optional + " of " + typeText(s.Elem())
	case connect.KindMap:
		return "map" + named(s) + optional + " of " + typeText(s.Key()) + " to " + typeText(s.Elem())
	}
	text = s.Kind().String()
	if s.Logical() != connect.NotLogical {
		text = logicalText(s)
	}
	return text + named(s) + optional
}

func logicalText(s *connect.Schema) string {
	if scale, ok := s.Scale(); ok {
		return fmt.Sprintf("%s(%d)", s.Logical(), scale)
	}
	return s.Logical().String()
}

// named is a schema's name and version, a logical type's aside.
func named(s *connect.Schema) (text string) {
	if s.Name() == "" || s.Logical() != connect.NotLogical {
		return ""
	}
	text = " " + connect.Word(s.Name())
	if v, ok := s.Version(); ok {
		text += fmt.Sprintf(" v%d", v)
	}
	return text
}

func plain(rows []row) (out []line) {
	for _, r := range rows {
		out = append(out, line{r, ' ', ""})
	}
	return out
}

// marked is what there is now, with what is gone where it was.
func marked(before, now []row) (out []line) {
	was, is := places(before), places(now)
	next := 0
	gone := func(end int) {
		for ; next < end; next++ {
			if _, stays := is[before[next].id]; !stays {
				out = append(out, line{before[next], '-', ""})
			}
		}
	}
	for _, r := range now {
		at, old := was[r.id]
		switch {
		case !old:
			for next < len(before) && !has(is, before[next].id) {
				gone(next + 1)
			}
			out = append(out, line{r, '+', ""})
		case before[at] == r:
			gone(at)
			out = append(out, line{r, ' ', ""})
		default:
			gone(at)
			out = append(out, line{r, '~', before[at].text})
		}
		if old {
			next = max(next, at+1)
		}
	}
	gone(len(before))
	return out
}

func places(rows []row) map[string]int {
	m := make(map[string]int, len(rows))
	for i, r := range rows {
		m[r.id] = i
	}
	return m
}

func has(m map[string]int, id string) bool {
	_, ok := m[id]
	return ok
}

// maxName is the width beyond which a name does not move the others' texts.
const maxName = 40

func write(w io.Writer, lines []line) {
	width := 0
	for _, l := range lines {
		if n := 2*l.depth + len([]rune(l.name)); n <= maxName {
			width = max(width, n)
		}
	}
	for _, l := range lines {
		text := fmt.Sprintf("  %c %s%-*s  %s", l.mark, strings.Repeat("  ", l.depth), max(0, width-2*l.depth), l.name, l.text)
		if l.mark == '~' {
			text += "  (was " + l.was + ")"
		}
		fmt.Fprintln(w, strings.TrimRight(text, " "))
	}
}
