package load

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/ast/astutil"
	"cuelang.org/go/cue/token"

	"kcgen.dev/compiler/diag"
)

// at is a mistake at a position of the spec.
func at(p token.Pos, msg string) diag.Diag {
	if !p.IsValid() {
		return diag.Diag{Msg: msg}
	}
	q := p.Position()
	return diag.Diag{File: q.Filename, Line: q.Line, Col: q.Column, Msg: msg}
}

// resolve finds what the spec's names refer to. CUE evaluates nothing of a
// spec with one unknown name; so each such name is told here and then replaced
// by _, and the other mistakes of the spec are still found. It returns where
// that was done.
func resolve(src *source, pkgs *packages) ([]token.Pos, diag.List) {
	r := &resolver{pkgs: pkgs, top: map[string]bool{}}
	for _, f := range src.files {
		if f.PackageName() != "" {
			topLevel(f, r.top)
		}
	}
	for _, f := range src.files {
		r.file(f)
	}
	return r.stubs, r.ds
}

type resolver struct {
	pkgs  *packages
	top   map[string]bool // fields at the top of all files
	stubs []token.Pos
	ds    diag.List
}

func (r *resolver) file(f *ast.File) {
	bad := map[ast.Node]bool{}
	for _, spec := range slices.Collect(f.ImportSpecs()) {
		uses := usesOf(f, spec)
		names, problem := r.importNames(spec)
		switch {
		case problem != "":
			r.ds = append(r.ds, at(spec.Path.Pos(), problem))
		case len(uses) == 0:
			r.ds = append(r.ds, at(spec.Path.Pos(), fmt.Sprintf("%s is imported and not used", spec.Path.Value)))
		}
		for _, u := range uses {
			if problem != "" {
				bad[u.id] = true
			} else if msg := unknownMember(u, names); msg != "" {
				r.ds = append(r.ds, at(u.sel.Pos(), msg))
				bad[u.id] = true
			}
		}
		if problem != "" || len(uses) == 0 {
			removeImport(f, spec)
		}
	}
	for _, id := range f.Unresolved {
		if id.Node == nil && id != packageName(f) && !r.top[id.Name] && !isPredeclared(id.Name) {
			r.ds = append(r.ds, at(id.Pos(), r.unknownName(f, id.Name)))
			bad[id] = true
		}
	}
	if len(bad) > 0 {
		r.stub(f, bad)
		removeUnused(f)
	}
	f.Unresolved = nil // CUE looks again
}

// importNames loads a package and lists what it defines; nil means that any
// name may be there.
func (r *resolver) importNames(spec *ast.ImportSpec) ([]string, string) {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return nil, "an import is a quoted path"
	}
	if isStd(p) {
		return nil, stdProblem(p)
	}
	inst, err := r.pkgs.load(p)
	if err != nil {
		return nil, err.Error()
	}
	names := map[string]bool{}
	for _, f := range inst.Files {
		if !topLevel(f, names) {
			return nil, ""
		}
	}
	list := make([]string, 0, len(names))
	for n := range names {
		if !strings.HasPrefix(n, "_") {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list, ""
}

// topLevel adds the names of a file's fields; it is false where the file
// embeds something, and so may have others.
func topLevel(f *ast.File, names map[string]bool) (all bool) {
	all = true
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.Field:
			if n, _, err := ast.LabelName(d.Label); err == nil {
				names[n] = true
			} else {
				all = false
			}
		case *ast.EmbedDecl, *ast.Comprehension, *ast.Ellipsis:
			all = false
		}
	}
	return all
}

// use is one place that names an imported package.
type use struct {
	id  *ast.Ident
	sel *ast.SelectorExpr // nil where the package stands alone
}

func usesOf(f *ast.File, spec *ast.ImportSpec) (uses []use) {
	selected := map[*ast.Ident]*ast.SelectorExpr{}
	ast.Walk(f, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.SelectorExpr:
			if id, ok := x.X.(*ast.Ident); ok {
				selected[id] = x
			}
		case *ast.Ident:
			if x.Node == spec {
				uses = append(uses, use{x, selected[x]})
			}
		}
		return true
	}, nil)
	return uses
}

func unknownMember(u use, names []string) string {
	if u.sel == nil || names == nil {
		return ""
	}
	member, _, err := ast.LabelName(u.sel.Sel)
	if err != nil || slices.Contains(names, member) {
		return ""
	}
	whole := make([]string, len(names))
	for i, n := range names {
		whole[i] = u.id.Name + "." + n
	}
	msg := fmt.Sprintf("%s.%s is not defined", u.id.Name, member)
	if near := diag.Nearest(u.id.Name+"."+member, whole); near != "" {
		return msg + "; did you mean " + near + "?"
	}
	if len(whole) > 0 {
		return msg + "; there is " + strings.Join(whole, ", ")
	}
	return msg
}

