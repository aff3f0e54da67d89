package transform

import (
	"errors"
	"fmt"
	"math"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = SetSchemaMetadata{}

// Open gives the function that does it. It is an error to set nothing.
func (x SetSchemaMetadata) Open() (connect.Apply, error) {
	part, err := partOf(x.On)
	switch {
	case err != nil:
	case x.SchemaName == "" && !x.RemoveName && x.SchemaVersion == -1:
		err = errors.New("neither a name nor a version")
	case x.SchemaVersion < -1 || x.SchemaVersion > math.MaxInt32:
		err = fmt.Errorf("version %d is none", x.SchemaVersion)
	}
	if err != nil {
		return nil, fmt.Errorf("transform: open SetSchemaMetadata: %w", err)
	}
	s := x.setter()
	return func(r *connect.Record) (bool, error) {
		if err := s.set(part(r)); err != nil {
			return false, fmt.Errorf("transform: SetSchemaMetadata on the %s: %w", x.On, err)
		}
		return true, nil
	}, nil
}

// Flow changes the schema, of nulls too.
func (x SetSchemaMetadata) Flow(s *connect.Shape) error {
	f := formOf(x.On, s)
	if f.Known && f.Schema == nil && f.Nulls != connect.NullsAlways {
		f.Known = false
		return fmt.Errorf("the %s has no schema, and only a struct's can be changed", x.On)
	}
	return withNulls(f, x.setter().derive)
}

func (x SetSchemaMetadata) setter() *metadataSetter {
	s := &metadataSetter{SetSchemaMetadata: x}
	s.schemas.derive = s.derive
	return s
}

type metadataSetter struct {
	SetSchemaMetadata
	schemas schemas
	slab    connect.Slab
}

func (x *metadataSetter) derive(in *connect.Schema) (*connect.Schema, error) {
	if in.Kind() != connect.KindStruct {
		return nil, fmt.Errorf("only a struct's schema can be changed, and this is %v", in)
	}
	b := connect.NewStruct().Basics(in)
	if in.IsOptional() {
		b.Optional()
	}
	if x.SchemaName != "" || x.RemoveName {
		b.Name(x.SchemaName)
	}
	if x.SchemaVersion != -1 {
		b.Version(int32(x.SchemaVersion))
	}
	for _, f := range in.Fields() {
		b.Field(f.Name, f.Schema)
	}
	return b.Build()
}

func (x *metadataSetter) set(d *connect.Datum) error {
	switch {
	case d.Schema == nil && d.IsNull():
		return nil
	case d.Schema == nil:
		return fmt.Errorf("%v without a schema", d.Value.Kind())
	}
	schema, err := x.schemas.of(d.Schema)
	if err != nil {
		return err
	}
	old := d.Value.Struct()
	if old == nil {
		d.Schema = schema
		return nil
	}
	fields := schema.Fields()
	if len(old.Slots) != len(fields) {
		return fmt.Errorf("a struct with %d slots for %d fields", len(old.Slots), len(fields))
	}
	st := x.slab.Struct(schema)
	for i := range fields {
		if st.Slots[i], err = filled(fields[i].Schema, old.Slots[i], x.ReplaceNullWithDefault); err != nil {
			return fmt.Errorf("field %q: %w", fields[i].Name, err)
		}
	}
	d.Schema, d.Value = schema, st.Value()
	return nil
}
