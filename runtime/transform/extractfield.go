package transform

import (
	"fmt"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = ExtractField{}

// Open gives the function that does it.
func (f ExtractField) Open() (connect.Apply, error) {
	part, err := partOf(f.On)
	var x *extractor
	if err == nil {
		x, err = f.extractor()
	}
	if err != nil {
		return nil, fmt.Errorf("transform: open ExtractField: %w", err)
	}
	return func(r *connect.Record) (bool, error) {
		if err := x.extract(part(r)); err != nil {
			return false, fmt.Errorf("transform: ExtractField on the %s: %w", f.On, err)
		}
		return true, nil
	}, nil
}

// Flow puts the field's schema in place. Null stays null.
func (f ExtractField) Flow(s *connect.Shape) error {
	x, err := f.extractor()
	if err != nil {
		return err
	}
	return x.flow(formOf(f.On, s))
}

func (f ExtractField) extractor() (*extractor, error) {
	path, err := parseFieldPath(f.Field, f.FieldSyntaxVersion)
	if err != nil {
		return nil, err
	}
	x := &extractor{path: path, replaceNull: f.ReplaceNullWithDefault}
	x.schemas.derive = x.derive
	return x, nil
}

type extractor struct {
	path        fieldPath
	replaceNull bool
	schemas     schemas
}

// derive is the field's schema.
func (x *extractor) derive(in *connect.Schema) (*connect.Schema, error) {
	s, err := x.path.needed(in)
	return s, ofOption("field", err)
}

// flow is extract for what is known. A field that is null makes all of it null;
// where there is no schema, one that is not there does too.
func (x *extractor) flow(f *connect.Form) error {
	in := *f
	err := withNulls(f, x.derive)
	switch {
	case in.Nulls == connect.NullsAlways:
	case err != nil || !in.Known || in.Schema == nil:
		f.Typed = false
		if in.Nulls == connect.NullsNever {
			f.Nulls = connect.NullsUnknown
		}
	default:
		f.Typed = in.Typed || in.Nulls == connect.NullsNever
		if x.path.mayBeNull(in.Schema, x.replaceNull) {
			f.Nulls = connect.NullsMaybe
		}
	}
	return err
}

func (x *extractor) extract(d *connect.Datum) (err error) {
	schema, v := d.Schema, connect.Null
	switch {
	case schema == nil && d.Value.IsNull():
		return nil
	case schema == nil:
		m, err := mapOf(d.Value)
		if err != nil {
			return err
		}
		if v, err = x.path.inMap(m); err != nil {
			return err
		}
	default:
		if schema, err = x.schemas.of(d.Schema); err != nil {
			return err
		}
		if d.Value.IsNull() {
			break
		}
		st, err := structOf(d.Value)
		if err != nil {
			return err
		}
		if v, err = x.path.inStruct(st, x.replaceNull); err != nil {
			return err
		}
	}
	d.Schema, d.Value = schema, v
	return nil
}
