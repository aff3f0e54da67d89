package connectjson

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/gotype"
)

// tree is a CUE value that is being made.
type tree struct {
	text   string  // of a scalar, in CUE
	of     string  // the definition that fields are of: filestream.#Source
	list   bool    // a list of elems
	elems  []*tree // of a list
	fields []*leaf
	wide   bool // a line for each field, however short
	given  bool // a property says something of it
}

// leaf is a field of a tree.
type leaf struct {
	name string
	doc  string // a comment above it
	val  *tree
	prop string // the property that it came from
	part bool   // a struct that is there for its fields alone
}

func (t *tree) add(name string, val *tree, prop string) *leaf {
	l := &leaf{name: name, val: val, prop: prop}
	t.fields = append(t.fields, l)
	return l
}

// field is the value of a field, or nil.
func (t *tree) field(name string) *tree {
	if t == nil {
		return nil
	}
	for _, f := range t.fields {
		if f.name == name {
			return f.val
		}
	}
	return nil
}

// drop takes out the field at a path, and a struct that says nothing then; it
// says whether there was one.
func (t *tree) drop(path, at string) bool {
	for i, f := range t.fields {
		here := joinPath(at, f.name)
		if here == path {
			t.fields = append(t.fields[:i], t.fields[i+1:]...)
			return true
		}
		if f.val.drop(path, here) {
			if f.part && len(f.val.fields) == 0 {
				t.fields = append(t.fields[:i], t.fields[i+1:]...)
			}
			return true
		}
	}
	for i, e := range t.elems {
		if e.drop(path, fmt.Sprintf("%s[%d]", at, i)) {
			return true
		}
	}
	return false
}

// walk calls f for each field, with its path.
func (t *tree) walk(at string, f func(path string, l *leaf)) {
	for _, l := range t.fields {
		path := joinPath(at, l.name)
		f(path, l)
		l.val.walk(path, f)
	}
	for i, e := range t.elems {
		e.walk(fmt.Sprintf("%s[%d]", at, i), f)
	}
}

// order puts the fields into the order of their definition.
func (t *tree) order(d *gotype.Def) {
	at := func(l *leaf) int {
		return slices.IndexFunc(d.Fields, func(f gotype.Field) bool { return f.Name == l.name })
	}
	slices.SortStableFunc(t.fields, func(a, b *leaf) int { return at(a) - at(b) })
}

// joinPath is a path as faults name it.
func joinPath(at, name string) string {
	if at == "" {
		return diag.Label(name)
	}
	return at + "." + diag.Label(name)
}

// width is how long a line may be that holds a value.
const width = 120

// print writes a value behind a label, indented by tabs.
func (t *tree) print(b *strings.Builder, indent int) {
	if line, ok := t.line(); ok && len(line)+4*indent <= width {
		b.WriteString(line)
		return
	}
	switch {
	case t.list:
		b.WriteString("[\n")
		for _, e := range t.elems {
			tabs(b, indent+1)
			e.print(b, indent+1)
			b.WriteString(",\n")
		}
		tabs(b, indent)
		b.WriteString("]")
	case t.text != "" || len(t.fields) == 0:
		line, _ := t.line()
		b.WriteString(line)
	default:
		if t.of != "" {
			b.WriteString(t.of + " & ")
		}
		b.WriteString("{\n")
		t.body(b, indent+1)
		tabs(b, indent)
		b.WriteString("}")
	}
}

// body writes the fields, a line or more each.
func (t *tree) body(b *strings.Builder, indent int) {
	for _, f := range t.fields {
		for line := range strings.Lines(f.doc) {
			tabs(b, indent)
			b.WriteString("// " + comment(line) + "\n")
		}
		tabs(b, indent)
		f.print(b, indent)
		b.WriteString("\n")
	}
}

// print writes label: value; a struct of one field stands behind its label.
func (f *leaf) print(b *strings.Builder, indent int) {
	b.WriteString(label(f.name) + ": ")
	if only := f.val.only(); only != nil {
		only.print(b, indent)
		return
	}
	f.val.print(b, indent)
}

// only is the one field of a plain struct, if it has no comment.
func (t *tree) only() *leaf {
	if t.of == "" && !t.list && !t.wide && len(t.fields) == 1 && t.fields[0].doc == "" {
		return t.fields[0]
	}
	return nil
}

// line is a value on one line, if it can be on one.
func (t *tree) line() (string, bool) {
	switch {
	case t.wide && len(t.fields) > 0:
		return "", false
	case t.text != "":
		return t.text, true
	case t.list:
		var parts []string
		for _, e := range t.elems {
			s, ok := e.line()
			if !ok {
				return "", false
			}
			parts = append(parts, s)
		}
		return "[" + strings.Join(parts, ", ") + "]", true
	case len(t.fields) == 0 && t.of != "":
		return t.of, true
	}
	var parts []string
	for _, f := range t.fields {
		s, ok := f.line()
		if !ok || f.doc != "" {
			return "", false
		}
		parts = append(parts, s)
	}
	s := "{" + strings.Join(parts, ", ") + "}"
	if t.of != "" {
		s = t.of + " & " + s
	}
	return s, true
}

func (f *leaf) line() (string, bool) {
	if only := f.val.only(); only != nil {
		s, ok := only.line()
		return label(f.name) + ": " + s, ok
	}
	s, ok := f.val.line()
	return label(f.name) + ": " + s, ok
}

func tabs(b *strings.Builder, n int) { b.WriteString(strings.Repeat("\t", n)) }

// label is a field's name as CUE writes it.
func label(name string) string {
	if ast.StringLabelNeedsQuoting(name) {
		return literal.String.Quote(name)
	}
	return name
}

// quote is a text as CUE writes it: one with backslashes or quotes raw, if that
// can be.
func quote(s string) *tree {
	if strings.ContainsAny(s, "\\\"") && !strings.Contains(s, `"#`) && !strings.Contains(s, `\#`) && printable(s) {
		return &tree{text: `#"` + s + `"#`}
	}
	return &tree{text: literal.String.Quote(s)}
}

// comment is a line as a comment may have it: no character that CUE refuses.
func comment(line string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, line))
}

func printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// texts is a list of texts.
func texts(list []string) *tree {
	t := &tree{list: true}
	for _, s := range list {
		t.elems = append(t.elems, quote(s))
	}
	return t
}
