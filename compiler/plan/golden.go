package plan

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// String is the plan for eyes and goldens: a line for each value, with the
// place where the user wrote it (@line:column) or none for a default.
func (p *Pipeline) String() string {
	g := &golden{}
	fmt.Fprintf(g, "pipeline %q from %q\n", p.Name, p.Spec)
	for _, m := range p.Modules {
		fmt.Fprintf(g, "needs %s\n", m)
	}
	g.doc(p.Doc, 0)
	g.node(p.Root, 0)
	g.WriteByte('\n')
	return g.String()
}

type golden struct{ strings.Builder }

func (g *golden) doc(lines []string, depth int) {
	for _, l := range lines {
		g.indent(depth)
		fmt.Fprintf(g, "# %s\n", strconv.Quote(l))
	}
}

func (g *golden) indent(depth int) { g.WriteString(strings.Repeat("\t", depth)) }

func (g *golden) node(n Node, depth int) {
	switch n := n.(type) {
	case *Struct:
		g.structure(n, depth)
	case *List:
		fmt.Fprintf(g, "[]%s%s", n.Elem, n.Pos)
		for _, e := range n.Elems {
			g.WriteByte('\n')
			g.doc(docOf(e), depth+1)
			g.indent(depth + 1)
			g.node(e, depth+1)
		}
	case *Map:
		fmt.Fprintf(g, "map[string]%s%s", n.Elem, n.Pos)
		for i, k := range n.Keys {
			g.WriteByte('\n')
			g.indent(depth + 1)
			fmt.Fprintf(g, "%q: ", k)
			g.node(n.Vals[i], depth+1)
		}
	case *Lit:
		g.WriteString(n.text() + n.Pos.String())
	}
}

func (g *golden) structure(s *Struct, depth int) {
	if s.Pointer {
		g.WriteByte('&')
	}
	if s.Func {
		g.WriteString("func ")
	}
	g.WriteString(s.Type.String() + s.Pos.String())
	for _, f := range s.Fields {
		g.field("", f, depth+1)
	}
	for _, f := range s.Aside {
		g.field("aside ", f, depth+1)
	}
}

func (g *golden) field(mark string, f Field, depth int) {
	g.WriteByte('\n')
	g.doc(f.Doc, depth)
	g.indent(depth)
	g.WriteString(mark + f.Go + ": ")
	g.node(f.Value, depth)
}

func docOf(n Node) []string {
	switch n := n.(type) {
	case *Struct:
		return n.Doc
	case *Lit:
		return n.Doc
	}
	return nil
}

func (l *Lit) text() string {
	switch l.Kind {
	case String:
		return strconv.Quote(l.Str)
	case Secret:
		return "secret " + strconv.Quote(l.Str)
	case File:
		return "file " + strconv.Quote(l.Str)
	case Data:
		return "data " + l.Str
	case Schema:
		return "schema " + l.Str
	case Float:
		return strconv.FormatFloat(l.Float, 'g', -1, 64)
	case Bool:
		return strconv.FormatBool(l.Bool)
	case Duration:
		if l.Int == Forever {
			return "forever"
		}
		return time.Duration(l.Int).String()
	case Bytes:
		return strconv.FormatInt(l.Int, 10) + "B"
	}
	return strconv.FormatInt(l.Int, 10)
}

// String is the kind's Go type.
func (k Kind) String() string {
	names := [...]string{"?", "string", "int", "float64", "bool", "time.Duration", "int64", "secret.Secret", "string", "json.RawMessage", "json.RawMessage"}
	if k < 0 || int(k) >= len(names) {
		return names[0]
	}
	return names[k]
}

// String is the element's Go type.
func (e Elem) String() string {
	if e.Kind != 0 {
		return e.Kind.String()
	}
	return e.Type.String()
}

// String is the type with its package's whole path.
func (t Type) String() string { return t.Path + "." + t.Name }

// String is " @line:column"; nothing for a default.
func (p Pos) String() string {
	if !p.IsValid() {
		return ""
	}
	return fmt.Sprintf(" @%d:%d", p.Line, p.Column)
}
