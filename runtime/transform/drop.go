package transform

import (
	"fmt"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = Drop{}

// Open gives the function that does it.
func (x Drop) Open() (connect.Apply, error) {
	part, err := partOf(x.On)
	if err == nil {
		err = x.check()
	}
	if err != nil {
		return nil, fmt.Errorf("transform: open Drop: %w", err)
	}
	known := schemas{derive: x.schema}
	return func(r *connect.Record) (bool, error) {
		d := part(r)
		if d.Schema != nil {
			schema, err := known.of(d.Schema)
			if err != nil {
				return false, fmt.Errorf("transform: Drop on the %s: %w", x.On, err)
			}
			d.Schema = schema
		}
		d.Value = connect.Null
		return true, nil
	}, nil
}

func (x Drop) check() error {
	switch x.SchemaBehavior {
	case "nullify", "retain", "validate", "force_optional":
		return nil
	}
	return connect.OptionErrorf("schemaBehavior", `%q is none: there are "nullify", "retain", "validate" and "force_optional"`, x.SchemaBehavior)
}

// Flow leaves nothing but nulls.
func (x Drop) Flow(s *connect.Shape) error {
	f := formOf(x.On, s)
	in := *f
	*f = connect.Form{Nulls: connect.NullsAlways}
	if err := x.check(); err != nil {
		return err
	}
	if x.SchemaBehavior == "nullify" {
		f.Known = true
		return nil
	}
	if !in.Known || in.Nulls == connect.NullsAlways && !in.Typed {
		return nil
	}
	if in.Schema == nil {
		f.Known = in.Nulls == connect.NullsNever
		return nil
	}
	out, err := x.schema(in.Schema)
	if err == nil && (in.Nulls == connect.NullsNever || in.Typed) {
		f.Known, f.Schema, f.Typed = true, out, true
	}
	return ofOption("schemaBehavior", err)
}

// schema is what becomes of a schema.
func (x Drop) schema(in *connect.Schema) (*connect.Schema, error) {
	switch {
	case x.SchemaBehavior == "nullify":
		return nil, nil
	case x.SchemaBehavior == "retain" || in.IsOptional():
		return in, nil
	case x.SchemaBehavior == "validate":
		return nil, fmt.Errorf("%v is required, so that null does not fit", in)
	}
	return optional(in)
}

// optional is the schema with null allowed.
func optional(in *connect.Schema) (*connect.Schema, error) {
	b := connect.NewSchema(in.Kind()).Basics(in).Optional().Untyped()
	if in.Key() != nil {
		b.Key(in.Key())
	}
	if in.Elem() != nil {
		b.Elem(in.Elem())
	}
	for _, f := range in.Fields() {
		b.Field(f.Name, f.Schema)
	}
	if def, ok := in.Default(); ok {
		b.Default(def)
	}
	return b.Build()
}
