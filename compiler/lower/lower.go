// Package lower turns an evaluated spec into the plan: it walks a definition
// and its value together, fills in defaults, reads lengths and sizes exactly,
// and keeps the spec's order and comments.
//
//	lower.go    structs, lists, maps, components
//	scalar.go   scalars
//	data.go     data as JSON; cuetype.go CUE types as Connect's schemas
//	origin.go   where the user wrote a value
//	syntax.go   what the spec's syntax tells of that
//	comment.go  the comment above it
package lower

import (
	"fmt"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/token"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/gotype"
	"kcgen.dev/compiler/load"
	"kcgen.dev/compiler/plan"
)

// Pipeline lowers a spec. What cannot be said in Go is in the list, and the
// plan is nil then.
func Pipeline(s *load.Spec) (*plan.Pipeline, diag.List) {
	l := &lowerer{spec: s, table: gotype.NewTable(s.Place), components: map[string]*gotype.Def{}, files: map[string]string{}, context: cuecontext.New()}
	l.comments, l.reader = readComments(s.Files), newReader(s.Files)
	def, bad := l.table.Def(s.Schema, "#Pipeline")
	if len(bad) > 0 {
		return nil, bad
	}
	root := l.structure(def, s.Value, origin{syntax: l.reader.root(), pos: l.place(l.asked(s.Value))})
	if len(l.bad) > 0 {
		return nil, l.bad.Sorted()
	}
	return &plan.Pipeline{
		Name: root.Text("name"), Spec: s.Name, Doc: l.pipelineDoc(), Root: root,
		Modules: modules(root), GoModDir: s.GoModDir, Files: l.files, Sources: s.Sources,
	}, nil
}

type lowerer struct {
	spec       *load.Spec
	table      *gotype.Table
	components map[string]*gotype.Def // by marker
	comments   *comments
	reader     *reader
	files      map[string]string // what the files hold that the spec names
	context    *cue.Context      // for values that are not the spec's
	bad        diag.List
}

// fail notes a mistake at a value.
func (l *lowerer) fail(v cue.Value, format string, args ...any) plan.Node {
	pos := l.place(l.asked(v))
	l.bad = append(l.bad, diag.Diag{
		File: pos.File, Line: pos.Line, Col: pos.Column, Path: pathOf(v), Msg: fmt.Sprintf(format, args...),
	})
	return nil
}

// structure lowers a struct, field by field in the definition's order.
func (l *lowerer) structure(def *gotype.Def, v cue.Value, o origin) *plan.Struct {
	s := &plan.Struct{Pos: o.pos, Type: def.Type, Component: def.Role != "", Func: def.Func, Tasks: def.Tasks}
	for _, f := range def.Fields {
		fv := v.LookupPath(cue.MakePath(cue.Str(f.Name)))
		if !fv.Exists() {
			continue
		}
		o := l.field(o, f.Name, fv, f.Type.Form)
		n := l.node(f.Type, fv, o)
		if n == nil {
			continue
		}
		if inner, ok := n.(*plan.Struct); ok && f.Type.Form == gotype.Struct {
			inner.Pointer = f.Optional
		}
		out := &s.Fields
		if f.Aside {
			if isEmpty(n) {
				continue
			}
			out = &s.Aside
		}
		*out = append(*out, plan.Field{Pos: o.pos, Doc: o.doc, Name: f.Name, Go: f.Go, Value: n, Change: f.Change, File: f.File, Usual: isUsual(f.Default, fv)})
	}
	return s
}

// isUsual says whether a scalar is its definition's default.
func isUsual(usual, v cue.Value) bool {
	if !usual.Exists() || v.IncompleteKind()&(cue.StructKind|cue.ListKind) != 0 {
		return false
	}
	d, _ := v.Default()
	return d.Equals(usual)
}

// isEmpty says whether a list or a map has nothing in it.
func isEmpty(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.List:
		return len(n.Elems) == 0
	case *plan.Map:
		return len(n.Keys) == 0
	}
	return false
}

// node lowers a value of a type; nil where it cannot, and that is noted.
func (l *lowerer) node(t *gotype.Type, v cue.Value, o origin) plan.Node {
	switch t.Form {
	case gotype.Struct:
		def, bad := l.table.Elem(t)
		if len(bad) > 0 {
			l.bad = append(l.bad, bad...)
			return nil
		}
		return l.structure(def, v, o)
	case gotype.Component:
		return l.component(t, v, o)
	case gotype.List:
		return l.list(t, v, o)
	case gotype.Keyed:
		return l.keyed(t, v, o)
	case gotype.Map:
		return l.mapping(t, v, o)
	}
	return l.scalar(t, v, o)
}

