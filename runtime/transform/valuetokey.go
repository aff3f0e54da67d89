package transform

import (
	"errors"
	"fmt"

	"kcgen.dev/runtime/connect"
)

var _ connect.Transform = ValueToKey{}

// Open gives the function that does it. It is an error to make a key of
// nothing, or of two fields with one name.
func (f ValueToKey) Open() (connect.Apply, error) {
	k, err := f.keyer()
	if err != nil {
		return nil, fmt.Errorf("transform: open ValueToKey: %w", err)
	}
	return func(r *connect.Record) (bool, error) {
		key, err := k.key(r.Value)
		if err != nil {
			return false, fmt.Errorf("transform: ValueToKey: %w", err)
		}
		r.Key = key
		return true, nil
	}, nil
}

// Flow makes the key's schema of the value's. Null fails.
func (f ValueToKey) Flow(s *connect.Shape) error {
	k, err := f.keyer()
	if err != nil {
		return err
	}
	nulls := noNulls("value", &s.Value)
	s.Key = s.Value
	return errors.Join(nulls, pastNulls(&s.Key, k.derive))
}

func (f ValueToKey) keyer() (*keyer, error) {
	k := &keyer{replaceNull: f.ReplaceNullWithDefault}
	k.schemas.derive = k.derive
	return k, k.setFields(f.Fields, f.FieldSyntaxVersion)
}

// keyer makes keys of values.
type keyer struct {
	fields      []keyField
	replaceNull bool
	schemas     schemas
	slab        connect.Slab
}

// keyField is a field of the key, and where it comes from.
type keyField struct {
	path fieldPath
	name connect.Value
}

func (k *keyer) setFields(fields []string, version string) error {
	paths, err := parseFieldPaths(fields, version)
	switch {
	case err != nil:
		return fmt.Errorf("fields: %w", err)
	case len(paths) == 0:
		return errors.New("no fields")
	}
	seen := map[string]fieldPath{}
	for _, p := range paths {
		name := p[len(p)-1]
		if other, twice := seen[name]; twice {
			return fmt.Errorf("fields %q and %q would both be %q in the key", other, p, name)
		}
		seen[name] = p
		k.fields = append(k.fields, keyField{p, connect.String(name)})
	}
	return nil
}

// derive makes the key's schema.
func (k *keyer) derive(in *connect.Schema) (*connect.Schema, error) {
	if err := notStruct(in); err != nil {
		return nil, err
	}
	b := connect.NewStruct()
	var missing error
	for i := range k.fields {
		f := &k.fields[i]
		s, err := f.path.needed(in)
		missing = errors.Join(missing, ofOption("fields", err))
		b.Field(f.name.Str(), s)
	}
	if missing != nil {
		return nil, missing
	}
	return b.Build()
}

func (k *keyer) key(d connect.Datum) (connect.Datum, error) {
	if d.Schema == nil {
		v, err := k.ofMap(d.Value)
		return connect.Datum{Value: v}, err
	}
	old, err := structOf(d.Value)
	if err != nil {
		return connect.Datum{}, err
	}
	schema, err := k.schemas.of(old.Schema)
	if err != nil {
		return connect.Datum{}, err
	}
	st := k.slab.Struct(schema)
	for i, f := range schema.Fields() {
		v, err := k.fields[i].path.inStruct(old, k.replaceNull)
		if err == nil {
			v, err = filled(f.Schema, v, false)
		}
		if err != nil {
			return connect.Datum{}, fmt.Errorf("field %q: %w", k.fields[i].path, err)
		}
		st.Slots[i] = v
	}
	return connect.Datum{Schema: schema, Value: st.Value()}, nil
}

func (k *keyer) ofMap(v connect.Value) (connect.Value, error) {
	old, err := mapOf(v)
	if err != nil {
		return connect.Null, err
	}
	m := k.slab.Map(len(k.fields))
	for i := range k.fields {
		v, err := k.fields[i].path.inMap(old)
		if err != nil {
			return connect.Null, err
		}
		m.Put(k.fields[i].name, v)
	}
	return m.Value(), nil
}
