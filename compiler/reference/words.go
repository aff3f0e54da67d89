package reference

import (
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/token"
)

// Type says in words what a field holds.
func (l *Library) Type(f *Field) string { return l.typeOf(f.scope, f.expr) }

// Constraint says in words what a field's value must be; empty where its type
// says it all.
func (l *Library) Constraint(f *Field) string { return l.constraint(f.scope, f.expr, 0) }

// Alias says in words what a definition without fields stands for: a type, and
// what its values must be.
func (l *Library) Alias(d *Def) (typ, constraint string) {
	return l.typeOf(d.scope, d.expr), l.constraint(d.scope, d.expr, 0)
}

func (l *Library) typeOf(s *scope, e ast.Expr) string {
	if d := l.resolve(s, e); d != nil {
		if d.Any {
			return "a " + RoleName(d.Role)
		}
		return d.CUE()
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return l.typeOf(s, e.X)
	case *ast.Ident:
		return e.Name
	case *ast.BasicLit:
		return kindOf(e)
	case *ast.UnaryExpr:
		return l.unaryType(s, e)
	case *ast.BinaryExpr:
		return l.binaryType(s, e)
	case *ast.ListLit:
		if elem := elemOf(e); elem != nil {
			return "list of " + l.typeOf(s, elem)
		}
		return "list"
	case *ast.StructLit:
		if _, v := patternOf(e); v != nil {
			return "map from name to " + l.typeOf(s, v)
		}
		return "struct"
	case *ast.CallExpr:
		return builtinType(e.Fun)
	case *ast.SelectorExpr:
		return builtinType(e)
	}
	return ""
}

// binaryType is the type of a & b or a | b: each arm's once.
func (l *Library) binaryType(s *scope, e *ast.BinaryExpr) string {
	x, y := l.typeOf(s, e.X), l.typeOf(s, e.Y)
	switch {
	case x == "" || x == y:
		return y
	case y == "" || e.Op == token.AND:
		return x
	case x == "string" && strings.Contains(y, "#"), x == "int" && y == "number":
		return y // a literal beside the definition that it is of
	case y == "string" && strings.Contains(x, "#"):
		return x
	}
	return x + " or " + y
}

func (l *Library) unaryType(s *scope, e *ast.UnaryExpr) string {
	switch e.Op {
	case token.MUL, token.SUB, token.ADD:
		return l.typeOf(s, e.X)
	case token.MAT, token.NMAT:
		return "string"
	case token.NEQ:
		return l.typeOf(s, e.X) // what it is not says what it is
	}
	return "" // a bound says nothing of its own
}

func kindOf(b *ast.BasicLit) string {
	switch b.Kind {
	case token.STRING:
		return "string"
	case token.INT:
		return "int"
	case token.FLOAT:
		return "number"
	case token.TRUE, token.FALSE:
		return "bool"
	}
	return strings.ToLower(b.Kind.String())
}

// builtinType is the type that CUE's own checks are for: strings.MinRunes(1),
// regexp.Valid.
func builtinType(fun ast.Expr) string {
	switch pkg, _, _ := strings.Cut(cueText(fun), "."); pkg {
	case "strings", "regexp", "time", "net":
		return "string"
	}
	return ""
}

// elemOf is the type of a list's elements.
func elemOf(e *ast.ListLit) ast.Expr {
	for i := len(e.Elts) - 1; i >= 0; i-- {
		if el, ok := e.Elts[i].(*ast.Ellipsis); ok {
			if el.Type != nil {
				return el.Type
			}
			continue
		}
		return e.Elts[i]
	}
	return nil
}

// patternOf is what the keys and values of a map are: {[K]: V}.
func patternOf(e *ast.StructLit) (key, value ast.Expr) {
	for _, decl := range e.Elts {
		if f, ok := decl.(*ast.Field); ok {
			if list, ok := f.Label.(*ast.ListLit); ok && len(list.Elts) == 1 {
				return list.Elts[0], f.Value
			}
		}
	}
	return nil, nil
}

// constraint prefers the sentence of error("…"), the field's own or that of
// the definition it names.
func (l *Library) constraint(s *scope, e ast.Expr, depth int) string {
	if msg := sentence(e); msg != "" {
		return msg
	}
	if words := enum(e); len(words) > 1 {
		return "must be " + strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
	}
	if depth > 8 {
		return ""
	}
	if d := l.resolve(s, e); d != nil && len(d.Fields) == 0 && d.Role == "" {
		return l.constraint(d.scope, d.expr, depth+1)
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return l.constraint(s, e.X, depth+1)
	case *ast.BinaryExpr:
		if c := l.constraint(s, e.Y, depth+1); c != "" {
			return c
		}
		return l.constraint(s, e.X, depth+1)
	case *ast.ListLit:
		if elem := elemOf(e); elem != nil {
			if c := l.constraint(s, elem, depth+1); c != "" {
				return "each " + c
			}
		}
	}
	return ""
}

// sentence finds error("…") among the arms.
func sentence(e ast.Expr) string {
	for _, arm := range arms(e) {
		if c, ok := arm.(*ast.CallExpr); ok && cueText(c.Fun) == "error" && len(c.Args) == 1 {
			if b, ok := c.Args[0].(*ast.BasicLit); ok {
				if msg, err := literal.Unquote(b.Value); err == nil {
					return msg
				}
			}
		}
	}
	return ""
}

// enum is the arms of a disjunction of literals, as CUE writes them.
func enum(e ast.Expr) []string {
	var out []string
	for _, arm := range arms(e) {
		if u, ok := arm.(*ast.UnaryExpr); ok && u.Op == token.MUL {
			arm = u.X
		}
		if !isLiteral(arm) {
			return nil
		}
		out = append(out, cueText(arm))
	}
	return out
}

// arms are the alternatives of a disjunction.
func arms(e ast.Expr) []ast.Expr {
	switch x := e.(type) {
	case *ast.ParenExpr:
		return arms(x.X)
	case *ast.BinaryExpr:
		if x.Op == token.OR {
			return append(arms(x.X), arms(x.Y)...)
		}
	}
	return []ast.Expr{e}
}

// RoleName is what people call a component of a role.
func RoleName(role string) string {
	switch role {
	case "source", "sink":
		return role + " connector"
	}
	return role
}
