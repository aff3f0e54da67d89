package lower

import (
	"cuelang.org/go/cue/ast"
)

// syntax is what the user wrote of a value, by the spec's syntax alone. Asking
// CUE instead (Expr) evaluates every part of a value again; for a spec of 2,000
// connectors that takes ten times as long as evaluating it once.
type syntax struct {
	parts []part

	// unsure says that the syntax does not tell: the value may come out of a
	// function, a condition or another expression. CUE is asked then.
	unsure bool
}

// part is one expression that is unified to a value; its field is nil for an
// element of a list.
type part struct {
	field *ast.Field
	expr  ast.Expr
}

// maxSteps bounds how far references are followed: they may go in circles.
const maxSteps = 32

// reader follows the syntax of a spec's files.
type reader struct {
	top map[string][]*ast.Field // fields at the top of all files
	all []ast.Decl
}

func newReader(files []*ast.File) *reader {
	r := &reader{top: map[string][]*ast.Field{}}
	for _, f := range files {
		r.all = append(r.all, f.Decls...)
		for _, d := range f.Decls {
			if f, ok := d.(*ast.Field); ok {
				if name, _, err := ast.LabelName(f.Label); err == nil {
					r.top[name] = append(r.top[name], f)
				}
			}
		}
	}
	return r
}

// root is the syntax of the pipeline: all that stands at the top of the files.
func (r *reader) root() syntax {
	return syntax{parts: []part{{expr: &ast.StructLit{Elts: r.all}}}}
}

// child is the syntax of a field.
func (r *reader) child(s syntax, name string) syntax {
	out := syntax{unsure: s.unsure}
	for _, p := range s.parts {
		r.structs(p.expr, maxSteps, &out.unsure, func(decls []ast.Decl) { r.fields(decls, name, &out) })
	}
	return out
}

func (r *reader) fields(decls []ast.Decl, name string, out *syntax) {
	for _, d := range decls {
		switch d := d.(type) {
		case *ast.Field:
			if matches(d.Label, name, &out.unsure) {
				out.parts = append(out.parts, part{d, d.Value})
			}
		case *ast.EmbedDecl:
			r.structs(d.Expr, maxSteps, &out.unsure, func(decls []ast.Decl) { r.fields(decls, name, out) })
		case *ast.Comprehension:
			r.comprehension(d, name, out)
		}
	}
}

// comprehension: for makes what it holds, if may not.
func (r *reader) comprehension(c *ast.Comprehension, name string, out *syntax) {
	inner := syntax{}
	r.structs(c.Value, maxSteps, &inner.unsure, func(decls []ast.Decl) { r.fields(decls, name, &inner) })
	for _, clause := range c.Clauses {
		if _, ok := clause.(*ast.ForClause); !ok && len(inner.parts) > 0 {
			inner.unsure = true
		}
	}
	out.parts = append(out.parts, inner.parts...)
	out.unsure = out.unsure || inner.unsure
}

// matches says whether a label is that of a field of a name. A label that is
// computed may be: the value is there, so something made it.
func matches(label ast.Label, name string, unsure *bool) bool {
	if a, ok := label.(*ast.Alias); ok {
		if l, ok := a.Expr.(ast.Label); ok {
			label = l
		}
	}
	if _, pattern := label.(*ast.ListLit); pattern {
		*unsure = true
		return true
	}
	have, _, err := ast.LabelName(label)
	return err != nil || have == name
}

// structs calls f with the declarations of each struct literal that an
// expression unifies.
func (r *reader) structs(e ast.Expr, steps int, unsure *bool, f func([]ast.Decl)) {
	r.follow(e, steps, unsure, func(e ast.Expr) {
		switch e := e.(type) {
		case *ast.StructLit:
			f(e.Elts)
		case *ast.BasicLit, *ast.ListLit, *ast.BottomLit, *ast.Interpolation, *ast.UnaryExpr:
		default:
			*unsure = true
		}
	})
}

// follow calls f with each expression that an expression unifies, references
// resolved. A reference to an imported package is no part of the user's.
func (r *reader) follow(e ast.Expr, steps int, unsure *bool, f func(ast.Expr)) {
	if steps == 0 {
		*unsure = true
		return
	}
	steps--
	switch e := e.(type) {
	case *ast.BinaryExpr:
		if e.Op.String() != "&" {
			f(e)
			return
		}
		r.follow(e.X, steps, unsure, f)
		r.follow(e.Y, steps, unsure, f)
	case *ast.ParenExpr:
		r.follow(e.X, steps, unsure, f)
	case *ast.Alias:
		r.follow(e.Expr, steps, unsure, f)
	case *ast.Ident:
		r.reference(e, steps, unsure, f)
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok && isImport(x) {
			return
		}
		name, _, err := ast.LabelName(e.Sel)
		if err != nil {
			f(e)
			return
		}
		r.structs(e.X, steps, unsure, func(decls []ast.Decl) {
			var inner syntax
			r.fields(decls, name, &inner)
			*unsure = *unsure || inner.unsure
			for _, p := range inner.parts {
				r.follow(p.expr, steps, unsure, f)
			}
		})
	default:
		f(e)
	}
}

func isImport(x *ast.Ident) bool {
	_, ok := x.Node.(*ast.ImportSpec)
	return ok
}

func (r *reader) reference(x *ast.Ident, steps int, unsure *bool, f func(ast.Expr)) {
	switch n := x.Node.(type) {
	case *ast.LetClause:
		r.follow(n.Expr, steps, unsure, f)
	case *ast.Field:
		r.follow(n.Value, steps, unsure, f)
	case ast.Expr:
		r.follow(n, steps, unsure, f)
	case nil:
		fields := r.top[x.Name]
		if len(fields) == 0 {
			f(x) // string, int, …
		}
		for _, field := range fields {
			r.follow(field.Value, steps, unsure, f)
		}
	default:
		f(x)
	}
}

// list is the list literal that a value is; nil where it is none or several.
func (r *reader) list(s syntax) *ast.ListLit {
	var found []*ast.ListLit
	unsure := s.unsure
	for _, p := range s.parts {
		r.follow(p.expr, maxSteps, &unsure, func(e ast.Expr) {
			if lit, ok := e.(*ast.ListLit); ok {
				found = append(found, lit)
			} else {
				unsure = true
			}
		})
	}
	if unsure || len(found) != 1 {
		return nil
	}
	return found[0]
}
