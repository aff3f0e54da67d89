package gotype

import (
	"cmp"
	"fmt"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	cuetoken "cuelang.org/go/cue/token"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
)

// schemaPath is the package whose definitions name their Go type by @go: their
// Go lives in the runtime.
const schemaPath = "kcgen.dev/schema"

// Def returns the table's entry of the definition of a name ("#Source") in a
// package: a value as CUE's BuildInstance gives it. What the table cannot map
// is in the list.
func (t *Table) Def(pkg cue.Value, name string) (*Def, diag.List) {
	v := pkg.LookupPath(cue.ParsePath(name))
	if !v.Exists() {
		return nil, diag.List{t.diag(pkg.Pos(), name, "is not defined")}
	}
	d := &Def{Name: name, Value: v, Pos: v.Pos(), Doc: docs(v), pkg: pkg}
	if err := t.identify(d); err != nil {
		return nil, diag.List{t.diag(d.Pos, d.Name, err.Error())}
	}
	if known, ok := t.defs[d.Type]; ok {
		return known, t.bad[d.Type]
	}
	t.defs[d.Type] = d
	if !d.Any {
		t.bad[d.Type] = t.fields(d)
	}
	return d, t.bad[d.Type]
}

// identify finds the definition's role and Go type.
func (t *Table) identify(d *Def) error {
	own, err := ownType(d.pkg, d.Name)
	if err != nil {
		return err
	}
	marker := ""
	d.Role, marker, d.Any = roleOfValue(d.Value)
	goAttr, hasAttr := attribute(d.Value, "go")
	switch {
	case d.Role != "" && d.Any || own.Path == schemaPath:
		if !hasAttr {
			return fmt.Errorf("needs its Go type: add @go(import/path.Name)")
		}
		d.Type, err = parseType(goAttr)
		return err
	case d.Role != "" && marker != own.String():
		return fmt.Errorf("#%s is %q; it must be %q, the definition's own import path and name", d.Role, marker, own)
	case d.Role == "" && hasAttr && goAttr != own.String():
		return fmt.Errorf("@go names %q; it must be %q, the definition's own import path and name", goAttr, own)
	}
	d.Type = own
	if err := identifyTasks(d); err != nil {
		return err
	}
	return t.identifyFunc(d)
}

// identifyFunc finds whether a component is a Go function:
//
//	#Redact: {#transform: "example.com/shop/redact.Redact" @go(func)}
func (t *Table) identifyFunc(d *Def) error {
	if d.Role == "" {
		return nil
	}
	marker := d.Value.LookupPath(cue.MakePath(cue.Def("#" + d.Role)))
	for _, a := range marker.Attributes(cue.FieldAttr) {
		if a.Name() != "go" {
			continue
		}
		if strings.TrimSpace(a.Contents()) != "func" || d.Role != "transform" {
			return fmt.Errorf("#%s has @go(%s); only a transform may have one, @go(func): it is a Go function then", d.Role, a.Contents())
		}
		d.Func = true
	}
	return nil
}

// identifyTasks finds the most tasks that a connector can use:
//
//	#Source: {#source: "…", #tasks: 1}
func identifyTasks(d *Def) error {
	v := d.Value.LookupPath(cue.MakePath(cue.Def("#tasks")))
	if !v.Exists() {
		return nil
	}
	n, err := v.Int64()
	if err != nil || n < 1 || d.Role != "source" && d.Role != "sink" {
		return fmt.Errorf("#tasks is %v; it is how many tasks a connector can use at most, 1 or more", v)
	}
	d.Tasks = int(n)
	return nil
}

// attribute is what an attribute holds, inside or behind a definition.
func attribute(v cue.Value, name string) (string, bool) {
	for _, a := range v.Attributes(cue.ValueAttr) {
		if a.Name() == name {
			return strings.TrimSpace(a.Contents()), true
		}
	}
	return "", false
}

// ownType is the Go type that stands in the package of the definition's import
// path under the definition's name.
func ownType(pkg cue.Value, name string) (plan.Type, error) {
	inst := pkg.BuildInstance()
	if inst == nil {
		return plan.Type{}, fmt.Errorf("belongs to no package")
	}
	goName := strings.TrimPrefix(name, "#")
	if !IsName(name) {
		return plan.Type{}, fmt.Errorf("must begin with a capital letter: %q becomes a Go type", goName)
	}
	return plan.Type{Path: ImportPath(inst.ImportPath), Pkg: inst.PkgName, Name: goName}, nil
}

