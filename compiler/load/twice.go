package load

import (
	"fmt"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"kcgen.dev/compiler/diag"
)

// twice finds two connectors of one name. CUE merges two fields of one name,
// which is good for parts of a connector (its defaults here, its topic there)
// and bad for two connectors: a name written twice, each time with its own
// connector, is a slip of copying. A source and a sink of one name would share
// client ids and metrics.
func twice(src *source) (ds diag.List) {
	seen := map[string]*ast.Field{}
	report := func(kind, name string, f *ast.Field) {
		key := kind + "." + name
		if first := seen[key]; first != nil {
			ds = append(ds, diag.Diag{File: f.Pos().Filename(), Line: f.Pos().Line(), Col: f.Pos().Column(), Path: kind + "." + diag.Label(name),
				Msg: fmt.Sprintf("the name is declared twice, each time with a connector; first at %s", first.Pos())})
			return
		}
		seen[key] = f
		other := map[string]string{"sources": "sinks", "sinks": "sources"}[kind]
		if first := seen[other+"."+name]; first != nil {
			ds = append(ds, diag.Diag{File: f.Pos().Filename(), Line: f.Pos().Line(), Col: f.Pos().Column(), Path: kind + "." + diag.Label(name),
				Msg: fmt.Sprintf("%s.%s at %s has the same name; they would share client ids and metrics", other, diag.Label(name), first.Pos())})
		}
	}
	for _, f := range src.files {
		connectors(f, report)
	}
	return ds
}

// connectors calls found for each literal sources.NAME and sinks.NAME that
// holds a connector, in the order of the file.
func connectors(f *ast.File, found func(kind, name string, at *ast.Field)) {
	for _, top := range fieldsOf(f.Decls) {
		kind, _, err := ast.LabelName(top.Label)
		if err != nil || kind != "sources" && kind != "sinks" {
			continue
		}
		for _, c := range fieldsIn(top.Value) {
			name, _, err := ast.LabelName(c.Label)
			if err != nil {
				continue
			}
			for _, part := range fieldsIn(c.Value) {
				if n, _, err := ast.LabelName(part.Label); err == nil && n == "connector" && isWhole(part.Value) {
					found(kind, name, c)
					break
				}
			}
		}
	}
}

// isWhole says whether an expression names its component (filestream.#Source &
// {…}), and is not a part merged into one (connector: file: "x").
func isWhole(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.BinaryExpr:
		return isWhole(x.X) || isWhole(x.Y)
	case *ast.ParenExpr:
		return isWhole(x.X)
	case *ast.StructLit, nil:
		return false
	}
	return true
}

// fieldsOf lists the fields among declarations, those of embedded struct
// literals included: schema.#Pipeline & {sources: …}.
func fieldsOf(decls []ast.Decl) (fields []*ast.Field) {
	for _, d := range decls {
		switch d := d.(type) {
		case *ast.Field:
			if d.Constraint == token.ILLEGAL {
				fields = append(fields, d)
			}
		case *ast.EmbedDecl:
			fields = append(fields, fieldsIn(d.Expr)...)
		}
	}
	return fields
}

func fieldsIn(x ast.Expr) []*ast.Field {
	switch x := x.(type) {
	case *ast.StructLit:
		return fieldsOf(x.Elts)
	case *ast.ParenExpr:
		return fieldsIn(x.X)
	case *ast.BinaryExpr:
		if x.Op == token.AND {
			return append(fieldsIn(x.X), fieldsIn(x.Y)...)
		}
	}
	return nil
}
