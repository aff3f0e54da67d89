package emit

import (
	"strconv"

	"kcgen.dev/compiler/plan"
)

// lineWidth is how long a line may be for a literal to stand on it whole, tabs
// counted as four columns. What gofmt adds to align a column is not counted:
// a neighbour's name shall not break a line.
const (
	lineWidth = 120
	tabWidth  = 4
)

// fits says whether a value stands on one line, indented by depth tabs, behind
// before columns.
func (w *writer) fits(n plan.Node, depth, before int) bool {
	room := lineWidth - depth*tabWidth - before - len(",")
	return !hasDoc(n) && w.width(n, true) <= room
}

// width is the number of columns of a value on one line.
func (w *writer) width(n plan.Node, typed bool) int {
	sum, items := len("{}"), 0
	switch n := n.(type) {
	case *plan.Lit:
		return scalarWidth(n)
	case *plan.Struct:
		if n.Func {
			return w.typeWidth(connectPkg) + len("TransformFunc()") + w.typeWidth(n.Type)
		}
		if typed {
			sum += w.typeWidth(n.Type) + len("&")
		}
		for _, f := range printed(n) {
			items++
			sum += len(f.Go) + len(": , ") + w.width(f.Value, true)
		}
	case *plan.List:
		sum += len("[]") + w.elemWidth(n.Elem)
		for _, e := range n.Elems {
			items++
			sum += len(", ") + w.width(e, !isElemType(n.Elem, e))
		}
	case *plan.Map:
		sum += len("map[string]") + w.elemWidth(n.Elem)
		for i, k := range n.Keys {
			items++
			sum += len(strconv.Quote(k)) + len(": , ") + w.width(n.Vals[i], true)
		}
	}
	if items > 0 {
		sum -= len(", ")
	}
	return sum
}

func (w *writer) typeWidth(t plan.Type) int {
	return len(w.names.name[t.Path]) + len(".") + len(t.Name)
}

func (w *writer) elemWidth(e plan.Elem) int {
	if e.Kind != 0 {
		return len(e.Kind.String())
	}
	return w.typeWidth(e.Type)
}

// printed are the fields that a reader is shown: all but Go's zero values that
// the user did not write.
func printed(s *plan.Struct) []plan.Field {
	out := make([]plan.Field, 0, len(s.Fields))
	for _, f := range s.Fields {
		if len(f.Doc) > 0 || shown(f.Value) {
			out = append(out, f)
		}
	}
	return out
}

func shown(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Lit:
		zero := n.Str == "" && n.Int == 0 && n.Float == 0 && !n.Bool
		return !zero || n.Pos.IsValid()
	case *plan.List:
		return len(n.Elems) > 0
	case *plan.Map:
		return len(n.Keys) > 0
	case *plan.Struct:
		return n.Pointer || n.Component || len(printed(n)) > 0
	}
	return false
}

// hasDoc says whether a comment of the spec stands somewhere inside a value.
func hasDoc(n plan.Node) bool {
	found := false
	plan.Walk(n, func(n plan.Node) bool {
		if s, ok := n.(*plan.Struct); ok {
			for _, f := range s.Fields {
				found = found || len(f.Doc) > 0
			}
		}
		found = found || len(docOf(n)) > 0
		return !found
	})
	return found
}

func docOf(n plan.Node) []string {
	switch n := n.(type) {
	case *plan.Struct:
		return n.Doc
	case *plan.Lit:
		return n.Doc
	}
	return nil
}

// isElemType says whether an element of a list needs no type of its own.
func isElemType(e plan.Elem, n plan.Node) bool {
	s, ok := n.(*plan.Struct)
	return ok && e.Kind == 0 && s.Type == e.Type && !s.Pointer
}
