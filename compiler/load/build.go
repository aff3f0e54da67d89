package load

import (
	"slices"
	"strconv"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/token"

	"kcgen.dev/compiler/diag"
)

const schemaPackage = kcgenModule + "/schema"

// evaluate unifies the spec with schema.#Pipeline, whether or not it says so.
// It is done in the syntax: Value.Unify would evaluate all of it twice, and a
// spec of 2,000 connectors holds 150 MiB. That every field is one of the
// schema's is Explain's walk to find; CUE lets some pass.
func evaluate(src *source, pkgs *packages, stubs []token.Pos, policies []*ast.File) (*Spec, diag.List) {
	schema, ok := pkgs.value(schemaPackage)
	if !ok {
		_, err := pkgs.load(schemaPackage)
		return nil, diag.List{{File: src.name, Msg: "kcgen's own schema cannot be read: " + errorText(err, schema)}}
	}
	if !slices.ContainsFunc(src.files, saysPipeline) {
		sayPipeline(src.files[0])
	}
	inst := pkgs.context.NewInstance(src.dir, nil)
	for _, f := range slices.Concat(src.files, policies) {
		// What AddSyntax finds is in the instance's errors, read below.
		_ = inst.AddSyntax(f)
	}
	_ = inst.Complete()
	root := pkgs.cue.BuildInstance(inst)
	if inst.Err != nil || inst.ResolutionErr != nil {
		return nil, compileErrors(src, errors.Append(inst.Err, inst.ResolutionErr))
	}
	pipeline := schema.LookupPath(cue.MakePath(cue.Def("Pipeline")))
	spec := &Spec{
		Name:     src.name,
		Value:    root,
		Schema:   schema,
		Files:    src.files,
		Sources:  src.texts,
		Imports:  slices.Sorted(slices.Values(pkgs.third)),
		packages: pkgs,
		src:      src,
		policies: policies,
	}
	if len(pkgs.third) > 0 {
		spec.GoModDir = pkgs.goMod.root
	}
	return spec, diag.Explain(diag.Subject{
		Name:       src.name,
		Value:      root,
		Definition: pipeline,
		Schema:     schema,
		Package:    pkgs.value,
		IsUser:     pkgs.isUser,
		IsPolicy:   spec.isPolicy,
		Files:      src.files,
		Stubs:      stubs,
		Components: pkgs.components,
	})
}

// saysPipeline says whether a file has schema.#Pipeline at its top.
func saysPipeline(f *ast.File) bool {
	for _, d := range f.Decls {
		if e, ok := d.(*ast.EmbedDecl); ok && isPipeline(e.Expr) {
			return true
		}
	}
	return false
}

func isPipeline(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.BinaryExpr:
		return x.Op == token.AND && (isPipeline(x.X) || isPipeline(x.Y))
	case *ast.ParenExpr:
		return isPipeline(x.X)
	case *ast.SelectorExpr:
		id, isIdent := x.X.(*ast.Ident)
		name, _, err := ast.LabelName(x.Sel)
		if !isIdent || err != nil || name != "#Pipeline" {
			return false
		}
		spec, isImport := id.Node.(*ast.ImportSpec)
		return isImport && spec.Path.Value == strconv.Quote(schemaPackage)
	}
	return false
}

// sayPipeline embeds schema.#Pipeline at the top of a file.
func sayPipeline(f *ast.File) {
	spec := &ast.ImportSpec{Name: ast.NewIdent("__schema"), Path: ast.NewString(schemaPackage)}
	embed := &ast.EmbedDecl{Expr: &ast.SelectorExpr{
		X:   &ast.Ident{Name: "__schema", Node: spec},
		Sel: ast.NewIdent("#Pipeline"),
	}}
	after := 0
	for i, d := range f.Decls {
		switch d.(type) {
		case *ast.Package, *ast.ImportDecl, *ast.Attribute, *ast.CommentGroup:
			after = i + 1
		}
	}
	f.Decls = slices.Insert(f.Decls, after, ast.Decl(&ast.ImportDecl{Specs: []*ast.ImportSpec{spec}}), ast.Decl(embed))
}

func errorText(err error, v cue.Value) string {
	if err == nil {
		err = v.Err()
	}
	return err.Error()
}

// compileErrors tells what CUE refuses before it evaluates anything.
func compileErrors(src *source, err error) (ds diag.List) {
	for _, e := range errors.Errors(err) {
		d := at(e.Position(), diag.Message(e))
		if d.File == "" {
			d.File = src.name
		}
		ds = append(ds, d)
	}
	return ds
}

// components lists the definitions of a kind among the packages that the spec
// imports, as the spec would name them: filestream.#Source.
func (p *packages) components(marker string) (names []string) {
	for path, inst := range p.insts {
		for _, f := range inst.Files {
			for _, d := range f.Decls {
				field, ok := d.(*ast.Field)
				if !ok || path == schemaPackage {
					continue
				}
				name, _, err := ast.LabelName(field.Label)
				if err != nil {
					continue
				}
				for _, m := range fieldsIn(field.Value) {
					if n, _, err := ast.LabelName(m.Label); err == nil && n == marker {
						names = append(names, inst.PkgName+"."+name)
					}
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