// unknownName says what an undefined name may mean.
func (r *resolver) unknownName(f *ast.File, name string) string {
	for _, p := range r.pkgs.builtins() {
		if path.Base(p) == name {
			return fmt.Sprintf("%s is not imported; add import %q", name, p)
		}
	}
	if isStd(name) && stdProblem(name) == "" {
		return fmt.Sprintf("%s is not imported; add import %q", name, name)
	}
	var known []string
	for n := range r.top {
		known = append(known, n)
	}
	for spec := range f.ImportSpecs() {
		if info, err := astutil.ParseImportSpec(spec); err == nil {
			known = append(known, info.Ident)
		}
	}
	return fmt.Sprintf("%s is not defined%s", name, diag.DidYouMean(name, known))
}

// packageName is the name in the package clause, which CUE's parser resolves
// like any other.
func packageName(f *ast.File) *ast.Ident {
	for _, d := range f.Decls {
		if p, ok := d.(*ast.Package); ok {
			return p.Name
		}
	}
	return nil
}

// removeUnused takes out the imports whose every use was replaced: that nothing
// uses them is no mistake of the user's.
func removeUnused(f *ast.File) {
	for _, spec := range slices.Collect(f.ImportSpecs()) {
		if len(usesOf(f, spec)) == 0 {
			removeImport(f, spec)
		}
	}
}

func removeImport(f *ast.File, spec *ast.ImportSpec) {
	for _, d := range f.Decls {
		if imp, ok := d.(*ast.ImportDecl); ok {
			imp.Specs = slices.DeleteFunc(imp.Specs, func(s *ast.ImportSpec) bool { return s == spec })
		}
	}
}

// stub replaces each expression that cannot be evaluated by _.
func (r *resolver) stub(f *ast.File, bad map[ast.Node]bool) {
	top := func(n ast.Node) ast.Expr {
		r.stubs = append(r.stubs, n.Pos())
		return &ast.Ident{NamePos: n.Pos(), Name: "_"}
	}
	astutil.Apply(f, func(c astutil.Cursor) bool {
		switch x := c.Node().(type) {
		case *ast.ForClause:
			if holdsAny(x.Source, bad) {
				r.stubs = append(r.stubs, x.Pos())
				x.Source = &ast.ListLit{Lbrack: x.Source.Pos()}
			}
		case *ast.IfClause:
			if holdsAny(x.Condition, bad) {
				r.stubs = append(r.stubs, x.Pos())
				x.Condition = ast.NewBool(false)
			}
		case *ast.SelectorExpr, *ast.IndexExpr, *ast.SliceExpr, *ast.CallExpr, *ast.UnaryExpr, *ast.Interpolation:
			if _, isLabel := c.Parent().Node().(*ast.Field); isLabel && isLabelOf(c) {
				return true
			}
			if holdsAny(x, bad) {
				c.Replace(top(x))
				return false
			}
		case *ast.BinaryExpr:
			if x.Op != token.AND && x.Op != token.OR && holdsAny(x, bad) {
				c.Replace(top(x))
				return false
			}
		case *ast.Ident:
			if bad[x] {
				c.Replace(top(x))
			}
		}
		return true
	}, nil)
}

// isLabelOf says whether the node is its field's label: "\(x)": 1.
func isLabelOf(c astutil.Cursor) bool {
	f := c.Parent().Node().(*ast.Field)
	return ast.Node(f.Label) == c.Node()
}

func holdsAny(n ast.Node, bad map[ast.Node]bool) (found bool) {
	ast.Walk(n, func(n ast.Node) bool {
		found = found || bad[n]
		return !found
	}, nil)
	return found
}

// forbidden refuses what reads or runs something outside the spec, and takes
// it out, so that CUE does not stumble on it too.
func forbidden(src *source) (ds diag.List) {
	off := func(a *ast.Attribute) bool {
		name, _ := a.Split()
		if name != "embed" && name != "extern" {
			return false
		}
		ds = append(ds, at(a.Pos(), "@"+name+" is off: a spec reads no other file; ${file:PATH:KEY} is read when the pipeline starts"))
		return true
	}
	offDecl := func(d ast.Decl) bool {
		a, ok := d.(*ast.Attribute)
		return ok && off(a)
	}
	for _, f := range src.files {
		f.Decls = slices.DeleteFunc(f.Decls, offDecl)
		ast.Walk(f, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.Field:
				x.Attrs = slices.DeleteFunc(x.Attrs, off)
			case *ast.StructLit:
				x.Elts = slices.DeleteFunc(x.Elts, offDecl)
			}
			return true
		}, nil)
	}
	return ds
}
