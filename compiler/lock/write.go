package lock

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/literal"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
)

const head = `// Where the pipelines of this folder keep their positions, and what they promise.
// kcgen build refuses a spec that says something else; kcgen lock -accept SPEC
// writes what it says. What a change comes to, kcgen diff tells.
`

// Text is the file's text.
func (f *File) Text() []byte {
	var b bytes.Buffer
	b.WriteString(head)
	for _, e := range slices.SortedFunc(slices.Values(f.Entries), func(a, b *Entry) int { return cmp.Compare(a.title(), b.title()) }) {
		fmt.Fprintf(&b, "\n%s: {\n\tspec: %s\n", literal.String.Quote(e.title()), literal.String.Quote(e.Spec))
		if len(e.Tags) > 0 {
			fmt.Fprintf(&b, "\ttags: %s\n", value(texts(e.Tags)))
		}
		fmt.Fprintf(&b, "%s}\n", e.text(true))
	}
	return b.Bytes()
}

// title is the entry's name, with its tags: no name of a pipeline has a space.
func (e *Entry) title() string {
	return strings.Join(append([]string{e.Name}, e.Tags...), " ")
}

func texts(all []string) *plan.List {
	out := &plan.List{}
	for _, s := range all {
		out.Elems = append(out.Elems, &plan.Lit{Kind: plan.String, Str: s})
	}
	return out
}

// text are an entry's lines.
func (e *Entry) text(flows bool) string {
	w := &writer{}
	w.structure("", "", e.root)
	for _, f := range e.flows {
		for _, part := range f.End {
			if flows {
				w.line(f.Connector+" "+part.Path, literal.String.Quote(typed(part.Type, part.Optional)), "output")
			}
		}
	}
	slices.Sort(w.lines)
	return strings.Join(w.lines, "")
}

func typed(name string, optional bool) string {
	if optional {
		return name + "?"
	}
	return name
}

type writer struct{ lines []string }

func (w *writer) line(path, value, change string) {
	line := fmt.Sprintf("\t%s: %s", literal.String.Quote(path), value)
	if change != "" && change != "restart" {
		line += " @change(" + change + ")"
	}
	w.lines = append(w.lines, line+"\n")
}

// structure writes a struct: a component by its name, another that means
// something by being there as {}.
func (w *writer) structure(path, change string, s *plan.Struct) {
	switch {
	case s.Component:
		w.line(path+".use", literal.String.Quote(s.Type.Path+"."+s.Type.Name), change)
	case change != "" && change != "restart":
		w.line(path, "{}", change)
	}
	for _, f := range s.Fields {
		if f.Name != "" {
			w.node(strings.TrimPrefix(path+"."+f.Name, "."), f.Change, f.Value)
		}
	}
}

func (w *writer) node(path, change string, n plan.Node) {
	l, ok := n.(*plan.List)
	switch {
	case ok && l.Named:
		for _, e := range l.Elems {
			if s, ok := e.(*plan.Struct); ok {
				w.structure(path+"."+diag.Label(s.Key()), "", s)
			}
		}
		return
	case ok:
		w.line(path, value(n), change)
		return
	}
	if s, ok := n.(*plan.Struct); ok {
		w.structure(path, change, s)
		return
	}
	w.line(path, value(n), change)
}

// value is a plain value as CUE.
func value(n plan.Node) string {
	var all []string
	switch n := n.(type) {
	case *plan.Lit:
		switch n.Kind {
		case plan.Int:
			return strconv.FormatInt(n.Int, 10)
		case plan.Float:
			return strconv.FormatFloat(n.Float, 'g', -1, 64)
		case plan.Bool:
			return strconv.FormatBool(n.Bool)
		}
		return literal.String.Quote(n.Str)
	case *plan.List:
		for _, e := range n.Elems {
			all = append(all, value(e))
		}
		return "[" + strings.Join(all, ", ") + "]"
	case *plan.Map:
		for i, k := range n.Keys {
			all = append(all, literal.String.Quote(k)+": "+value(n.Vals[i]))
		}
		slices.Sort(all)
		return "{" + strings.Join(all, ", ") + "}"
	}
	return "null"
}
