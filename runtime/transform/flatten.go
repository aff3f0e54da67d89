package transform

import (
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = Flatten{}

// Open gives the function that does it.
func (f Flatten) Open() (connect.Apply, error) {
	part, err := partOf(f.On)
	if err != nil {
		return nil, fmt.Errorf("transform: open Flatten: %w", err)
	}
	w := newFlattener(f.Delimiter)
	return func(r *connect.Record) (bool, error) {
		d := part(r)
		if d.Value.IsNull() {
			return true, nil
		}
		if err := w.flatten(d); err != nil {
			return false, fmt.Errorf("transform: Flatten on the %s: %w", f.On, err)
		}
		return true, nil
	}, nil
}

// Flow flattens the schema. Null stays null, with the schema that it has.
func (f Flatten) Flow(s *connect.Shape) error {
	return pastNulls(formOf(f.On, s), func(in *connect.Schema) (*connect.Schema, error) {
		p, err := newFlattener(f.Delimiter).plan(in)
		if err != nil {
			return nil, err
		}
		return p.out, nil
	})
}

func newFlattener(delimiter string) *flattener {
	w := &flattener{delimiter: delimiter, names: map[nested]connect.Value{}}
	w.plans.derive = w.plan
	return w
}

type flattener struct {
	delimiter string
	plans     perSchema[*flatPlan]
	names     map[nested]connect.Value
	shapes    flatMaps // of maps
	slab      connect.Slab
}

// flatPlan says how to make flat structs of one schema.
type flatPlan struct {
	out    *connect.Schema
	fields []flatField
}

// flatField is a field of the struct, or a struct in it.
type flatField struct {
	def    connect.Value // its default
	nested *flatPlan     // of a struct; out is not set
}

func (w *flattener) plan(in *connect.Schema) (*flatPlan, error) {
	if err := notStruct(in); err != nil {
		return nil, err
	}
	b := connect.NewStruct().Basics(in)
	p, err := w.add(b, in, "", in.IsOptional())
	if err != nil {
		return nil, err
	}
	p.out, err = b.Build()
	return p, err
}

// add adds the fields of a struct, which are optional where it is or one that
// it is in. Structs have no defaults that could be handed down.
func (w *flattener) add(b *connect.SchemaBuilder, in *connect.Schema, prefix string, optional bool) (*flatPlan, error) {
	p := &flatPlan{}
	for _, f := range in.Fields() {
		var field flatField
		name := w.name(prefix, f.Name)
		optional := optional || f.Schema.IsOptional()
		field.def, _ = f.Schema.Default()
		switch f.Schema.Kind() {
		case connect.KindMap:
			return nil, fmt.Errorf("field %q is a map, which with a schema cannot be flattened", name)
		case connect.KindStruct:
			var err error
			if field.nested, err = w.add(b, f.Schema, name, optional); err != nil {
				return nil, err
			}
		default:
			s, err := madeOptional(f.Schema, optional)
			if err != nil {
				return nil, fmt.Errorf("field %q: %w", name, err)
			}
			b.Field(name, s)
		}
		p.fields = append(p.fields, field)
	}
	return p, nil
}

// madeOptional is the schema of a field that is no struct, optional or as it is.
func madeOptional(in *connect.Schema, optional bool) (*connect.Schema, error) {
	if optional == in.IsOptional() {
		return in, nil
	}
	b := connect.NewSchema(in.Kind()).Basics(in).Optional()
	if in.Kind() == connect.KindArray {
		b.Elem(in.Elem())
	}
	if def, ok := in.Default(); ok {
		b.Default(def)
	}
	return b.Build()
}

// name is a field's name behind those that it is in.
func (w *flattener) name(prefix, field string) string {
	if prefix == "" {
		return field
	}
	return prefix + w.delimiter + field
}

func (w *flattener) flatten(d *connect.Datum) error {
	if d.Schema == nil {
		old, err := mapOf(d.Value)
		if err != nil {
			return err
		}
		m, err := w.flatMap(old)
		if err != nil {
			return err
		}
		d.Value = m.Value()
		return nil
	}
	old, err := structOf(d.Value)
	if err != nil {
		return err
	}
	p, err := w.plans.of(old.Schema)
	if err != nil {
		return err
	}
	st := w.slab.Struct(p.out)
	if _, err := p.fill(st, 0, old); err != nil {
		return err
	}
	d.Schema, d.Value = p.out, st.Value()
	return nil
}

// fill fills the slots from at on; it gives the first one that it left. Those
// of a struct that is null stay null.
func (p *flatPlan) fill(st *connect.Struct, at int, old *connect.Struct) (next int, err error) {
	if old != nil && len(old.Slots) != len(p.fields) {
		return at, fmt.Errorf("a struct with %d slots for %d fields", len(old.Slots), len(p.fields))
	}
	for i := range p.fields {
		f := &p.fields[i]
		v := connect.Null
		if old != nil {
			v = old.Slots[i]
		}
		if f.nested != nil {
			if at, err = f.nested.fill(st, at, v.Struct()); err != nil {
				return at, err
			}
			continue
		}
		if old != nil && v.IsNull() {
			v = f.def
		}
		to := st.Schema.Fields()[at]
		if st.Slots[at], err = filled(to.Schema, v, false); err != nil {
			return at, fmt.Errorf("field %q: %w", to.Name, err)
		}
		at++
	}
	return at, nil
}

// leaves is how many entries the flat map gets at the most.
func leaves(m *connect.Map) (n int) {
	for i := range m.Len() {
		if in := m.Vals[i].Map(); in != nil {
			n += leaves(in)
		} else {
			n++
		}
	}
	return n
}

func (w *flattener) intoMap(m *connect.Map, ix *connect.MapIndex, prefix string, old *connect.Map) error {
	for i := range old.Len() {
		e := old.At(i)
		if e.Key.IsNull() && prefix != "" {
			e.Key = connect.String("null") // as Java puts it behind a name
		}
		if e.Key.Kind() != connect.KindString && !(e.Key.IsNull() && e.Value.Kind() != connect.KindMap) {
			return fmt.Errorf("the map has the key %v, and names of fields are strings", e.Key)
		}
		switch e.Value.Kind() {
		case connect.KindMap:
			if err := w.intoMap(m, ix, w.nestedName(prefix, e.Key).Str(), e.Value.Map()); err != nil {
				return err
			}
			continue
		case connect.KindStruct, connect.KindDecimal, connect.KindInstant:
			return fmt.Errorf("field %q is %v, which without a schema cannot be flattened", w.name(prefix, e.Key.Str()), e.Value.Kind())
		}
		e.Key = w.nestedName(prefix, e.Key)
		if at := ix.Find(e.Key); at >= 0 {
			m.Vals[at] = e.Value
		} else {
			m.Put(e.Key, e.Value)
		}
	}
	return nil
}

// nested is a name in the map that prefix stands for.
type nested struct{ prefix, name string }

// What is kept: so many names, and none that is longer in all.
const (
	maxNames   = 4096
	maxNameLen = 256
)

// nestedName is the key of an entry in the flat map. Records in a row have the
// same names, so they are kept.
func (w *flattener) nestedName(prefix string, key connect.Value) connect.Value {
	if prefix == "" {
		return key
	}
	if v, ok := w.names[nested{prefix, key.Str()}]; ok {
		return v
	}
	if len(prefix)+len(key.Str()) > maxNameLen {
		return connect.String(w.name(prefix, key.Str()))
	}
	if len(w.names) >= maxNames {
		clear(w.names)
	}
	n := nested{strings.Clone(prefix), strings.Clone(key.Str())}
	v := connect.String(w.name(n.prefix, n.name))
	w.names[n] = v
	return v
}
