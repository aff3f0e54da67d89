package load

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/token"

	"kcgen.dev/compiler/diag"
)

// useComponents turns each mapping of a YAML or JSON spec that says
//
//	use: filestream.Source
//	file: in.txt
//
// into filestream.#Source & {file: "in.txt"}, the import added. A built-in
// package is named by its last word, another by its whole import path.
func useComponents(src *source, pkgs *packages) (stubs []token.Pos, ds diag.List) {
	for _, f := range src.files {
		if path.Ext(f.Filename) == ".cue" {
			continue
		}
		u := &user{pkgs: pkgs, imports: map[string]*ast.ImportSpec{}}
		u.top(f.Decls)
		if len(u.specs) > 0 {
			f.Decls = append([]ast.Decl{&ast.ImportDecl{Lparen: token.NoPos, Specs: u.specs}}, f.Decls...)
		}
		stubs, ds = append(stubs, u.stubs...), append(ds, u.ds...)
	}
	return stubs, ds
}

type user struct {
	pkgs    *packages
	imports map[string]*ast.ImportSpec
	specs   []*ast.ImportSpec
	stubs   []token.Pos
	ds      diag.List
}

// top is the pipeline itself. What its tests hold is data, in which use is a
// name like any other.
func (u *user) top(decls []ast.Decl) {
	for _, d := range decls {
		switch d := d.(type) {
		case *ast.EmbedDecl:
			if s, ok := d.Expr.(*ast.StructLit); ok {
				u.top(s.Elts)
			}
		case *ast.Field:
			if name, _, err := ast.LabelName(d.Label); err != nil || name != "tests" {
				d.Value = u.expr(d.Value)
			}
		}
	}
}

func (u *user) expr(x ast.Expr) ast.Expr {
	switch x := x.(type) {
	case *ast.ListLit:
		for i, e := range x.Elts {
			x.Elts[i] = u.expr(e)
		}
	case *ast.StructLit:
		return u.mapping(x)
	}
	return x
}

func (u *user) mapping(s *ast.StructLit) ast.Expr {
	var use *ast.BasicLit
	var rest []ast.Decl
	for _, d := range s.Elts {
		f, ok := d.(*ast.Field)
		if !ok {
			rest = append(rest, d)
			continue
		}
		name, _, err := ast.LabelName(f.Label)
		if lit, isLit := f.Value.(*ast.BasicLit); err == nil && name == "use" && isLit && lit.Kind == token.STRING {
			use = lit
			continue
		}
		f.Value = u.expr(f.Value)
		rest = append(rest, d)
	}
	if use == nil {
		return s
	}
	s.Elts = rest
	return &ast.BinaryExpr{X: u.component(use), OpPos: use.ValuePos, Op: token.AND, Y: s}
}

// component is the reference for the word behind use:.
func (u *user) component(use *ast.BasicLit) ast.Expr {
	word, err := literal.Unquote(use.Value)
	if err != nil {
		word = use.Value
	}
	importPath, name, problem := u.find(word)
	if problem != "" {
		u.ds = append(u.ds, at(use.ValuePos, problem))
		u.stubs = append(u.stubs, use.ValuePos)
		return &ast.Ident{NamePos: use.ValuePos, Name: "_"}
	}
	spec := u.imports[importPath]
	if spec == nil {
		alias := fmt.Sprintf("use_%d", len(u.imports))
		spec = &ast.ImportSpec{
			Name: &ast.Ident{NamePos: use.ValuePos, Name: alias},
			Path: &ast.BasicLit{ValuePos: use.ValuePos, Kind: token.STRING, Value: strconv.Quote(importPath)},
		}
		u.imports[importPath] = spec
		u.specs = append(u.specs, spec)
	}
	return &ast.SelectorExpr{
		X:   &ast.Ident{NamePos: use.ValuePos, Name: spec.Name.Name, Node: spec},
		Sel: &ast.Ident{NamePos: use.ValuePos, Name: "#" + name},
	}
}

// find is the package and definition of filestream.Source or
// example.com/acme/mqtt.Source.
func (u *user) find(word string) (importPath, name, problem string) {
	pkg, name, ok := strings.Cut(word, ".")
	if i := strings.LastIndexByte(word, '.'); strings.Contains(word, "/") && i > strings.LastIndexByte(word, '/') {
		pkg, name, ok = word[:i], word[i+1:], true
	}
	name = strings.TrimPrefix(name, "#")
	if !ok || !ast.IsValidIdent(name) {
		return "", "", fmt.Sprintf("use: %s is not PACKAGE.Name, as filestream.Source%s", strconv.Quote(word), u.near(word))
	}
	importPath = pkg
	if !strings.Contains(pkg, "/") {
		if importPath = u.builtin(pkg); importPath == "" {
			return "", "", fmt.Sprintf("use: there is no component %s%s", word, u.near(word))
		}
	}
	inst, err := u.pkgs.load(importPath)
	if err != nil {
		return "", "", "use: " + err.Error()
	}
	names := map[string]bool{}
	for _, f := range inst.Files {
		topLevel(f, names)
	}
	if !names["#"+name] {
		var known []string
		for n := range names {
			if strings.HasPrefix(n, "#") {
				known = append(known, pkg+"."+n[1:])
			}
		}
		slices.Sort(known)
		if near := diag.DidYouMean(word, known); near != "" {
			return "", "", fmt.Sprintf("use: there is no component %s%s", word, near)
		}
		return "", "", fmt.Sprintf("use: there is no component %s; there is %s", word, strings.Join(known, ", "))
	}
	return importPath, name, ""
}

func (u *user) builtin(short string) string {
	for _, p := range u.pkgs.builtins() {
		if path.Base(p) == short && p != schemaPackage {
			return p
		}
	}
	return ""
}

// near proposes a component of any built-in package.
func (u *user) near(word string) string {
	for _, p := range u.pkgs.builtins() {
		// One that cannot be read is not proposed.
		_, _ = u.pkgs.load(p)
	}
	var known []string
	for _, m := range []string{"#source", "#sink", "#converter", "#transform", "#predicate", "#tracer", "#database"} {
		for _, c := range u.pkgs.components(m) {
			known = append(known, strings.Replace(c, "#", "", 1))
		}
	}
	if near := diag.DidYouMean(word, known); near != "" {
		return near
	}
	slices.Sort(known)
	return "; there are " + strings.Join(known, ", ")
}