// ImportPath is a CUE import path as Go writes it: without CUE's @version and
// :package.
func ImportPath(cue string) string {
	cue, _, _ = strings.Cut(cue, ":")
	base, _, _ := strings.Cut(cue, "@")
	return base
}

var goType = regexp.MustCompile(`^([a-zA-Z0-9._~/-]+)\.([A-Z][a-zA-Z0-9]*)$`)

// parseType reads "import/path.Name"; the package is called as the path's last
// element.
func parseType(s string) (plan.Type, error) {
	m := goType.FindStringSubmatch(s)
	if m == nil || !token.IsIdentifier(path.Base(m[1])) {
		return plan.Type{}, fmt.Errorf("%q is no Go type such as kcgen.dev/runtime.Pipeline", s)
	}
	return plan.Type{Path: m[1], Pkg: path.Base(m[1]), Name: m[2]}, nil
}

// roleOfValue finds a component's hidden field: its role, what it holds, and whether
// it is left open (the definition means any component of that role).
func roleOfValue(v cue.Value) (role, marker string, open bool) {
	it, err := v.Fields(cue.Definitions(true), cue.Optional(true))
	if err != nil {
		return "", "", false
	}
	for it.Next() {
		name := strings.TrimRight(strings.TrimPrefix(it.Selector().String(), "#"), "!?")
		if _, known := interfaces[name]; known && it.Selector().IsDefinition() {
			s, err := it.Value().String()
			return name, s, err != nil
		}
	}
	return "", "", false
}

// Marker finds which component a value of a spec is: its role and its Go type,
// as "sink" and "kcgen.dev/runtime/connector/filestream.Sink".
func Marker(v cue.Value) (role, goType string) {
	role, goType, open := roleOfValue(v)
	if open {
		return role, ""
	}
	return role, goType
}

// fields fills in the definition's fields.
func (t *Table) fields(d *Def) diag.List {
	bad := t.shape(d)
	it, err := d.Value.Fields(cue.Optional(true))
	if err != nil {
		return append(bad, t.diag(d.Pos, d.Name, err.Error()))
	}
	usual, err := changeOf(d.Value, cue.ValueAttr)
	if err != nil {
		bad = append(bad, t.diag(d.Pos, d.Name, err.Error()))
	}
	usual = cmp.Or(usual, usualChange(d.Role))
	goNames := map[string]string{optionsMethod: "the method that lists its options"}
	for it.Next() {
		f, err := t.field(it)
		path := d.Name + "." + f.Name
		if err == nil && goNames[f.Go] != "" {
			err = fmt.Errorf("becomes %s in Go, as %s does", f.Go, goNames[f.Go])
		}
		if err != nil {
			bad = append(bad, t.diag(f.Pos, path, err.Error()))
			continue
		}
		goNames[f.Go] = f.Name
		f.Change = cmp.Or(f.Change, usual)
		d.Fields = append(d.Fields, f)
	}
	if d.Func && len(d.Fields) > 0 {
		bad = append(bad, t.diag(d.Fields[0].Pos, d.Name+"."+d.Fields[0].Name, "is an option, and a function has none: make the transform a Go type, without @go(func)"))
	}
	return bad
}

func (t *Table) field(it *cue.Iterator) (Field, error) {
	sel, v := it.Selector(), it.Value()
	f := Field{
		Name: sel.Unquoted(), Doc: docs(v), Pos: v.Pos(),
		Optional: it.FieldType()&cue.OptionalConstraint != 0,
		Required: it.FieldType()&cue.RequiredConstraint != 0,
		Aside:    isAside(v),
		connect:  ofConnect(v.Attributes(cue.FieldAttr)),
	}
	if !fieldName.MatchString(f.Name) {
		return f, fmt.Errorf("must be in camelCase: it becomes the name of a Go field")
	}
	f.Go = GoName(f.Name)
	var err error
	if f.Change, err = changeOf(v, cue.FieldAttr); err != nil {
		return f, err
	}
	if f.File, err = fileOf(v); err != nil {
		return f, err
	}
	if f.Type, err = t.typeOf(v); err != nil {
		return f, err
	}
	if f.Type.Form == Scalar && !f.Optional && !f.Required {
		f.Default = defaultOf(v)
	}
	return f, nil
}