// component lowers a connector, converter, transform or predicate: its hidden
// field names the definition of which it is an instance.
func (l *lowerer) component(t *gotype.Type, v cue.Value, o origin) plan.Node {
	role, marker := gotype.Marker(v)
	def, ok := l.components[marker]
	if !ok {
		var bad diag.List
		if def, bad = l.definition(marker); len(bad) > 0 {
			l.bad = append(l.bad, bad...)
			return nil
		}
		l.components[marker] = def
	}
	switch {
	case role == "":
		return l.fail(v, "is no component: write package.#Name of a package that the spec imports")
	case def == nil:
		return l.fail(v, "#%s names %q, which no imported package has", role, marker)
	case def.Role != role || def.Any || t.Go != gotype.Interface(role):
		return l.fail(v, "%s is no %s", marker, strings.ToLower(t.Go.Name))
	}
	if !instance(v, def) {
		v = v.Unify(def.Value)
		if err := v.Validate(cue.Concrete(true)); err != nil {
			return l.fail(v, "%s", err)
		}
	}
	return l.structure(def, v, o)
}

// definition finds the definition that a marker names; nil where there is
// none.
func (l *lowerer) definition(marker string) (*gotype.Def, diag.List) {
	dot := strings.LastIndexByte(marker, '.')
	if dot < 0 {
		return nil, nil
	}
	pkg, ok := l.spec.Package(marker[:dot])
	name := "#" + marker[dot+1:]
	if !ok || !gotype.IsName(name) || !pkg.LookupPath(cue.ParsePath(name)).Exists() {
		return nil, nil
	}
	return l.table.Def(pkg, name)
}

// instance says whether a component has its marker from its definition. A spec
// can also write the marker by hand; then the definition's constraints and
// defaults are still to be applied.
func instance(v cue.Value, def *gotype.Def) bool {
	path := cue.MakePath(cue.Def("#" + def.Role))
	want := def.Value.LookupPath(path).Pos()
	found := false
	positions(v.LookupPath(path), maxDepth, func(p token.Pos) bool {
		found = found || p == want
		return !found
	})
	return found
}

func (l *lowerer) list(t *gotype.Type, v cue.Value, o origin) plan.Node {
	out := &plan.List{Pos: o.pos, Elem: elem(t.Elem)}
	it, err := v.List()
	if err != nil {
		return l.fail(v, "%s", err)
	}
	var values []cue.Value
	for it.Next() {
		values = append(values, it.Value())
	}
	lit := l.reader.list(o.syntax)
	if !writtenOut(lit, len(values)) {
		lit = nil
	}
	for i, e := range values {
		eo := l.element(lit, i, e)
		if n := l.node(t.Elem, e, eo); n != nil {
			out.Elems = append(out.Elems, withDoc(n, eo.doc))
		}
	}
	return out
}

func withDoc(n plan.Node, doc []string) plan.Node {
	switch n := n.(type) {
	case *plan.Struct:
		n.Doc = doc
	case *plan.Lit:
		n.Doc = doc
	}
	return n
}

// keyed lowers a map of definitions: a slice in the spec's order, whose
// elements begin with their key.
func (l *lowerer) keyed(t *gotype.Type, v cue.Value, o origin) plan.Node {
	out := &plan.List{Pos: o.pos, Elem: elem(t.Elem), Named: true}
	err := each(v, func(key string, e cue.Value) {
		eo := l.field(o, key, e, t.Elem.Form)
		s, ok := l.node(t.Elem, e, eo).(*plan.Struct)
		if !ok {
			return
		}
		s.Doc = eo.doc
		name := plan.Field{Pos: eo.pos, Go: "Name", Value: &plan.Lit{Pos: eo.pos, Kind: plan.String, Str: key}}
		s.Fields = slices.Insert(s.Fields, 0, name)
		out.Elems = append(out.Elems, s)
	})
	if err != nil {
		return l.fail(v, "%s", err)
	}
	return out
}

func (l *lowerer) mapping(t *gotype.Type, v cue.Value, o origin) plan.Node {
	out := &plan.Map{Pos: o.pos, Elem: elem(t.Elem)}
	err := each(v, func(key string, e cue.Value) {
		if n := l.node(t.Elem, e, l.field(o, key, e, t.Elem.Form)); n != nil {
			out.Keys = append(out.Keys, key)
			out.Vals = append(out.Vals, n)
		}
	})
	if err != nil {
		return l.fail(v, "%s", err)
	}
	return out
}

func each(v cue.Value, f func(key string, e cue.Value)) error {
	it, err := v.Fields()
	if err != nil {
		return err
	}
	for it.Next() {
		f(it.Selector().Unquoted(), it.Value())
	}
	return nil
}

func elem(t *gotype.Type) plan.Elem {
	if t.Form == gotype.Scalar {
		return plan.Elem{Kind: t.Kind}
	}
	return plan.Elem{Type: t.Go}
}

// modules are the packages outside kcgen.dev whose types the plan has.
func modules(root *plan.Struct) []string {
	var out []string
	plan.Walk(root, func(n plan.Node) bool {
		if s, ok := n.(*plan.Struct); ok && !strings.HasPrefix(s.Type.Path, "kcgen.dev/") {
			out = append(out, s.Type.Path)
		}
		return true
	})
	slices.Sort(out)
	return slices.Compact(out)
}
