package reference

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"
)

// maxFile is the longest file that is read, in bytes.
const maxFile = 4 << 20

// Read adds the packages of a module: every folder of fsys with CUE files, but
// for those that begin with a dot or an underscore, testdata, and modules of
// their own. A file that cannot be read is left out, and is in the error.
func (l *Library) Read(module string, fsys fs.FS) error {
	var bad []error
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("reference: read %s: %w", module, err)
		}
		if d.IsDir() {
			return SkipFolder(fsys, p)
		}
		if path.Ext(p) != ".cue" || strings.HasPrefix(path.Base(p), "_") {
			return nil
		}
		if err := l.readFile(path.Join(module, path.Dir(p)), path.Base(p), p, fsys); err != nil {
			bad = append(bad, err)
		}
		return nil
	})
	return errors.Join(append(bad, err)...)
}

// SkipFolder is fs.SkipDir for a folder of a module that holds no packages of it.
func SkipFolder(fsys fs.FS, dir string) error {
	if dir == "." {
		return nil
	}
	name := path.Base(dir)
	if name == "testdata" || name == "cue.mod" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return fs.SkipDir
	}
	if _, err := fs.Stat(fsys, path.Join(dir, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func (l *Library) readFile(pkgPath, name, file string, fsys fs.FS) error {
	place := pkgPath + "/" + name
	i, err := fs.Stat(fsys, file)
	if err == nil && i.Size() > maxFile {
		err = fmt.Errorf("longer than %d bytes", maxFile)
	}
	var src []byte
	if err == nil {
		src, err = fs.ReadFile(fsys, file)
	}
	if err != nil {
		return fmt.Errorf("reference: read %s: %w", place, err)
	}
	f, err := parser.ParseFile(place, src, parser.ParseComments)
	if err != nil {
		return fmt.Errorf("reference: parse %s: %w", place, err)
	}
	if f.PackageName() != "" {
		l.add(pkgPath, f)
	}
	return nil
}

// add takes the definitions of a file.
func (l *Library) add(pkgPath string, f *ast.File) {
	if l.packages == nil {
		l.packages = map[string]*Package{}
	}
	p := l.packages[pkgPath]
	if p == nil {
		p = &Package{Path: pkgPath, Name: f.PackageName()}
		l.packages[pkgPath] = p
	}
	s := &scope{pkg: p, imports: map[string]string{}}
	for spec := range f.ImportSpecs() {
		importPath, err := literal.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := importName(importPath)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		s.imports[name], _, _ = strings.Cut(importPath, ":")
	}
	for _, decl := range f.Decls {
		field, ok := decl.(*ast.Field)
		if !ok {
			continue
		}
		name, ok := strings.CutPrefix(label(field), "#")
		if !ok {
			continue
		}
		d := &Def{Package: p, Name: name, Doc: doc(field), Place: place(field), expr: field.Value, scope: s}
		d.read(field.Value)
		p.Defs = append(p.Defs, d)
	}
}

// read takes the fields of a struct definition.
func (d *Def) read(e ast.Expr) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		d.read(e.X)
	case *ast.BinaryExpr:
		if e.Op == token.AND {
			d.read(e.X)
			d.read(e.Y)
		}
	case *ast.StructLit:
		for _, decl := range e.Elts {
			if f, ok := decl.(*ast.Field); ok {
				d.readField(f)
			}
		}
	}
}

// classes are what the attribute @connect behind a marker names.
func classes(f *ast.Field) []string {
	var out []string
	for _, class := range strings.Split(attribute(f, "connect"), ",") {
		if class = strings.TrimSpace(class); class != "" {
			out = append(out, class)
		}
	}
	return out
}

// attribute is what stands in an attribute of a field; empty where it has none.
func attribute(f *ast.Field, name string) string {
	for _, a := range f.Attrs {
		if n, body := a.Split(); n == name {
			return strings.TrimSpace(body)
		}
	}
	return ""
}

func (d *Def) readField(f *ast.Field) {
	name := label(f)
	if role, ok := strings.CutPrefix(name, "#"); ok {
		for _, r := range Roles {
			if r == role {
				d.Role, d.Any, d.Classes, d.example = r, !isLiteral(f.Value), classes(f), attribute(f, "example")
			}
		}
		return
	}
	if name == "" || strings.HasPrefix(name, "_") {
		return
	}
	d.Fields = append(d.Fields, &Field{
		Def: d, Name: name, Doc: doc(f), Place: place(f),
		Required: f.Constraint == token.NOT,
		Default:  defaultOf(f.Value),
		expr:     f.Value, scope: d.scope,
	})
}

// defaultOf is the marked arm of a disjunction.
func defaultOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return defaultOf(e.X)
	case *ast.UnaryExpr:
		if e.Op == token.MUL {
			return cueText(e.X)
		}
	case *ast.BinaryExpr:
		if e.Op == token.OR {
			if d := defaultOf(e.X); d != "" {
				return d
			}
			return defaultOf(e.Y)
		}
	}
	return ""
}

func isLiteral(e ast.Expr) bool {
	_, ok := e.(*ast.BasicLit)
	return ok
}

func label(f *ast.Field) string {
	name, _, err := ast.LabelName(f.Label)
	if err != nil {
		return ""
	}
	return name
}

// doc is the comment right above a node.
func doc(n ast.Node) string {
	for _, g := range ast.Comments(n) {
		if g.Doc {
			return strings.TrimSpace(g.Text())
		}
	}
	return ""
}

func place(n ast.Node) string {
	p := n.Pos().Position()
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// cueText is an expression as CUE writes it, on one line.
func cueText(e ast.Expr) string {
	b, err := format.Node(e)
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(string(b)), " ")
}
