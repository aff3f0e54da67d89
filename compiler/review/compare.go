package review

import (
	"slices"

	"kcgen.dev/compiler/plan"
)

// comparison walks two plans together.
type comparison struct {
	files [2]map[string]string // what the files hold that the specs name
	say   func(side int, ch Change, at plan.Pos)
}

// place is where the walk is.
type place struct {
	path   string
	kind   string // "sources" or "sinks" below one of those
	name   string // of the connector
	change string // what a change means here, as the field says
	sink   bool   // among the options of a sink's connector
	aside  bool   // below a field that is for the build alone
	opts   [2]*plan.Struct
}

func (p place) field(f *plan.Field) place {
	if p.path != "" {
		p.path += "."
	}
	p.path += f.Name
	p.change = f.Change
	if f.Name == "connector" && p.kind == "sinks" {
		p.sink = true
	}
	return p
}

// structs compares two structs of one type, field by field.
func (c *comparison) structs(at place, a, b *plan.Struct) {
	at.opts = [2]*plan.Struct{a, b}
	c.fields(at, a.Fields, b.Fields)
	at.aside = true
	c.fields(at, a.Aside, b.Aside)
}

func (c *comparison) fields(at place, a, b []plan.Field) {
	for i := range a {
		f := &a[i]
		if f.Name == "" {
			continue // a map's key, which has been compared
		}
		if g := fieldOf(b, f.Name); g != nil {
			c.nodes(at.field(g), f, g)
		} else {
			c.differ(at.field(f), f, nil)
		}
	}
	for i := range b {
		if g := &b[i]; g.Name != "" && fieldOf(a, g.Name) == nil {
			c.differ(at.field(g), nil, g)
		}
	}
}

func fieldOf(fields []plan.Field, name string) *plan.Field {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
	}
	return nil
}

// nodes compares the values of a field.
func (c *comparison) nodes(at place, f, g *plan.Field) {
	switch a := f.Value.(type) {
	case *plan.Struct:
		if b, ok := g.Value.(*plan.Struct); ok && a.Type == b.Type {
			c.structs(at, a, b)
			return
		}
	case *plan.List:
		if b, ok := g.Value.(*plan.List); ok && c.lists(at, a, b, f, g) {
			return
		}
	}
	if !c.equal(f.Value, g.Value) {
		c.differ(at, f, g)
	}
}

// lists compares lists of structs, and says whether it did.
func (c *comparison) lists(at place, a, b *plan.List, f, g *plan.Field) bool {
	switch {
	case a.Named && b.Named:
		c.keyed(at, a, b)
	case isSteps(a) && isSteps(b):
		c.steps(at, structs(a), structs(b))
	default:
		return c.selection(at, a, b, f, g)
	}
	return true
}

// equal says whether two values are the same to the program: comments and places
// aside.
func (c *comparison) equal(a, b plan.Node) bool {
	switch a := a.(type) {
	case *plan.Struct:
		b, ok := b.(*plan.Struct)
		return ok && a.Type == b.Type && c.sameFields(a.Fields, b.Fields) && c.sameFields(a.Aside, b.Aside)
	case *plan.List:
		b, ok := b.(*plan.List)
		return ok && slices.EqualFunc(a.Elems, b.Elems, c.equal)
	case *plan.Map:
		b, ok := b.(*plan.Map)
		return ok && c.sameMap(a, b)
	case *plan.Lit:
		b, ok := b.(*plan.Lit)
		return ok && c.sameLit(a, b)
	}
	return a == b
}

func (c *comparison) sameFields(a, b []plan.Field) bool {
	return slices.EqualFunc(a, b, func(f, g plan.Field) bool { return f.Go == g.Go && c.equal(f.Value, g.Value) })
}

// sameMap: the order of a map's keys means nothing.
func (c *comparison) sameMap(a, b *plan.Map) bool {
	if len(a.Keys) != len(b.Keys) {
		return false
	}
	for i, k := range a.Keys {
		if j := slices.Index(b.Keys, k); j < 0 || !c.equal(a.Vals[i], b.Vals[j]) {
			return false
		}
	}
	return true
}

func (c *comparison) sameLit(a, b *plan.Lit) bool {
	same := a.Kind == b.Kind && a.Str == b.Str && a.Int == b.Int && a.Float == b.Float && a.Bool == b.Bool
	return same && (a.Kind != plan.File || c.files[0][a.Str] == c.files[1][b.Str])
}
