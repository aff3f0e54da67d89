package transform

import (
	"errors"
	"fmt"
	"slices"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = HeaderFrom{}

// Open gives the function that does it.
func (h HeaderFrom) Open() (connect.Apply, error) {
	part, err := partOf(h.On)
	switch {
	case err != nil:
	case len(h.Fields) == 0:
		err = fmt.Errorf("no fields")
	case len(h.Fields) != len(h.Headers):
		err = fmt.Errorf("%d fields, but %d headers", len(h.Fields), len(h.Headers))
	case h.Operation != "move" && h.Operation != "copy":
		err = fmt.Errorf(`operation is %q, and has to be "move" or "copy"`, h.Operation)
	}
	if err != nil {
		return nil, fmt.Errorf("transform: open HeaderFrom: %w", err)
	}
	f := h.mover()
	return func(r *connect.Record) (bool, error) {
		if err := f.apply(r, part(r)); err != nil {
			return false, fmt.Errorf("transform: HeaderFrom on the %s: %w", h.On, err)
		}
		return true, nil
	}, nil
}

// Flow takes the fields that are moved out of the schema. Null fails.
func (h HeaderFrom) Flow(s *connect.Shape) error {
	form, f := formOf(h.On, s), h.mover()
	nulls := noNulls(h.On, form)
	return errors.Join(nulls, pastNulls(form, func(in *connect.Schema) (*connect.Schema, error) {
		p, err := f.plan(in)
		if err != nil {
			return nil, err
		}
		return p.out, nil
	}))
}

func (h HeaderFrom) mover() *headerFrom {
	f := &headerFrom{HeaderFrom: h, move: h.Operation == "move"}
	f.plans.derive = f.plan
	return f
}

type headerFrom struct {
	HeaderFrom
	move  bool
	plans perSchema[*headerPlan]
	slab  connect.Slab
}

// headerPlan says what to do with structs of one schema.
type headerPlan struct {
	out    *connect.Schema // of what stays
	stay   []int           // the fields that do
	header []int           // the field of each header
}

func (f *headerFrom) plan(in *connect.Schema) (*headerPlan, error) {
	if err := notStruct(in); err != nil {
		return nil, err
	}
	p := &headerPlan{out: in}
	var missing error
	for _, name := range f.Fields {
		i := in.FieldIndex(name)
		if i < 0 {
			missing = errors.Join(missing, connect.OptionErrorf("fields", "%w", connect.NoField(name, in)))
		}
		p.header = append(p.header, i)
	}
	if missing != nil || !f.move {
		return p, missing
	}
	b := connect.NewStruct().Basics(in)
	for i, field := range in.Fields() {
		if !slices.Contains(f.Fields, field.Name) {
			p.stay = append(p.stay, i)
			b.Field(field.Name, field.Schema)
		}
	}
	var err error
	p.out, err = b.Build()
	return p, err
}

func (f *headerFrom) apply(r *connect.Record, d *connect.Datum) error {
	if d.Schema == nil {
		m := d.Value.Map()
		if m == nil {
			return fmt.Errorf("only a map has fields where there is no schema, and this is %v", d.Value.Kind())
		}
		f.ofMap(r, d, m)
		return nil
	}
	st := d.Value.Struct()
	if st == nil {
		return fmt.Errorf("only a struct has fields where there is a schema, and this is %v", d.Value.Kind())
	}
	return f.ofStruct(r, d, st)
}

func (f *headerFrom) ofMap(r *connect.Record, d *connect.Datum, m *connect.Map) {
	headers := room(r.Headers, len(f.Fields))
	for i, name := range f.Fields {
		headers = append(headers, connect.Header{Key: f.Headers[i], Datum: connect.Datum{Value: m.Get(name)}})
	}
	r.Headers = headers
	if !f.move {
		return
	}
	rest := f.slab.Map(m.Len())
	for i := range m.Len() {
		e := m.At(i)
		if e.Key.Kind() != connect.KindString || !slices.Contains(f.Fields, e.Key.Str()) {
			rest.Put(e.Key, e.Value)
		}
	}
	d.Value = rest.Value()
}

func (f *headerFrom) ofStruct(r *connect.Record, d *connect.Datum, st *connect.Struct) error {
	p, err := f.plans.of(st.Schema)
	if err != nil {
		return err
	}
	fields := st.Schema.Fields()
	if len(st.Slots) != len(fields) {
		return fmt.Errorf("a struct with %d slots for %d fields", len(st.Slots), len(fields))
	}
	headers := room(r.Headers, len(p.header))
	for i, at := range p.header {
		headers = append(headers, connect.Header{Key: f.Headers[i], Datum: connect.Datum{
			Schema: fields[at].Schema, Value: f.value(fields[at].Schema, st.Slots[at])}})
	}
	if f.move {
		rest := f.slab.Struct(p.out)
		for to, from := range p.stay {
			if rest.Slots[to], err = filled(fields[from].Schema, st.Slots[from], f.ReplaceNullWithDefault); err != nil {
				return fmt.Errorf("field %q: %w", fields[from].Name, err)
			}
		}
		d.Schema, d.Value = p.out, rest.Value()
	}
	r.Headers = headers
	return nil
}

// value is a field's value for a header.
func (f *headerFrom) value(s *connect.Schema, v connect.Value) connect.Value {
	if def, ok := s.Default(); ok && v.IsNull() && f.ReplaceNullWithDefault {
		return def
	}
	return v
}
