package transform

import (
	"fmt"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = HoistField{}

// Open gives the function that does it.
func (h HoistField) Open() (connect.Apply, error) {
	part, err := partOf(h.On)
	if err != nil {
		return nil, fmt.Errorf("transform: open HoistField: %w", err)
	}
	w := h.hoister()
	return func(r *connect.Record) (bool, error) {
		if err := w.hoist(part(r)); err != nil {
			return false, fmt.Errorf("transform: HoistField on the %s: %w", h.On, err)
		}
		return true, nil
	}, nil
}

// Flow wraps the schema. What comes is never null, but of a null that has no
// schema it is a map, so that its own has to be known.
func (h HoistField) Flow(s *connect.Shape) error {
	f := formOf(h.On, s)
	in := *f
	*f = connect.Form{Nulls: connect.NullsNever}
	var err error
	switch {
	case !in.Known:
	case in.Schema == nil:
		f.Known = true
	case in.Nulls == connect.NullsNever || in.Typed:
		f.Schema, err = h.hoister().schemas.of(in.Schema)
		f.Known = err == nil
	}
	return ofOption("field", err)
}

func (h HoistField) hoister() *hoister {
	w := &hoister{name: connect.String(h.Field)}
	w.schemas.derive = func(in *connect.Schema) (*connect.Schema, error) {
		return connect.NewStruct().Field(h.Field, in).Build()
	}
	return w
}

type hoister struct {
	name    connect.Value
	schemas schemas
	slab    connect.Slab
}

func (w *hoister) hoist(d *connect.Datum) error {
	if d.Schema == nil {
		m := w.slab.Map(1)
		m.Put(w.name, d.Value)
		d.Value = m.Value()
		return nil
	}
	if err := connect.Validate(d.Schema, d.Value); err != nil {
		return err
	}
	schema, err := w.schemas.of(d.Schema)
	if err != nil {
		return err
	}
	st := w.slab.Struct(schema)
	st.Slots[0] = d.Value
	d.Schema, d.Value = schema, st.Value()
	return nil
}
