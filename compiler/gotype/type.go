package gotype

import (
	"errors"
	"fmt"

	"cuelang.org/go/cue"

	"kcgen.dev/compiler/plan"
)

// meanings are the definitions of package schema that are more than text.
var meanings = map[string]plan.Kind{
	"#Duration": plan.Duration, "#Positive": plan.Duration, "#Timeout": plan.Duration,
	"#Bytes": plan.Bytes, "#Room": plan.Bytes, "#Secret": plan.Secret,
	"#File": plan.File, "#Data": plan.Data, "#CUE": plan.Schema,
}

// connectPath is the package of most of the component interfaces.
const connectPath = "kcgen.dev/runtime/connect"

// interfaces are the kinds of component, with their Go interfaces. A
// component's definition has the hidden field #<role>, which holds its Go type.
var interfaces = map[string]plan.Type{
	"source": connects("Source"), "sink": connects("Sink"), "converter": connects("Converter"),
	"transform": connects("Transform"), "predicate": connects("Predicate"), "tracer": connects("Tracer"),
	"database": {Path: "kcgen.dev/runtime/connector/database", Pkg: "database", Name: "Database"},
}

func connects(name string) plan.Type {
	return plan.Type{Path: connectPath, Pkg: "connect", Name: name}
}

// Interface is the Go interface of a role's components.
func Interface(role string) plan.Type { return interfaces[role] }

// typeOf maps a field's constraint.
func (t *Table) typeOf(v cue.Value) (*Type, error) {
	if root, ref := v.ReferencePath(); root.Exists() && len(ref.Selectors()) == 1 {
		return t.named(root, ref)
	}
	switch op, args := v.Expr(); op {
	case cue.OrOp:
		return t.union(args)
	case cue.AndOp:
		return t.conjunction(v, args)
	}
	return t.plain(v)
}

// named maps a reference to a definition.
func (t *Table) named(root cue.Value, ref cue.Path) (*Type, error) {
	inst := root.BuildInstance()
	if kind, ok := meanings[ref.String()]; ok && inst != nil && ImportPath(inst.ImportPath) == schemaPath {
		return &Type{Form: Scalar, Kind: kind}, nil
	}
	def := root.LookupPath(ref)
	if !isStruct(def) {
		return t.typeOf(def)
	}
	if !ref.Selectors()[0].IsDefinition() {
		return nil, fmt.Errorf("refers to the field %s; only a definition can be a type", ref)
	}
	id := &Def{Name: ref.String(), Value: def, pkg: root}
	if err := t.identify(id); err != nil {
		return nil, fmt.Errorf("%s: %w", ref, err)
	}
	form := Struct
	if id.Any {
		form = Component
	}
	return &Type{Form: form, Go: id.Type, pkg: root, name: id.Name}, nil
}

// union maps a | b | error("…"). Arms that only tell what is wrong do not
// count; a literal beside a meaningful type (the default "5s" beside
// #Duration) is one of its values.
func (t *Table) union(args []cue.Value) (*Type, error) {
	var out *Type
	var enum []string
	all := true
	for _, a := range args {
		if a.IncompleteKind() == cue.BottomKind {
			continue
		}
		ty, err := t.typeOf(a)
		if err != nil {
			return nil, err
		}
		lit, err := a.String()
		isLit := err == nil && ty.Form == Scalar && ty.Kind == plan.String
		if isLit {
			enum = append(enum, lit)
		}
		all = all && isLit
		if out, err = t.join(out, ty); err != nil {
			return nil, err
		}
	}
	if out == nil {
		return nil, errors.New("has no value that is not an error")
	}
	if all {
		out.Enum = enum
	}
	return out, nil
}

func (t *Table) join(a, b *Type) (*Type, error) {
	switch {
	case a == nil:
		return b, nil
	case a.Form == Scalar && b.Form == Scalar && a.Kind == b.Kind:
		return &Type{Form: Scalar, Kind: a.Kind}, nil
	case a.Form == Scalar && b.Form == Scalar && a.Kind == plan.String && b.Kind >= plan.Duration:
		return b, nil
	case a.Form == Scalar && b.Form == Scalar && b.Kind == plan.String && a.Kind >= plan.Duration:
		return a, nil
	case a.Form == Scalar && b.Form == Scalar && isNumber(a.Kind) && isNumber(b.Kind):
		return &Type{Form: Scalar, Kind: plan.Float}, nil
	case a.Form == b.Form && a.Form != Scalar && a.String() == b.String():
		return a, nil
	}
	ra, rb := roleOf(a), roleOf(b)
	if ra != "" && ra == rb {
		return &Type{Form: Component, Go: interfaces[ra]}, nil
	}
	return nil, fmt.Errorf("is %s or %s: a union must be of components of one role, or of one scalar type", a, b)
}

