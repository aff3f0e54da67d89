package diag

import (
	"fmt"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"
)

// markers are the hidden fields that say what a component is.
var markers = []string{"source", "sink", "converter", "transform", "predicate", "tracer", "database"}

var kindOf = map[string]string{
	"source": "a source connector", "sink": "a sink connector", "converter": "a converter",
	"transform": "a transform", "predicate": "a predicate", "tracer": "a tracer", "database": "a database",
}

var exampleOf = map[string]string{
	"source": "Source", "sink": "Sink", "converter": "String", "transform": "HoistField", "predicate": "RecordIsTombstone",
	"tracer": "OTLP", "database": "Database",
}

// spoken is a component as a spec names it: filestream.#Sink.
func spoken(marker string) string {
	pkg, name, ok := cutMarker(marker)
	if !ok {
		return quote(marker)
	}
	return pkg[strings.LastIndexByte(pkg, '/')+1:] + ".#" + name
}

// cutMarker divides "kcgen.dev/runtime/convert.JSON".
func cutMarker(m string) (pkg, name string, ok bool) {
	i := strings.LastIndexByte(m, '.')
	if i <= strings.LastIndexByte(m, '/') || i == len(m)-1 {
		return "", "", false
	}
	return m[:i], m[i+1:], true
}

// shape is how a definition is walked.
type shape int

const (
	unseen shape = iota
	aLeaf
	aStruct
	aList
	aComponent
	aData // anything
	aType // a CUE type, which is not to be concrete
)

// table holds the definitions that were met, so that 2,000 connectors of one
// kind cost one look at it.
type table struct {
	schema     cue.Value
	components map[string]*definition
	rules      map[*field]*rule
}

func newTable(schema cue.Value) *table {
	return &table{schema: schema, components: map[string]*definition{}, rules: map[*field]*rule{}}
}

// definition is a struct's fields, in the order of the text.
type definition struct {
	fields []*field
	byName map[string]*field
	names  cue.Value // what a name that the user chooses must be: sources: [#Name]: …
	elem   *field    // what such a name holds
	open   bool
}

// field is one field of a definition.
type field struct {
	name     string
	value    cue.Value
	required bool
	kind     shape
	def      *definition
	elem     *field
}

func (t *table) component(marker string, v cue.Value) *definition {
	d := t.components[marker]
	if d == nil {
		d = t.definition(v)
		t.components[marker] = d
	}
	return d
}

func (t *table) definition(v cue.Value) *definition {
	d := &definition{byName: map[string]*field{}, open: v.Allows(cue.AnyString) && mayOpen(v.Source())}
	it, err := v.Fields(cue.Optional(true), cue.Patterns(true))
	if err != nil {
		d.open = true
		return d
	}
	for it.Next() {
		f := &field{value: it.Value()}
		if it.FieldType()&cue.PatternConstraint != 0 {
			d.names, d.elem = it.Selector().Pattern(), f
			continue
		}
		f.name = it.Selector().Unquoted()
		f.required = it.FieldType()&cue.RequiredConstraint != 0
		d.fields = append(d.fields, f)
		d.byName[f.name] = f
	}
	return d
}

// mayOpen says whether the text of a definition may leave it open. CUE says that
// it does as long as a condition in it waits for a field to have a value.
func mayOpen(n ast.Node) bool {
	if f, ok := n.(*ast.Field); ok {
		n = f.Value
	}
	s, ok := n.(*ast.StructLit)
	return !ok || slices.ContainsFunc(s.Elts, func(d ast.Decl) bool {
		switch d.(type) {
		case *ast.Ellipsis, *ast.EmbedDecl:
			return true
		}
		return false
	})
}

func (d *definition) field(name string) *field { return d.byName[name] }

func (d *definition) names0() []string {
	names := make([]string, len(d.fields))
	for i, f := range d.fields {
		names[i] = f.name
	}
	return names
}

func (f *field) shape() shape {
	if f.kind == unseen {
		f.kind = f.look()
	}
	return f.kind
}