// defaultOf is what a field is where the spec says nothing. A condition that
// holds then may leave one value, of which CUE no longer says that it is a
// default; the declaration does.
func defaultOf(v cue.Value) cue.Value {
	if dv, ok := v.Default(); ok {
		return dv
	}
	op, args := v.Expr()
	if op != cue.AndOp {
		return cue.Value{}
	}
	for _, a := range args {
		if dv, ok := a.Default(); ok && v.IsConcrete() {
			return v
		} else if ok {
			return dv
		}
	}
	return cue.Value{}
}

// isAside says whether a field is marked by @go(-).
func isAside(v cue.Value) bool {
	for _, a := range v.Attributes(cue.FieldAttr) {
		if a.Name() == "go" && strings.TrimSpace(a.Contents()) == "-" {
			return true
		}
	}
	return false
}

// shape refuses what a definition's Fields do not show: fields that exist only
// under a condition, and struct definitions that are open.
func (t *Table) shape(d *Def) diag.List {
	decl, ok := d.Value.Source().(*ast.Field)
	if !ok {
		return nil
	}
	lits := structLits(decl.Value)
	declared := map[string]bool{}
	for _, s := range lits {
		for _, e := range s.Elts {
			if f, ok := e.(*ast.Field); ok {
				declared[labelName(f)] = true
			}
		}
	}
	var bad diag.List
	for _, s := range lits {
		for _, e := range s.Elts {
			switch e := e.(type) {
			case *ast.Ellipsis:
				bad = append(bad, t.diag(e.Pos(), d.Name, "must be closed: remove the \"...\""))
			case *ast.Field:
				if _, pattern := e.Label.(*ast.ListLit); pattern {
					bad = append(bad, t.diag(e.Pos(), d.Name, "has fields of any name beside its own; put them in a field: configs: [string]: string"))
				}
			case *ast.Comprehension:
				bad = append(bad, t.conditional(d, e, declared)...)
			}
		}
	}
	return bad
}

func (t *Table) conditional(d *Def, c *ast.Comprehension, declared map[string]bool) diag.List {
	var bad diag.List
	for _, s := range structLits(c.Value) {
		for _, e := range s.Elts {
			switch e := e.(type) {
			case *ast.Field:
				if name := labelName(e); name != "" && !declared[name] {
					bad = append(bad, t.diag(e.Pos(), d.Name+"."+name, "is declared under a condition: declare it at the top of the definition, conditions may only tighten it"))
				}
			case *ast.Comprehension:
				bad = append(bad, t.conditional(d, e, declared)...)
			}
		}
	}
	return bad
}

// structLits are the struct literals that a definition's value unifies.
func structLits(e ast.Expr) []*ast.StructLit {
	switch e := e.(type) {
	case *ast.StructLit:
		return []*ast.StructLit{e}
	case *ast.BinaryExpr:
		return append(structLits(e.X), structLits(e.Y)...)
	case *ast.ParenExpr:
		return structLits(e.X)
	}
	return nil
}

func labelName(f *ast.Field) string {
	name, _, err := ast.LabelName(f.Label)
	if err != nil {
		return ""
	}
	return name
}

// markKeyed marks the definitions that another one of the package uses as
// elements of a map.
func markKeyed(defs []*Def) {
	byType := map[plan.Type]*Def{}
	for _, d := range defs {
		byType[d.Type] = d
	}
	for _, d := range defs {
		for _, f := range d.Fields {
			if f.Type.Form == Keyed && byType[f.Type.Elem.Go] != nil {
				byType[f.Type.Elem.Go].Keyed = true
			}
		}
	}
}

// keyClash refuses a definition that is an element of a map and has a field
// name of its own.
func keyClash(t *Table, defs []*Def) diag.List {
	var bad diag.List
	for _, d := range defs {
		for _, f := range d.Fields {
			if d.Keyed && f.Go == "Name" {
				bad = append(bad, t.diag(f.Pos, d.Name+"."+f.Name, "is taken: the definition is used in a map, and Name is its key there"))
			}
		}
	}
	return bad
}

func sortByPos(defs []*Def) {
	slices.SortStableFunc(defs, func(a, b *Def) int {
		return cmp.Or(cmp.Compare(a.Pos.Filename(), b.Pos.Filename()), comparePos(a.Pos, b.Pos))
	})
}

func comparePos(a, b cuetoken.Pos) int {
	return cmp.Or(cmp.Compare(a.Line(), b.Line()), cmp.Compare(a.Column(), b.Column()))
}

// docs are the lines of the first comment above a value.
func docs(v cue.Value) []string {
	for _, g := range v.Doc() {
		if text := strings.TrimSpace(g.Text()); text != "" {
			return strings.Split(text, "\n")
		}
	}
	return nil
}
