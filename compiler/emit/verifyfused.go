package emit

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
)

// verifyFused holds the printed functions against what they may be: one table,
// and functions that compare, append and return, and sinks' that go through a
// message; every call is of a known name.
func verifyFused(src []byte) error {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "fused.go", src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	v := &verifier{fset: fset, allowed: map[string]bool{connectPkg.Path: true, fusePkg.Path: true}}
	v.comments(f)
	for i, d := range f.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			switch {
			case i == 0 && d.Tok == token.IMPORT:
				v.imports(d)
			case i == 1 && d.Tok == token.VAR:
				v.table(d)
			default:
				v.fail(d, "%s is not allowed", d.Tok)
			}
		case *ast.FuncDecl:
			v.fused(d)
		}
	}
	return v.err
}

// table allows a literal from texts to names of functions.
func (v *verifier) table(d *ast.GenDecl) {
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case nil, *ast.GenDecl, *ast.ValueSpec, *ast.CompositeLit, *ast.KeyValueExpr, *ast.SelectorExpr, *ast.Ident, *ast.BasicLit, *ast.CommentGroup, *ast.Comment:
		default:
			v.fail(n, "%T is not allowed in the table", n)
		}
		return v.err == nil
	})
}

// fused allows the nodes of a function that only reads a record and appends.
func (v *verifier) fused(d *ast.FuncDecl) {
	if d.Recv != nil || d.Type.TypeParams != nil || d.Body == nil || d.Name.Name == "init" || d.Name.Name == "main" {
		v.fail(d, "func %s is not allowed", d.Name.Name)
		return
	}
	if isSink(d) {
		v.fusedSink(d)
		return
	}
	numbers := map[ast.Expr]bool{} // where they may be
	ast.Inspect(d.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case nil, *ast.BlockStmt, *ast.IfStmt, *ast.ReturnStmt, *ast.Ident, *ast.SelectorExpr, *ast.BinaryExpr, *ast.AssignStmt:
		case *ast.UnaryExpr:
			numbers[n.X] = numbers[n] // it may be negative
		case *ast.IndexExpr:
			numbers[n.Index] = true
		case *ast.BasicLit:
			if n.Kind != token.STRING && (n.Kind != token.INT || !numbers[n]) {
				v.fail(n, "a literal of kind %s", n.Kind)
			}
		case *ast.CallExpr:
			for _, arg := range n.Args {
				numbers[arg] = true
			}
			if name := called(n.Fun); !mayCall[name] {
				v.fail(n, "a call of %s", name)
			}
		default:
			v.fail(n, "%T is not allowed", n)
		}
		return v.err == nil
	})
}

var mayCall = map[string]bool{
	"append": true, "t.Start": true, "t.Finish": true, "t.KeyHead": true, "t.ValueHead": true, "r.Value.Value.Raw": true, "fuse.HasTime": true,
	"t.Unfit": true, "in[].IsNull": true, "fuse.Is": true, "fuse.IsOptional": true,
}

func init() {
	for _, names := range []map[string]bool{forms, appenders} {
		for name := range names {
			mayCall["fuse."+name] = true
		}
	}
	for name := range structs {
		mayCall["t."+name] = true
	}
	for name := range protoAppenders {
		mayCall["t."+name] = true
	}
	for name := range slotAppenders {
		mayCall["t."+name] = true
	}
}

// called is the name of a function, as it is written.
func called(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.IndexExpr:
		return called(e.X) + "[]"
	case *ast.SelectorExpr:
		return called(e.X) + "." + e.Sel.Name
	}
	return fmt.Sprintf("%T", e)
}
