package connect

import (
	"errors"
	"fmt"
	"strconv"
)

// SchemaBuilder makes a [Schema] (org.apache.kafka.connect.data.SchemaBuilder).
// Its methods return the builder, so that a schema is one expression:
//
//	NewSchema(KindStruct).Name("Order").Field("id", Int64Schema).Build()
//
// What is wrong is reported by Build, all of it at once.
type SchemaBuilder struct {
	s       Schema
	errs    []error
	untyped bool
}

// NewSchema begins a required schema of one of Connect's types: KindBool to
// KindStruct. The logical kinds of values are no types of schemas: see
// NewDecimal, NewDate, NewTime and NewTimestamp.
func NewSchema(kind Kind) *SchemaBuilder {
	b := &SchemaBuilder{s: Schema{kind: kind}}
	if kind < KindBool || kind > KindStruct {
		b.fail("%v is no type of schemas", kind)
	}
	return b
}

// NewStruct begins the schema of a struct.
func NewStruct() *SchemaBuilder { return NewSchema(KindStruct) }

// NewArray begins the schema of an array of elem.
func NewArray(elem *Schema) *SchemaBuilder { return NewSchema(KindArray).Elem(elem) }

// NewMap begins the schema of a map from key to elem.
func NewMap(key, elem *Schema) *SchemaBuilder { return NewSchema(KindMap).Key(key).Elem(elem) }

// NewDecimal begins the schema of decimals with this many digits behind the
// point (it may be negative).
func NewDecimal(scale int32) *SchemaBuilder {
	return NewSchema(KindBytes).Name(DecimalName).Version(1).Param(ScaleParam, strconv.Itoa(int(scale)))
}

// NewDate begins the schema of a calendar day.
func NewDate() *SchemaBuilder { return NewSchema(KindInt32).Name(DateName).Version(1) }

// NewTime begins the schema of a time of day in milliseconds.
func NewTime() *SchemaBuilder { return NewSchema(KindInt32).Name(TimeName).Version(1) }

// NewTimestamp begins the schema of a point in time in milliseconds.
func NewTimestamp() *SchemaBuilder { return NewSchema(KindInt64).Name(TimestampName).Version(1) }

func (b *SchemaBuilder) fail(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf(format, args...))
}

// Optional allows null.
func (b *SchemaBuilder) Optional() *SchemaBuilder {
	b.s.optional = true
	return b
}

// Name names the schema; a logical type's name makes it logical.
func (b *SchemaBuilder) Name(name string) *SchemaBuilder {
	b.s.name = name
	return b
}

// Version gives the schema a version; 0 is one too.
func (b *SchemaBuilder) Version(v int32) *SchemaBuilder {
	b.s.version, b.s.hasVersion = v, true
	return b
}

// Doc documents the schema.
func (b *SchemaBuilder) Doc(doc string) *SchemaBuilder {
	b.s.doc = doc
	return b
}

// Param sets a parameter. A key that is there already keeps its place and gets
// the new value.
func (b *SchemaBuilder) Param(key, value string) *SchemaBuilder {
	for i := range b.s.params {
		if b.s.params[i].Key == key {
			b.s.params[i].Value = value
			return b
		}
	}
	b.s.params = append(b.s.params, Param{key, value})
	return b
}

// Default sets the default, which must fit the schema. Null takes it away, as
// in Connect, where it is the same as none.
func (b *SchemaBuilder) Default(v Value) *SchemaBuilder {
	b.s.def, b.s.hasDef = v, !v.IsNull()
	return b
}

// Field appends a field to a struct.
func (b *SchemaBuilder) Field(name string, s *Schema) *SchemaBuilder {
	switch {
	case b.s.kind != KindStruct:
		b.fail("field %q: %v has no fields", name, b.s.kind)
	case name == "":
		b.fail("field %d has no name", len(b.s.fields))
	case s == nil:
		b.fail("field %q has no schema", name)
	}
	b.s.fields = append(b.s.fields, Field{name, s})
	return b
}

// Elem sets the schema of an array's elements or a map's values.
func (b *SchemaBuilder) Elem(s *Schema) *SchemaBuilder {
	if b.s.kind != KindArray && b.s.kind != KindMap {
		b.fail("%v has no elements", b.s.kind)
	}
	b.s.elem = s
	return b
}

// Key sets the schema of a map's keys.
func (b *SchemaBuilder) Key(s *Schema) *SchemaBuilder {
	if b.s.kind != KindMap {
		b.fail("%v has no keys", b.s.kind)
	}
	b.s.key = s
	return b
}

// Basics takes over name, version, documentation and parameters, and nothing
// else (SchemaUtil.copySchemaBasics): how a transform begins the schema of
// what it makes.
func (b *SchemaBuilder) Basics(from *Schema) *SchemaBuilder {
	if from == nil {
		return b
	}
	b.s.name, b.s.doc = from.name, from.doc
	b.s.version, b.s.hasVersion = from.version, from.hasVersion
	for _, p := range from.params {
		b.Param(p.Key, p.Value)
	}
	return b
}

// Untyped allows an array or a map without the schema of its elements or keys,
// which may then be anything (SchemaBuilder.arrayOfNull, mapOfNull). Such a
// schema comes of what has no common type: see ParseValue.
func (b *SchemaBuilder) Untyped() *SchemaBuilder {
	b.untyped = true
	return b
}

// Build makes the schema. The error joins everything that is wrong. The
// builder may be used on; what it has built stays as it is.
func (b *SchemaBuilder) Build() (*Schema, error) {
	s := b.s
	s.params = append([]Param(nil), b.s.params...)
	s.fields = append([]Field(nil), b.s.fields...)
	errs := append([]error(nil), b.errs...)
	if !b.untyped && (s.kind == KindArray || s.kind == KindMap) {
		if s.elem == nil {
			errs = append(errs, fmt.Errorf("%v without the schema of its elements", s.kind))
		}
		if s.kind == KindMap && s.key == nil {
			errs = append(errs, errors.New("map without the schema of its keys"))
		}
	}
	if s.kind == KindStruct {
		errs = append(errs, s.indexFields()...)
	}
	s.readLogical()
	if len(errs) == 0 && s.hasDef {
		if err := Validate(&s, s.def); err != nil {
			errs = append(errs, fmt.Errorf("default: %w", err))
		}
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("connect: build schema %s: %w", quote(s.name), errors.Join(errs...))
	}
	return &s, nil
}

// MustBuild is Build for schemas that are written in the program: it panics
// where Build has an error.
func (b *SchemaBuilder) MustBuild() *Schema {
	s, err := b.Build()
	if err != nil {
		panic(err)
	}
	return s
}

// indexFields makes the look-up of fields by name, and finds names given twice.
func (s *Schema) indexFields() (errs []error) {
	s.index = make(map[string]int, len(s.fields))
	for i, f := range s.fields {
		if _, twice := s.index[f.Name]; twice && f.Name != "" {
			errs = append(errs, fmt.Errorf("field %s twice", quote(f.Name)))
		}
		s.index[f.Name] = i
	}
	return errs
}

// readLogical reads what the name says. A Decimal without a good scale is no
// error here: schemas come from outside too, and Connect refuses only the
// values.
func (s *Schema) readLogical() {
	s.logical = logicalOf(s.name)
	if s.logical != LogicalDecimal {
		return
	}
	if text, ok := s.Param(ScaleParam); ok {
		if n, err := strconv.ParseInt(text, 10, 32); err == nil {
			s.scale, s.hasScale = int32(n), true
		}
	}
}
