package convert

import (
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

// What a build can know of the converters: what they refuse to write, and what
// they read. SimpleHeader reads what a text looks like, of which nothing is
// known.
var (
	_ connect.Encodes = String{}
	_ connect.Encodes = JSON{}
	_ connect.Encodes = ByteArray{}
	_ connect.Encodes = Boolean{}
	_ connect.Encodes = Short{}
	_ connect.Encodes = Integer{}
	_ connect.Encodes = Long{}
	_ connect.Encodes = Float{}
	_ connect.Encodes = Double{}

	_ connect.Decodes = String{}
	_ connect.Decodes = JSON{}
	_ connect.Decodes = ByteArray{}
	_ connect.Decodes = Boolean{}
	_ connect.Decodes = Short{}
	_ connect.Decodes = Integer{}
	_ connect.Decodes = Long{}
	_ connect.Decodes = Float{}
	_ connect.Decodes = Double{}
)

// schemaOf is the schema of data that are to be written; nil where none is
// known, or all are null.
func schemaOf(f connect.Form) *connect.Schema {
	if !f.Known || f.Nulls == connect.NullsAlways {
		return nil
	}
	return f.Schema
}

// reads is the form of what a converter of one type reads, nulls included.
func reads(s *connect.Schema, declared connect.Form) connect.Form {
	return connect.Form{Known: true, Schema: s, Nulls: declared.Nulls, Typed: true}
}

// Encodes is an error for bytes, and for structs that cannot be without them.
func (String) Encodes(_ connect.Role, f connect.Form) error {
	s := schemaOf(f)
	if s == nil {
		return nil
	}
	if path, ok := bytesIn(s, map[*connect.Schema]bool{}); ok && path == "" {
		return fmt.Errorf("%v cannot be written by String: bytes have no text; ByteArray keeps them", s)
	} else if ok {
		return fmt.Errorf("field %q cannot be written by String: bytes have no text; leave it out, or use JSON", path)
	}
	return nil
}

// bytesIn finds bytes that are there in every value of the schema; path is the
// way to them.
func bytesIn(s *connect.Schema, seen map[*connect.Schema]bool) (path string, ok bool) {
	if seen[s] {
		return "", false
	}
	seen[s] = true
	for _, f := range s.Fields() {
		if _, def := f.Schema.Default(); def || f.Schema.IsOptional() {
			continue
		}
		if path, ok := bytesIn(f.Schema, seen); ok {
			return strings.TrimSuffix(f.Name+"."+path, "."), true
		}
	}
	return "", s.ValueKind() == connect.KindBytes
}

// Decodes gives strings, whatever the bytes are.
func (String) Decodes(_ connect.Role, declared connect.Form) (connect.Form, error) {
	return reads(connect.OptionalStringSchema, declared), nil
}

// Encodes is an error for what is not bytes.
func (ByteArray) Encodes(_ connect.Role, f connect.Form) error {
	return only("ByteArray", connect.KindBytes, f)
}

// Decodes gives the bytes, whatever they are.
func (ByteArray) Decodes(_ connect.Role, declared connect.Form) (connect.Form, error) {
	return reads(connect.OptionalBytesSchema, declared), nil
}

// only is an error for data of another kind than the one that a converter
// writes.
func only(name string, kind connect.Kind, f connect.Form) error {
	if s := schemaOf(f); s != nil && s.ValueKind() != kind {
		return fmt.Errorf("%v cannot be written by %s, which takes %v alone", s, name, kind)
	}
	return nil
}

// primitive is the form of what a converter of one number or boolean reads, and
// an error where the topic is said to hold something else.
func primitive(name string, s *connect.Schema, declared connect.Form) (connect.Form, error) {
	if in := schemaOf(declared); in != nil && in.ValueKind() != s.Kind() {
		return reads(s, declared), fmt.Errorf("%s reads %v alone, and the data are said to be %v", name, s.Kind(), in)
	}
	return reads(s, declared), nil
}

// Encodes is an error for what is no boolean.
func (Boolean) Encodes(_ connect.Role, f connect.Form) error {
	return only("Boolean", connect.KindBool, f)
}

// Decodes gives booleans.
func (Boolean) Decodes(_ connect.Role, declared connect.Form) (connect.Form, error) {
	return primitive("Boolean", connect.OptionalBoolSchema, declared)
}

// Encodes is an error for what is no int16.
func (Short) Encodes(_ connect.Role, f connect.Form) error { return short.only("Short", f) }

// Decodes gives int16.
func (Short) Decodes(_ connect.Role, declared connect.Form) (connect.Form, error) {
	return primitive("Short", short.schema, declared)
}

// Encodes is an error for what is no int32.
func (Integer) Encodes(_ connect.Role, f connect.Form) error { return integer.only("Integer", f) }

// Decodes gives int32.
func (Integer) Decodes(_ connect.Role, declared connect.Form) (connect.Form, error) {
	return primitive("Integer", integer.schema, declared)
}

// Encodes is an error for what is no int64.
func (Long) Encodes(_ connect.Role, f connect.Form) error { return long.only("Long", f) }

// Decodes gives int64.
func (Long) Decodes(_ connect.Role, declared connect.Form) (connect.Form, error) {
	return primitive("Long", long.schema, declared)
}

// Encodes is an error for what is no float32.
func (Float) Encodes(_ connect.Role, f connect.Form) error { return float32s.only("Float", f) }

// Decodes gives float32.
func (Float) Decodes(_ connect.Role, declared connect.Form) (connect.Form, error) {
	return primitive("Float", float32s.schema, declared)
}

// Encodes is an error for what is no float64.
func (Double) Encodes(_ connect.Role, f connect.Form) error { return float64s.only("Double", f) }

// Decodes gives float64.
func (Double) Decodes(_ connect.Role, declared connect.Form) (connect.Form, error) {
	return primitive("Double", float64s.schema, declared)
}

func (c *numberCodec) only(name string, f connect.Form) error {
	return only(name, c.schema.Kind(), f)
}

// Encodes is an error for a schema that has no place in JSON.
func (j JSON) Encodes(_ connect.Role, f connect.Form) error {
	s := schemaOf(f)
	if s == nil {
		return nil
	}
	w := jsonWriter{replaceNull: j.ReplaceNullWithDefault, logicals: jsontext.Logicals{Numeric: j.DecimalFormat == "NUMERIC"}}
	if _, err := w.plan(s); err != nil {
		return fmt.Errorf("%v cannot be written as JSON: %w", s, err)
	}
	return nil
}

// Decodes gives the schema that the messages carry, the one of schemaContent,
// or none. Nulls have none where a message is empty.
func (j JSON) Decodes(_ connect.Role, declared connect.Form) (connect.Form, error) {
	c := &jsonCodec{}
	switch {
	case !j.SchemasEnable:
		return connect.Form{Known: true, Nulls: declared.Nulls}, nil
	case j.SchemaContent == "":
	case c.fix([]byte(j.SchemaContent)) != nil:
		return connect.Form{Nulls: declared.Nulls}, nil // Open says so
	case c.content != nil:
		return connect.Form{Known: true, Schema: c.content, Nulls: declared.Nulls}, nil
	}
	return connect.Form{Known: declared.Known, Schema: declared.Schema, Nulls: declared.Nulls}, nil
}
