package debezium

import (
	"errors"
	"strings"

	"kcgen.dev/runtime/connect"
)

// schema is the schema of a JSON value, or nil where none can be known. An
// object has the name of the way to it: "payload.buyer".
func (x *expander) schema(name string, v connect.Value) (*connect.Schema, error) {
	switch v.Kind() {
	case connect.KindString:
		return connect.OptionalStringSchema, nil
	case connect.KindBool:
		return connect.OptionalBoolSchema, nil
	case connect.KindFloat64:
		return connect.OptionalFloat64Schema, nil
	case connect.KindInt64:
		if isInt32(v) {
			return connect.OptionalInt32Schema, nil
		}
		return connect.OptionalInt64Schema, nil
	case connect.KindArray:
		return x.arraySchema(name, v.Array().Elems)
	case connect.KindMap:
		return x.objectSchema(name, v.Map())
	}
	if x.nulls {
		return connect.OptionalBytesSchema, nil
	}
	return nil, nil
}

func (x *expander) objectSchema(name string, m *connect.Map) (*connect.Schema, error) {
	b := connect.NewStruct().Name(name).Optional()
	for i := range m.Len() {
		e := m.At(i)
		field := e.Key.Str()
		path := field
		if !blank(name) {
			path = name + "." + field
		}
		s, err := x.schema(path, e.Value)
		if err != nil {
			return nil, err
		}
		if s != nil {
			b.Field(strings.Clone(field), s)
		}
	}
	return b.Build()
}

func (x *expander) arraySchema(name string, elems []connect.Value) (*connect.Schema, error) {
	if len(elems) == 0 {
		if x.emptyArrays {
			return connect.NewArray(connect.OptionalStringSchema).Optional().Build()
		}
		return nil, nil
	}
	first, err := firstOf(elems)
	if err != nil {
		return nil, err
	}
	var elem *connect.Schema
	if first.Kind() == connect.KindMap {
		elem, err = x.mergedSchema(name, elems)
	} else {
		elem, err = x.schema("", first)
	}
	if err == nil && elem == nil {
		err = errors.New("an array of nothing but null or empty arrays")
	}
	if err != nil {
		return nil, err
	}
	return connect.NewArray(elem).Optional().Build()
}

// firstOf is the first element that is not null. Elements of different types
// are an error.
func firstOf(elems []connect.Value) (first connect.Value, err error) {
	for _, e := range elems {
		switch {
		case e.IsNull():
		case first.IsNull():
			first = e
		case e.Kind() != first.Kind() || e.Kind() == connect.KindInt64 && isInt32(e) != isInt32(first):
			return first, errors.New("an array of different types")
		}
	}
	return first, nil
}

// mergedSchema is the schema of objects in an array: the fields of all. Where
// they differ it does not allow null, as in Debezium.
func (x *expander) mergedSchema(name string, elems []connect.Value) (*connect.Schema, error) {
	var first, merged *connect.Schema
	for _, e := range elems {
		if e.IsNull() {
			continue
		}
		s, err := x.schema(name, e)
		switch {
		case err != nil:
			return nil, err
		case first == nil:
			first, merged = s, s
		case !s.Equal(first):
			if merged, err = merge(merged, s, false); err != nil {
				return nil, err
			}
		}
	}
	return merged, nil
}

// merge joins the fields of two structs: of one that both have, bytes, which
// stand for null, give way, and structs are joined.
func merge(a, b *connect.Schema, optional bool) (*connect.Schema, error) {
	out := connect.NewStruct().Basics(a)
	if optional {
		out.Optional()
	}
	for _, f := range a.Fields() {
		s := f.Schema
		if other := fieldOf(b, f.Name); other != nil && !s.Equal(other) {
			switch {
			case s.Kind() == connect.KindBytes:
				s = other
			case s.Kind() == connect.KindStruct && other.Kind() == connect.KindStruct:
				var err error
				if s, err = merge(s, other, true); err != nil {
					return nil, err
				}
			}
		}
		out.Field(f.Name, s)
	}
	for _, f := range b.Fields() {
		if a.FieldIndex(f.Name) < 0 {
			out.Field(f.Name, f.Schema)
		}
	}
	return out.Build()
}
