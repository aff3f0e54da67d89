package connect

import (
	"slices"
	"strconv"
)

// Schema describes data, as org.apache.kafka.connect.data.Schema does. It is
// immutable: make one with a [SchemaBuilder]. A nil *Schema stands for
// schemaless data; its methods are not to be called, Equal apart.
//
// A pointer is a cheap identity: equal pointers are equal schemas, and a
// transform keeps what it made of a schema under the schema's pointer. Schemas
// at two addresses may still be equal: see Equal.
type Schema struct {
	kind       Kind
	optional   bool
	hasDef     bool
	hasVersion bool
	hasScale   bool
	logical    Logical
	version    int32
	scale      int32
	name       string
	doc        string
	params     []Param
	def        Value
	fields     []Field
	index      map[string]int
	key        *Schema
	elem       *Schema
	whole      *Schema // that it is a part of, see Reading
}

// Param is one parameter of a schema.
type Param struct{ Key, Value string }

// Field is one field of a struct's schema.
type Field struct {
	Name   string
	Schema *Schema
}

// Kind is the schema's type.
func (s *Schema) Kind() Kind { return s.kind }

// IsOptional reports whether null is allowed.
func (s *Schema) IsOptional() bool { return s.optional }

// Name is the schema's name; "" where there is none.
func (s *Schema) Name() string { return s.name }

// Version is the schema's version, and whether there is one: version 0 is a
// version.
func (s *Schema) Version() (version int32, ok bool) { return s.version, s.hasVersion }

// Doc is the schema's documentation; "" where there is none.
func (s *Schema) Doc() string { return s.doc }

// Params are the schema's parameters, in the order in which they were given.
// The slice is the schema's own: read only.
func (s *Schema) Params() []Param { return s.params }

// Param is the named parameter, and whether there is one.
func (s *Schema) Param(key string) (value string, ok bool) {
	for i := range s.params {
		if s.params[i].Key == key {
			return s.params[i].Value, true
		}
	}
	return "", false
}

// Default is the default value, and whether there is one. It is never null.
func (s *Schema) Default() (Value, bool) { return s.def, s.hasDef }

// Fields are a struct's fields, in order. The slice is the schema's own: read
// only.
func (s *Schema) Fields() []Field { return s.fields }

// FieldIndex is the place of the named field, or -1.
func (s *Schema) FieldIndex(name string) int {
	if s == nil {
		return -1
	}
	if i, ok := s.index[name]; ok {
		return i
	}
	return -1
}

// Whole is the schema that this one is a part of, because the rest of its fields
// is not read (see Reading); else itself.
func (s *Schema) Whole() *Schema {
	if s != nil && s.whole != nil {
		return s.whole
	}
	return s
}

// Key is the schema of a map's keys; nil for any other kind.
func (s *Schema) Key() *Schema { return s.key }

// Elem is the schema of an array's elements or of a map's values; nil for any
// other kind.
func (s *Schema) Elem() *Schema { return s.elem }

// Logical says which of Connect's logical types the schema names.
func (s *Schema) Logical() Logical { return s.logical }

// ValueKind is the kind of the schema's values. It goes by the name where that
// makes the schema logical: a Timestamp's values are instants.
func (s *Schema) ValueKind() Kind {
	if s.logical != NotLogical {
		return s.logical.valueKind()
	}
	return s.kind
}

// Scale is the scale of a Decimal's schema, and whether it has one that can be
// read: it is the parameter "scale", which a schema from outside may lack.
func (s *Schema) Scale() (scale int32, ok bool) { return s.scale, s.hasScale }

// Equal reports whether two schemas say the same, names, documentation,
// parameters and defaults included (ConnectSchema.equals). The order of fields
// counts, that of parameters does not. It costs nothing where the pointers are
// equal.
func (s *Schema) Equal(o *Schema) bool {
	if s == o {
		return true
	}
	if s == nil || o == nil {
		return false
	}
	return s.kind == o.kind && s.optional == o.optional && s.name == o.name && s.doc == o.doc &&
		s.hasVersion == o.hasVersion && s.version == o.version &&
		s.hasDef == o.hasDef && s.def.Equal(o.def) &&
		s.key.Equal(o.key) && s.elem.Equal(o.elem) &&
		slices.EqualFunc(s.fields, o.fields, Field.equal) && s.sameParams(o)
}

func (f Field) equal(o Field) bool { return f.Name == o.Name && f.Schema.Equal(o.Schema) }

func (s *Schema) sameParams(o *Schema) bool {
	if len(s.params) != len(o.params) {
		return false
	}
	for _, p := range s.params { // keys are unique, so one direction is enough
		if v, ok := o.Param(p.Key); !ok || v != p.Value {
			return false
		}
	}
	return true
}

// String describes the schema for errors and debugging, in a bounded length:
// "int32", "string?" where null is allowed, "io.acme.Order v2 struct{id:int64
// note:string?}".
func (s *Schema) String() string {
	w := bounded{max: maxText}
	w.schema(s, 0)
	return w.String()
}

func (w *bounded) schema(s *Schema, depth int) {
	if s == nil {
		w.add("schemaless")
		return
	}
	if s.name != "" {
		w.add(s.name)
		w.add(" ")
	}
	if s.hasVersion {
		w.add("v")
		w.add(strconv.Itoa(int(s.version)))
		w.add(" ")
	}
	w.add(s.kind.String())
	if !w.full() && depth < maxDepth {
		w.parts(s, depth+1)
	}
	if s.optional {
		w.add("?")
	}
}

func (w *bounded) parts(s *Schema, depth int) {
	switch s.kind {
	case KindArray:
		w.add("[")
		w.schema(s.elem, depth)
		w.add("]")
	case KindMap:
		w.add("[")
		w.schema(s.key, depth)
		w.add("]")
		w.schema(s.elem, depth)
	case KindStruct:
		w.add("{")
		for i := 0; i < len(s.fields) && !w.full(); i++ {
			if i > 0 {
				w.add(" ")
			}
			w.add(s.fields[i].Name)
			w.add(":")
			w.schema(s.fields[i].Schema, depth)
		}
		w.add("}")
	}
}
