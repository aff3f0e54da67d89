// Package gotype says which Go type a CUE definition becomes. One table serves
// the struct generator (kcgen types), the option tables of the READMEs and the
// lowering of specs to literals, so that these cannot disagree.
//
//	gotype.go    the table: Def, Field, Type
//	def.go       a definition → Def
//	type.go      a field → Type
//	name.go      CUE names → Go names
//	generate.go  Defs → <package>_gen.go (jennifer)
//	option.go    what Kafka Connect calls a field, its type and default
//	connect.go   what else there is to say of it: classes, other names
//	genoption.go Defs → <package>_options_gen.go
//	readme.go    Defs → the option table of a README
//	change.go    what the change of a field means (@change)
//	file.go      what a field that names a file says of it (@file)
//	units.go     lengths of time and sizes
package gotype

import (
	"cuelang.org/go/cue"
	"cuelang.org/go/cue/token"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
)

// Def is a definition that becomes a Go struct, or a component's interface.
type Def struct {
	Name   string    // "#Source"
	Type   plan.Type // its Go type
	Doc    []string  // its comment, a line each
	Role   string    // "source", "sink", "converter", "transform", "predicate", "tracer", "database"; empty for a plain struct
	Any    bool      // any component of the Role: Type is its interface, and there are no Fields
	Func   bool      // a transform that is a Go function (@go(func)); there are no Fields
	Keyed  bool      // an element of a map in its package: the Go struct begins with Name
	Tasks  int       // the most tasks that a connector can use (#tasks); 0: not known
	Fields []Field   // in the order of the definition
	Pos    token.Pos
	Value  cue.Value // the definition itself

	pkg cue.Value
}

// Field is one field of a definition.
type Field struct {
	Name     string // in CUE: tasksMax
	Go       string // in Go: TasksMax
	Doc      []string
	Type     *Type
	Optional bool      // declared with ?
	Required bool      // declared with !
	Aside    bool      // for the build alone (@go(-)): no field of the Go struct
	Default  cue.Value // what it is where the spec says nothing; may not exist
	Change   string    // what its change means (@change): "restart"
	File     string    // what the file is that it names (@file): "read"
	Pos      token.Pos

	connect []cue.Attribute // @connect
}

// Form is how a Type is built.
type Form int

// The forms, with what they become in Go.
const (
	Scalar    Form = iota + 1 // Kind's type
	Struct                    // a struct, or a pointer to one where the field is optional
	Component                 // an interface
	List                      // []Elem
	Keyed                     // []Elem, in CUE a map from the elements' names
	Map                       // map[string]Elem
)

// Type is a field's type.
type Type struct {
	Form Form
	Kind plan.Kind // of a Scalar
	Go   plan.Type // of a Struct or Component
	Elem *Type     // of a List, Keyed or Map
	Enum []string  // a string's only values, where the definition lists them

	pkg  cue.Value // of a Struct or Component: its definition is name in pkg
	name string
}

// Table keeps the definitions that it was asked for. It is not safe for
// concurrent use.
type Table struct {
	defs  map[plan.Type]*Def
	bad   map[plan.Type]diag.List
	place Place
}

// Place says where a position is, in words for the user.
type Place func(token.Pos) (file string, line, col int)

// NewTable returns an empty table whose errors name positions by place; nil
// names files as CUE does.
func NewTable(place Place) *Table {
	if place == nil {
		place = func(p token.Pos) (string, int, int) { return p.Filename(), p.Line(), p.Column() }
	}
	return &Table{defs: map[plan.Type]*Def{}, bad: map[plan.Type]diag.List{}, place: place}
}

// Package returns the definitions of a package that become Go structs, by file
// and line. Definitions of scalars and component interfaces are left out.
func (t *Table) Package(pkg cue.Value) ([]*Def, diag.List) {
	var defs []*Def
	var bad diag.List
	it, err := pkg.Fields(cue.Definitions(true))
	if err != nil {
		return nil, diag.List{t.diag(pkg.Pos(), "", err.Error())}
	}
	for it.Next() {
		if !it.Selector().IsDefinition() || !isStruct(it.Value()) {
			continue
		}
		d, l := t.Def(pkg, it.Selector().String())
		bad = append(bad, l...)
		if len(l) == 0 && !d.Any {
			defs = append(defs, d)
		}
	}
	sortByPos(defs)
	markKeyed(defs)
	return defs, append(bad, keyClash(t, defs)...)
}

// Elem returns the definition of a Struct or Component.
func (t *Table) Elem(ty *Type) (*Def, diag.List) { return t.Def(ty.pkg, ty.name) }

func (t *Table) diag(pos token.Pos, path, msg string) diag.Diag {
	d := diag.Diag{Path: path, Msg: msg}
	if pos.IsValid() {
		d.File, d.Line, d.Col = t.place(pos)
	}
	return d
}
