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
	if h.Hoisted != "" {
		return h.openField(part, w)
	}
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
	if h.Hoisted != "" {
		w, err := h.field(h.hoister())
		if err != nil {
			return ofOption("hoisted", err)
		}
		return ofOption("hoisted", pastNulls(f, w.becomes))
	}
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

// openField gives the function that wraps a field. Null stays null.
func (h HoistField) openField(part part, in *hoister) (connect.Apply, error) {
	w, err := h.field(in)
	if err != nil {
		return nil, fmt.Errorf("transform: open HoistField: hoisted: %w", err)
	}
	return func(r *connect.Record) (bool, error) {
		d := part(r)
		if d.Value.IsNull() {
			return true, nil
		}
		if err := w.rewrite(d); err != nil {
			return false, fmt.Errorf("transform: HoistField on the %s: %w", h.On, err)
		}
		return true, nil
	}, nil
}

// field is what wraps the field that hoisted names, which has to be there.
func (h HoistField) field(in *hoister) (*rewriter, error) {
	path, err := parseFieldPath(h.Hoisted, h.FieldSyntaxVersion)
	if err != nil {
		return nil, err
	}
	root := &branch{}
	root.at(path).change = true
	w := (&rewriter{
		root: root, optional: true, keepMissing: true,
		schema: func(_ *branch, s *connect.Schema) (*connect.Schema, error) { return in.schemas.of(s) },
		value: func(_ *branch, s *connect.Schema, v connect.Value) (connect.Value, error) {
			d := connect.Datum{Schema: s, Value: v}
			err := in.hoist(&d)
			return d.Value, err
		},
		fits: func(*branch, *connect.Schema) error { return nil },
	}).open()
	derive := w.plans.derive
	w.plans.derive = func(in *connect.Schema) (*plan, error) {
		if _, err := path.needed(in); err != nil {
			return nil, err
		}
		return derive(in)
	}
	return w, nil
}

func (h HoistField) hoister() *hoister {
	w := &hoister{keys: connect.NewKeySet([]connect.Value{connect.String(h.Field)})}
	w.schemas.derive = func(in *connect.Schema) (*connect.Schema, error) {
		return connect.NewStruct().Field(h.Field, in).Build()
	}
	return w
}

type hoister struct {
	keys    *connect.KeySet
	schemas schemas
	slab    connect.Slab
}

func (w *hoister) hoist(d *connect.Datum) error {
	if d.Schema == nil {
		m := w.slab.MapOf(w.keys)
		m.Vals[0] = d.Value
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
