package compiler

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"

	"kcgen.dev/compiler/build"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
)

// userFault says what the Go compiler has against the generated file at the
// spec's lines: the components whose Go does not fit their CUE. Any other error
// stays as it is.
func userFault(p *plan.Pipeline, src []byte, err error) error {
	var bad *build.MainError
	if !errors.As(err, &bad) {
		return err
	}
	var out diag.List
	for _, c := range bad.Complaints {
		goType, n := componentAt(src, c.Line, c.Col)
		if d, ok := componentFault(p, goType, n); ok {
			d.Msg = goMessage(goType, c.Msg)
			out = append(out, d)
		}
	}
	if len(out) == 0 {
		return err
	}
	return out.Sorted()
}

// goMessage says a complaint of Go's in the words of a spec.
func goMessage(t plan.Type, msg string) string {
	name := path.Base(t.Path) + "." + t.Name
	def := t.Path + ".#" + t.Name
	switch {
	case strings.HasPrefix(msg, "undefined: "):
		return fmt.Sprintf("the Go package %s has no %s, which %s names", t.Path, t.Name, def)
	case strings.Contains(msg, "not exported"):
		return fmt.Sprintf("%s is not exported: a Go name that begins with a capital letter is", name)
	case strings.Contains(msg, "is not a type"):
		return fmt.Sprintf("%s is a Go function: write @go(func) behind #transform in %s", name, def)
	case strings.Contains(msg, "is not an expression"):
		return fmt.Sprintf("%s is a Go type: leave out @go(func) in %s", name, def)
	case strings.Contains(msg, "cannot convert"):
		return fmt.Sprintf("%s must be a func(*connect.Record) (bool, error): %s", name, msg)
	case strings.Contains(msg, "does not implement") || strings.Contains(msg, "cannot use"):
		return fmt.Sprintf("%s has not the methods that are needed: %s", name, msg)
	}
	return fmt.Sprintf("%s does not fit %s; run kcgen types in its folder: %s", name, def, msg)
}

// componentAt finds the Go type, or function, at a place of a generated file,
// and how many of the same stand before it.
func componentAt(src []byte, line, col int) (t plan.Type, before int) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "main.go", src, parser.SkipObjectResolution)
	if err != nil {
		return t, 0
	}
	seen := map[plan.Type]int{}
	imports := importsOf(f)
	ast.Inspect(f, func(n ast.Node) bool {
		sel, around := named(n)
		if sel == nil {
			return true
		}
		id, ok := sel.X.(*ast.Ident)
		if !ok || imports[id.Name] == "" {
			return true
		}
		this := plan.Type{Path: imports[id.Name], Name: sel.Sel.Name}
		if contains(fset, around, line, col) {
			t, before = this, seen[this] // the innermost is the last
		}
		seen[this]++
		return true
	})
	return t, before
}

// named is the pkg.Name of pkg.Name{…} and of connect.TransformFunc(pkg.Name),
// and what it stands for.
func named(n ast.Node) (sel *ast.SelectorExpr, around ast.Node) {
	switch n := n.(type) {
	case *ast.CompositeLit:
		sel, _ = n.Type.(*ast.SelectorExpr)
	case *ast.CallExpr:
		if len(n.Args) == 1 {
			sel, _ = n.Args[0].(*ast.SelectorExpr)
		}
	}
	return sel, n
}

func contains(fset *token.FileSet, n ast.Node, line, col int) bool {
	from, to := fset.Position(n.Pos()), fset.Position(n.End())
	behind := line > from.Line || line == from.Line && col >= from.Column
	return behind && (line < to.Line || line == to.Line && col < to.Column)
}

func importsOf(f *ast.File) map[string]string {
	out := map[string]string{}
	for _, s := range f.Imports {
		importPath, err := strconv.Unquote(s.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(importPath)
		if s.Name != nil {
			name = s.Name.Name
		}
		out[name] = importPath
	}
	return out
}

// componentFault is a fault at the n-th component of a Go type.
func componentFault(p *plan.Pipeline, t plan.Type, n int) (d diag.Diag, ok bool) {
	if t.Path == "" || !slices.Contains(p.Modules, t.Path) {
		return d, false
	}
	eachStruct(p.Root, "", func(at string, s *plan.Struct) {
		if s.Type.Path != t.Path || s.Type.Name != t.Name {
			return
		}
		if n == 0 {
			ok = true
			d.Path = at
			place(&d, s.Pos)
		}
		n--
	})
	return d, ok
}

// eachStruct calls f with every struct and its path in the spec, in the order
// in which they are printed.
func eachStruct(n plan.Node, at string, f func(string, *plan.Struct)) {
	switch n := n.(type) {
	case *plan.Struct:
		f(at, n)
		for _, fd := range n.Fields {
			eachStruct(fd.Value, strings.TrimPrefix(at+"."+fd.Name, "."), f)
		}
	case *plan.List:
		for i, e := range n.Elems {
			s, _ := e.(*plan.Struct)
			if n.Named && s != nil {
				eachStruct(e, at+"."+diag.Label(s.Key()), f)
				continue
			}
			eachStruct(e, fmt.Sprintf("%s[%d]", at, i), f)
		}
	}
}