func (f *field) look() shape {
	if root, path := f.value.ReferencePath(); root.Exists() {
		switch path.String() {
		case "#Data":
			return aData
		case "#CUE":
			return aType
		}
	}
	switch f.value.IncompleteKind() {
	case cue.StructKind:
		if f.marker() != "" {
			return aComponent
		}
		return aStruct
	case cue.ListKind:
		return aList
	}
	return aLeaf
}

// marker is the hidden field that a component here must have.
func (f *field) marker() string {
	it, err := f.value.Fields(cue.Definitions(true), cue.Optional(true))
	if err != nil {
		return ""
	}
	for it.Next() {
		for _, m := range markers {
			if strings.TrimRight(it.Selector().String(), "!?") == "#"+m {
				return m
			}
		}
	}
	return ""
}

func (f *field) definition(t *table) *definition {
	if f.def == nil {
		f.def = t.definition(f.value)
	}
	return f.def
}

func (f *field) element(_ *table) *field {
	if f.elem == nil {
		v := f.value.LookupPath(cue.MakePath(cue.AnyIndex))
		if !v.Exists() {
			return nil
		}
		f.elem = &field{value: v}
	}
	return f.elem
}

// least is how many elements a list must have: [#Text, ...#Text] wants one.
func (f *field) least() int {
	n := 0
	for f.value.LookupPath(cue.MakePath(cue.Index(n))).Exists() {
		n++
	}
	return n
}

// declared is where the field's constraint stands.
func (f *field) declared() token.Pos {
	if src, ok := f.value.Source().(*ast.Field); ok && src.Value != nil {
		return src.Value.Pos()
	}
	return f.value.Pos()
}

// about is the first sentence of the field's documentation.
func (f *field) about() string {
	for _, g := range f.value.Doc() {
		text := strings.Join(strings.Fields(g.Text()), " ")
		if i := strings.Index(text, ". "); i >= 0 {
			text = text[:i]
		}
		if text = strings.TrimSuffix(text, "."); text != "" {
			return ": " + text
		}
	}
	return ""
}

// rule is what a definition asks of one value.
type rule struct {
	text   string      // of the error() builtin
	enum   []cue.Value // the literals that it may be
	atoms  []cue.Value // bounds, patterns and types that it must meet
	other  bool        // something else is allowed beside the literals
	secret bool
	ref    bool // a ${…} reference may stand there
}

// rule reads a constraint through its references.
func (t *table) rule(v cue.Value) *rule {
	r := &rule{}
	t.collect(v, r, 0)
	return r
}

func (t *table) fieldRule(f *field) *rule {
	r := t.rules[f]
	if r == nil {
		r = t.rule(f.value)
		t.rules[f] = r
	}
	return r
}

func (t *table) collect(v cue.Value, r *rule, depth int) {
	if depth > 20 {
		return
	}
	if root, path := v.ReferencePath(); root.Exists() && len(path.Selectors()) > 0 {
		last := path.Selectors()[len(path.Selectors())-1].String()
		r.secret = r.secret || last == "#Secret"
		r.ref = r.ref || last == "#Ref" || last == "#Secret"
		if target := root.LookupPath(path); target.Exists() {
			t.collect(target, r, depth+1)
			return
		}
	}
	op, args := v.Expr()
	switch op {
	case cue.OrOp, cue.AndOp:
		for _, a := range args {
			t.collect(a, r, depth+1)
		}
	case cue.CallOp:
		if len(args) == 2 && fmt.Sprint(args[0]) == "error" {
			if s, err := args[1].String(); err == nil && r.text == "" {
				r.text = s
			}
			return
		}
		r.other = true
		r.atoms = append(r.atoms, v)
	case cue.NoOp:
		if v.IsConcrete() && v.Kind() != cue.StructKind {
			r.enum = append(r.enum, v)
			return
		}
		r.other = true
		r.atoms = append(r.atoms, v)
	default:
		r.other = true
		r.atoms = append(r.atoms, v)
	}
}
