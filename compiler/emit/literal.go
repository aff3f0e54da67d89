package emit

import (
	"github.com/dave/jennifer/jen"

	"kcgen.dev/compiler/emit/safe"
	"kcgen.dev/compiler/plan"
)

type writer struct{ names *imports }

var (
	oneLine   = jen.Options{Open: "{", Close: "}", Separator: ","}
	manyLines = jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}
)

// root prints the pipeline: its stages are divided by blank lines.
func (w *writer) root(s *plan.Struct) *jen.Statement {
	var items []jen.Code
	before := false // whether the field before took several lines
	for i, f := range printed(s) {
		many := len(f.Doc) > 0 || !w.fits(f.Value, 1, len(f.Go)+len(": "))
		item := jen.Null()
		if i > 0 && (many || before) {
			item.Line()
		}
		items = append(items, item.Add(w.field(f, 1)))
		before = many
	}
	return w.typed(s).Custom(manyLines, items...)
}

// value prints a value behind before columns of a line that is indented by
// depth tabs: on that line where it fits, else over several.
func (w *writer) value(n plan.Node, depth, before int) *jen.Statement {
	if l, ok := n.(*plan.Lit); ok {
		return w.lit(l)
	}
	many := !w.fits(n, depth, before)
	switch n := n.(type) {
	case *plan.Struct:
		if n.Func {
			return jen.Qual(connectPkg.Path, "TransformFunc").Call(jen.Qual(n.Type.Path, n.Type.Name))
		}
		return w.typed(n).Add(w.body(n, many, depth))
	case *plan.List:
		return w.list(n, many, depth)
	case *plan.Map:
		return w.mapping(n, many)
	}
	return jen.Nil()
}

func (w *writer) typed(s *plan.Struct) *jen.Statement {
	q := jen.Qual(s.Type.Path, s.Type.Name)
	if s.Pointer {
		return jen.Op("&").Add(q)
	}
	return q
}

// body prints a struct's braces and fields. The comment of an element that
// stands in a line of its own is above it; see list.
func (w *writer) body(s *plan.Struct, many bool, depth int) *jen.Statement {
	var items []jen.Code
	for _, f := range printed(s) {
		items = append(items, w.field(f, depth+1))
	}
	return braces(many, items)
}

func braces(many bool, items []jen.Code) *jen.Statement {
	if many && len(items) > 0 {
		return jen.Custom(manyLines, items...)
	}
	return jen.Custom(oneLine, items...)
}

func (w *writer) field(f plan.Field, depth int) *jen.Statement {
	return comments(f.Doc).Id(f.Go).Op(":").Add(w.value(f.Value, depth, len(f.Go)+len(": ")))
}

func comments(lines []string) *jen.Statement {
	s := jen.Null()
	for _, c := range safe.Comments(lines) {
		s.Comment(c).Line()
	}
	return s
}

func (w *writer) list(l *plan.List, many bool, depth int) *jen.Statement {
	head := jen.Index().Add(w.elem(l.Elem))
	if l.Named && many {
		return head.Add(w.named(l, depth))
	}
	var items []jen.Code
	for _, e := range l.Elems {
		items = append(items, comments(docOf(e)).Add(w.element(l.Elem, e, depth+1)))
	}
	return head.Add(braces(many, items))
}

// element prints an element of a list; its type is left out where the list
// says it.
func (w *writer) element(e plan.Elem, n plan.Node, depth int) *jen.Statement {
	if isElemType(e, n) {
		s := n.(*plan.Struct)
		own := *s
		own.Doc = nil
		return w.body(s, !w.fits(&own, depth, 0), depth)
	}
	return w.value(withoutDoc(n), depth, 0)
}

func withoutDoc(n plan.Node) plan.Node {
	if s, ok := n.(*plan.Struct); ok {
		own := *s
		own.Doc = nil
		return &own
	}
	return n
}

// named prints a list of named things: {{ … }, { … }}, so that adding one is
// one hunk, with a thing's comment inside its braces.
func (w *writer) named(l *plan.List, depth int) *jen.Statement {
	var items []jen.Code
	for _, e := range l.Elems {
		s, ok := e.(*plan.Struct)
		if !ok || len(s.Fields) == 0 {
			items = append(items, w.value(e, depth, 0))
			continue
		}
		own := *s
		own.Doc = nil
		own.Fields = append([]plan.Field{}, s.Fields...)
		own.Fields[0].Doc = append(append([]string{}, s.Doc...), s.Fields[0].Doc...)
		items = append(items, w.body(&own, true, depth))
	}
	return braces(false, items)
}

func (w *writer) mapping(m *plan.Map, many bool) *jen.Statement {
	var items []jen.Code
	for i, k := range m.Keys {
		items = append(items, jen.Lit(k).Op(":").Add(w.value(m.Vals[i], 0, 0)))
	}
	return jen.Map(jen.String()).Add(w.elem(m.Elem)).Add(braces(many, items))
}

// elem is the type of a list's or map's elements.
func (w *writer) elem(e plan.Elem) *jen.Statement {
	switch e.Kind {
	case 0:
		return jen.Qual(e.Type.Path, e.Type.Name)
	case plan.String:
		return jen.String()
	case plan.Float:
		return jen.Float64()
	case plan.Bool:
		return jen.Bool()
	case plan.Duration:
		return jen.Qual(timePkg.Path, "Duration")
	case plan.Bytes:
		return jen.Int64()
	case plan.Secret:
		return jen.Qual(secretPkg.Path, "Secret")
	}
	return jen.Int()
}
