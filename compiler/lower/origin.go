package lower

import (
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/gotype"
	"kcgen.dev/compiler/plan"
)

// origin is what the user wrote of a value. Without a position it is a
// default.
type origin struct {
	syntax
	pos plan.Pos
	doc []string // the comment above it
}

// field is the origin of a struct's field.
func (l *lowerer) field(parent origin, name string, v cue.Value, form gotype.Form) origin {
	o := origin{syntax: l.reader.child(parent.syntax, name)}
	for _, p := range o.parts {
		o.doc = append(o.doc, l.comments.ofField(p.field)...)
	}
	var at token.Pos
	switch {
	case o.unsure:
		at = l.asked(v)
	case len(o.parts) > 0 && form == gotype.Scalar:
		at = o.parts[0].expr.Pos()
	case len(o.parts) > 0:
		at = o.parts[0].field.Pos()
	}
	if o.pos = l.place(at); !at.IsValid() {
		o.doc = nil // of a field whose condition does not hold
	}
	return o
}

// element is the origin of a list's element. A list that is not written out
// element by element has none in its syntax.
func (l *lowerer) element(list *ast.ListLit, i int, v cue.Value) origin {
	if list == nil {
		return origin{syntax: syntax{unsure: true}, pos: l.place(l.asked(v))}
	}
	e := list.Elts[i]
	return origin{syntax: syntax{parts: []part{{expr: e}}}, pos: l.place(e.Pos()), doc: l.comments.above(e.Pos())}
}

// writtenOut says whether a list literal has n elements, one for each value.
func writtenOut(lit *ast.ListLit, n int) bool {
	if lit == nil {
		return false
	}
	for i, e := range lit.Elts {
		switch e.(type) {
		case *ast.Ellipsis:
			return i == n
		case *ast.Comprehension:
			return false
		}
	}
	return len(lit.Elts) == n
}

// maxDepth bounds how deep a value's expression is searched for what the user
// wrote.
const maxDepth = 8

// asked is where the user wrote a value, as CUE tells: slowly, but whatever the
// spec is like.
func (l *lowerer) asked(v cue.Value) token.Pos {
	var found token.Pos
	positions(v, maxDepth, func(p token.Pos) bool {
		if l.spec.IsUser(p) {
			found = p
		}
		return !found.IsValid()
	})
	return found
}

// positions calls f with the places of all parts that were unified to a value,
// until f answers false.
func positions(v cue.Value, depth int, f func(token.Pos) bool) bool {
	if !f(v.Pos()) {
		return false
	}
	op, args := v.Expr()
	if op == cue.NoOp && len(args) == 1 {
		return f(args[0].Pos())
	}
	if depth == 0 || op != cue.AndOp {
		return true
	}
	for _, a := range args {
		if !positions(a, depth-1, f) {
			return false
		}
	}
	return true
}

func (l *lowerer) place(p token.Pos) plan.Pos {
	if !p.IsValid() {
		return plan.Pos{}
	}
	file, line, col := l.spec.Place(p)
	return plan.Pos{File: file, Line: line, Column: col}
}

// pathOf is a value's path in the spec: sources.orders.transforms[0].do.
func pathOf(v cue.Value) string {
	var b strings.Builder
	for _, sel := range v.Path().Selectors() {
		switch {
		case sel.Type() == cue.IndexLabel:
			b.WriteString("[" + sel.String() + "]")
			continue
		case b.Len() > 0:
			b.WriteByte('.')
		}
		if sel.Type() == cue.StringLabel {
			b.WriteString(diag.Label(sel.Unquoted()))
		} else {
			b.WriteString(sel.String())
		}
	}
	return b.String()
}
