package transform

import (
	"fmt"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = ExtractField{}

// Open gives the function that does it.
func (f ExtractField) Open() (connect.Apply, error) {
	part, err := partOf(f.On)
	var path fieldPath
	if err == nil {
		path, err = parseFieldPath(f.Field, f.FieldSyntaxVersion)
	}
	if err != nil {
		return nil, fmt.Errorf("transform: open ExtractField: %w", err)
	}
	x := &extractor{path: path, replaceNull: f.ReplaceNullWithDefault}
	x.schemas.derive = x.derive
	return func(r *connect.Record) (bool, error) {
		if err := x.extract(part(r)); err != nil {
			return false, fmt.Errorf("transform: ExtractField on the %s: %w", f.On, err)
		}
		return true, nil
	}, nil
}

type extractor struct {
	path        fieldPath
	replaceNull bool
	schemas     schemas
}

// derive is the field's schema.
func (x *extractor) derive(in *connect.Schema) (*connect.Schema, error) {
	s, err := x.path.schema(in)
	if err == nil && s == nil {
		err = fmt.Errorf("no field %q in %v", x.path, in)
	}
	return s, err
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
