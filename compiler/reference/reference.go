// Package reference is what can be said of the language by reading it: the
// packages, their components and definitions, and each field with its type,
// default, constraint and doc, as the CUE declares them. It serves kcgen
// explain, list and schema.
//
// It reads syntax and evaluates nothing, so that a package of the user's
// modules costs what its length costs. The rules that definitions keep make
// that enough: each field is declared at the top of its definition, and
// conditions only tighten.
//
//	reference.go   Library, Package, Def, Field
//	read.go        CUE files → Library
//	words.go       types and constraints in words
//	example.go     what a spec might say
//	find.go        the path that a user names → Def or Field
//	print.go       Def and Field as text
//	jsonschema.go  Library → JSON Schema
//	jsontype.go    a constraint → JSON Schema
package reference

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
)

// Schema is the package that says what a pipeline is.
const Schema = "kcgen.dev/schema"

// Library is all packages that were read.
type Library struct{ packages map[string]*Package }

// Package is a CUE package.
type Package struct {
	Path string // import path
	Name string // of the package clause
	Defs []*Def // in the order of files and lines
}

// Def is a definition.
type Def struct {
	Package *Package
	Name    string   // without #
	Role    string   // "source", "sink", "converter", "transform", "predicate", "tracer", "database"; else empty
	Any     bool     // stands for any component of its role
	Classes []string // of a component: what Kafka Connect has in its place (@connect)
	Doc     string   // the comment above it
	Place   string   // import-path/file:line
	Fields  []*Field // of a struct, in order

	expr    ast.Expr
	scope   *scope
	example string // fields that make a good value (@example)
}

// Field is a field of a definition.
type Field struct {
	Def      *Def
	Name     string
	Doc      string
	Required bool   // must be given
	Default  string // in CUE; empty where there is none
	Place    string

	expr  ast.Expr
	scope *scope
}

// scope is what names mean in a file.
type scope struct {
	pkg     *Package
	imports map[string]string // name → import path
}

// Packages are all packages, by import path.
func (l *Library) Packages() []*Package {
	out := make([]*Package, 0, len(l.packages))
	for _, p := range l.packages {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b *Package) int { return cmp.Compare(a.Path, b.Path) })
	return out
}

// Components are all components of a role, or of all where it is empty: by
// role, then by import path and name.
func (l *Library) Components(role string) []*Def {
	var out []*Def
	for _, p := range l.Packages() {
		for _, d := range p.Defs {
			if d.Role != "" && !d.Any && (role == "" || d.Role == role) {
				out = append(out, d)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *Def) int {
		return cmp.Or(slices.Index(Roles, a.Role)-slices.Index(Roles, b.Role),
			cmp.Compare(a.Package.Path, b.Package.Path), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// Roles are the kinds of component, in the order of the data.
var Roles = []string{"source", "sink", "converter", "transform", "predicate", "tracer", "database"}

// Pipeline is the definition of a whole spec; nil if the library lacks it.
func (l *Library) Pipeline() *Def { return l.def(Schema, "Pipeline") }

func (l *Library) def(pkg, name string) *Def {
	if p := l.packages[pkg]; p != nil {
		return p.def(name)
	}
	return nil
}

func (p *Package) def(name string) *Def {
	for _, d := range p.Defs {
		if d.Name == name {
			return d
		}
	}
	return nil
}

// Field is the field of that name, or nil.
func (d *Def) Field(name string) *Field {
	for _, f := range d.Fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// CUE is the definition as a spec names it: filestream.#Source.
func (d *Def) CUE() string { return d.Package.Name + ".#" + d.Name }

// Use is the definition as a YAML spec names it: filestream.Source for a
// built-in, the import path and the name for others.
func (d *Def) Use() string {
	if strings.HasPrefix(d.Package.Path, "kcgen.dev/") {
		return d.Package.Name + "." + d.Name
	}
	return d.Full()
}

// Full is the import path and the name: the definition's Go type.
func (d *Def) Full() string { return d.Package.Path + "." + d.Name }

// Sentence is the first sentence of a doc, on one line.
func Sentence(doc string) string {
	doc = strings.Join(strings.Fields(doc), " ")
	if i := strings.Index(doc, ". "); i >= 0 {
		return doc[:i+1]
	}
	return doc
}

// resolve finds the definition that an expression names.
func (l *Library) resolve(s *scope, e ast.Expr) *Def {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return l.resolve(s, e.X)
	case *ast.Ident:
		if name, ok := strings.CutPrefix(e.Name, "#"); ok {
			return s.pkg.def(name)
		}
	case *ast.SelectorExpr:
		x, ok := e.X.(*ast.Ident)
		name, _, err := ast.LabelName(e.Sel)
		if ok && err == nil {
			return l.def(s.imports[x.Name], strings.TrimPrefix(name, "#"))
		}
	}
	return nil
}

// importName is the name by which a file knows an import.
func importName(importPath string) string {
	p, name, ok := strings.Cut(importPath, ":")
	if ok {
		return name
	}
	p, _, _ = strings.Cut(p, "@")
	return path.Base(p)
}

// HasGoTypes says whether the package holds components, or is the schema:
// whether its definitions become Go structs.
func (p *Package) HasGoTypes() bool {
	return p.Path == Schema || slices.ContainsFunc(p.Defs, func(d *Def) bool { return d.Role != "" && !d.Any })
}
