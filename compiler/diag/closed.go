package diag

import (
	"maps"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
)

// closed tells of structs that a definition of the user's own closes: CUE then
// refuses each field that the schema adds, by a name that the user never wrote.
// What the schema does not know has been told before, as an unknown field.
func (x *explainer) closed(groups map[string][]errors.Error) {
	told := map[string]bool{}
	for _, p := range slices.SortedFunc(maps.Keys(groups), shorter) {
		labels := groups[p][0].Path()
		if Message(telling(groups[p])) != "field not allowed" || x.faults[p] || len(labels) < 2 {
			continue
		}
		outer := pathOf(labels[:len(labels)-1])
		if slices.ContainsFunc(slices.Collect(maps.Keys(told)), func(t string) bool { return within(p, t) }) {
			continue
		}
		parts := x.userParts(x.Value.LookupPath(selectors(labels[:len(labels)-1])))
		name := ""
		for _, part := range parts {
			if name = definitionIn(part.expr); name != "" {
				break
			}
		}
		if name == "" {
			continue // told as CUE says it
		}
		told[outer] = true
		x.say(parts[0].value, outer, "the definition "+name+" closes this struct against other fields, the schema's too; name it _"+strings.TrimLeft(name, "_#")+" instead")
	}
}

func shorter(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// definitionIn is the first definition that an expression names, those of
// packages aside: #Base in {#Base, topics: [...]} and in #Base & {...}.
func definitionIn(expr ast.Expr) (name string) {
	switch e := expr.(type) {
	case *ast.Ident:
		if n, _, err := ast.LabelName(e); err == nil && strings.HasPrefix(strings.TrimPrefix(n, "_"), "#") {
			return n
		}
	case *ast.ParenExpr:
		return definitionIn(e.X)
	case *ast.BinaryExpr:
		if name = definitionIn(e.X); name == "" {
			name = definitionIn(e.Y)
		}
	case *ast.StructLit:
		for _, d := range e.Elts {
			if embed, ok := d.(*ast.EmbedDecl); ok && name == "" {
				name = definitionIn(embed.Expr)
			}
		}
	}
	return name
}