func isNumber(k plan.Kind) bool { return k == plan.Int || k == plan.Float }

func roleOf(t *Type) string {
	if t.Form == Component {
		for role, own := range interfaces {
			if t.Go == own {
				return role
			}
		}
	}
	if t.Form == Struct {
		r, _, _ := roleOfValue(t.pkg.LookupPath(cue.ParsePath(t.name)))
		return r
	}
	return ""
}

// conjunction maps a & b: the arm that says most; bounds, patterns and
// conditions only tighten, and what the first enum lists stays what may be said.
func (t *Table) conjunction(v cue.Value, args []cue.Value) (*Type, error) {
	var best *Type
	var enum []string
	for _, a := range args {
		ty, err := t.typeOf(a)
		if err != nil {
			continue // a bound such as >=1 has no type of its own
		}
		if enum == nil {
			enum = ty.Enum
		}
		if best == nil || ty.Form > best.Form || ty.Form == Scalar && best.Form == Scalar && ty.Kind >= plan.Duration {
			best = ty
		}
	}
	if best == nil || best.Form == Scalar && best.Kind < plan.Duration {
		out, err := t.plain(v)
		if err == nil {
			out.Enum = enum
		}
		return out, err
	}
	return best, nil
}

// plain maps a constraint by the kind of its values.
func (t *Table) plain(v cue.Value) (*Type, error) {
	switch v.IncompleteKind() {
	case cue.StringKind:
		return &Type{Form: Scalar, Kind: plan.String}, nil
	case cue.IntKind:
		return &Type{Form: Scalar, Kind: plan.Int}, nil
	case cue.FloatKind, cue.NumberKind:
		return &Type{Form: Scalar, Kind: plan.Float}, nil
	case cue.BoolKind:
		return &Type{Form: Scalar, Kind: plan.Bool}, nil
	case cue.ListKind:
		return t.list(v)
	case cue.StructKind:
		return t.mapping(v)
	}
	return nil, fmt.Errorf("has no Go type: its values may be %v; say one of string, int, number, bool, a list, a map or a definition", v.IncompleteKind())
}

func (t *Table) list(v cue.Value) (*Type, error) {
	e := v.LookupPath(cue.MakePath(cue.AnyIndex))
	if !e.Exists() {
		return nil, errors.New("is a list without an element type: write [...T]")
	}
	elem, err := t.typeOf(e)
	if err != nil {
		return nil, fmt.Errorf("element: %w", err)
	}
	if elem.Form > Component {
		return nil, errors.New("is a list of lists or of maps; give its elements a definition")
	}
	return &Type{Form: List, Elem: elem}, nil
}

func (t *Table) mapping(v cue.Value) (*Type, error) {
	e, ok := pattern(v)
	if !ok {
		return nil, errors.New("is a struct without a name; make it a definition and refer to that")
	}
	elem, err := t.typeOf(e)
	if err != nil {
		return nil, fmt.Errorf("element: %w", err)
	}
	switch elem.Form {
	case Scalar:
		return &Type{Form: Map, Elem: elem}, nil
	case Struct:
		return &Type{Form: Keyed, Elem: elem}, nil
	}
	return nil, fmt.Errorf("is a map of %s; a map holds scalars or structs", elem)
}

// isStruct says whether a definition is a struct with fields of its own (a map
// from any name is not). One with a condition that only a spec decides has no
// kind yet, but has fields.
func isStruct(v cue.Value) bool {
	it, err := v.Fields(cue.Optional(true), cue.Definitions(true))
	if err != nil {
		return v.IncompleteKind() == cue.StructKind
	}
	if it.Next() {
		return true
	}
	_, isMap := pattern(v)
	return v.IncompleteKind() == cue.StructKind && !isMap
}

// pattern is what a struct says of fields of any name, or of a pattern:
// T in [string]: T.
func pattern(v cue.Value) (cue.Value, bool) {
	it, err := v.Fields(cue.Patterns(true))
	if err != nil {
		return cue.Value{}, false
	}
	for it.Next() {
		if it.FieldType()&cue.PatternConstraint != 0 {
			return it.Value(), true
		}
	}
	return cue.Value{}, false
}

// String is the type in Go.
func (t *Type) String() string {
	switch t.Form {
	case Scalar:
		return t.Kind.String()
	case Struct, Component:
		return t.Go.Pkg + "." + t.Go.Name
	case List, Keyed:
		return "[]" + t.Elem.String()
	case Map:
		return "map[string]" + t.Elem.String()
	}
	return "?"
}
