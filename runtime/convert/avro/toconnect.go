package avro

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"kcgen.dev/runtime/connect"
)

// toConnect turns one Avro schema, with all that is in it, into Connect's.
type toConnect struct {
	*options
	version int // of the whole in the registry, or 0
	unions  int
	depth   int
	open    map[*schema]bool // that are being converted
	done    map[toConnectKey]*connect.Schema
	sizes   map[*connect.Schema]int // with all that is in them
	defaults
}

type toConnectKey struct {
	s        *schema
	optional bool
	def      *jsonValue
	doc      *string
}

// maxNesting bounds how deep types may stand in types.
const maxNesting = 200

// maxSize bounds the parts of a schema. One that is in two places counts twice,
// so that few words may be a schema that nobody can walk through.
const maxSize = 1 << 18

// connectSchema is the Connect schema of what is read under a; nil where that
// has no schema.
func (o *options) connectSchema(a *schema) (*connect.Schema, error) { return o.versionSchema(a, 0) }

// versionSchema is connectSchema for a schema that has a version in the
// registry, unless that is 0.
func (o *options) versionSchema(a *schema, version int) (*connect.Schema, error) {
	if isAnything(a) {
		return nil, nil
	}
	t := toConnect{
		options: o, version: version, open: map[*schema]bool{}, done: map[toConnectKey]*connect.Schema{},
		sizes: map[*connect.Schema]int{}, defaults: newDefaults(),
	}
	return t.schema(a, false, nil, nil)
}

// schema converts a. The default and the doc are those of the record's field
// that it is of.
func (t *toConnect) schema(a *schema, optional bool, def *jsonValue, doc *string) (_ *connect.Schema, err error) {
	key := toConnectKey{a, optional, def, doc}
	if found, ok := t.done[key]; ok {
		return found, nil
	}
	if t.open[a] {
		return nil, fmt.Errorf("%s holds itself; a schema of Kafka Connect cannot here", a)
	}
	if t.depth++; t.depth > maxNesting {
		return nil, fmt.Errorf("types within types within types, more than %d", maxNesting)
	}
	t.open[a] = true
	defer func() {
		delete(t.open, a)
		t.depth--
	}()
	if member := t.flat(a); member != nil {
		return t.schema(member, optional || len(a.branches) == 2, nil, doc)
	}
	b, err := t.base(a)
	if err != nil {
		return nil, err
	}
	if optional || a.nullBranch() >= 0 {
		b.Optional()
	}
	if err := t.annotate(b, a, doc); err != nil {
		return nil, err
	}
	if t.depth == 1 && t.version > 0 {
		if err := addVersion(b, t.version); err != nil {
			return nil, err
		}
	}
	out, err := t.addDefault(b, a, def)
	if err != nil {
		return nil, err
	}
	t.done[key] = out
	return out, t.measure(out)
}

// addVersion adds the registry's version where a schema has none of its own. A
// union with null that stands for its one type has none in Confluent's either.
func addVersion(b *connect.SchemaBuilder, version int) error {
	s, err := b.Build()
	if err != nil {
		return err
	}
	if _, own := s.Version(); !own {
		b.Version(int32(version))
	}
	return nil
}

// measure counts the parts of a schema, whose own parts are counted.
func (t *toConnect) measure(s *connect.Schema) error {
	n := 1 + t.sizes[s.Elem()] + t.sizes[s.Key()]
	for _, f := range s.Fields() {
		n += 1 + t.sizes[f.Schema]
	}
	if n > maxSize {
		return fmt.Errorf("schema of more than %d parts", maxSize)
	}
	t.sizes[s] = n
	return nil
}

// flat is the type that a union comes down to: with null, or alone.
func (t *toConnect) flat(a *schema) *schema {
	if a.kind == kindUnion && len(a.branches) == 1 && t.flattenSingle {
		return a.branches[0]
	}
	return a.optionalOf()
}

var connectKinds = map[kind]connect.Kind{
	kindBoolean: connect.KindBool, kindLong: connect.KindInt64, kindFloat: connect.KindFloat32,
	kindDouble: connect.KindFloat64, kindString: connect.KindString,
}

// base converts the type of a, without what annotate adds.
func (t *toConnect) base(a *schema) (*connect.SchemaBuilder, error) {
	switch a.kind {
	case kindNull:
		return nil, errors.New("null alone is no type in Kafka Connect, only within a union")
	case kindBytes, kindFixed:
		return t.bytes(a)
	case kindInt:
		return intOf(a)
	case kindLong:
		if strings.EqualFold(a.text(propLogical), "timestamp-millis") {
			return connect.NewTimestamp(), nil
		}
	case kindArray:
		return t.array(a)
	case kindMap:
		elem, err := t.elem(a.elem)
		return mapOf(connect.StringSchema, elem), err
	case kindRecord:
		return t.record(a)
	case kindEnum:
		return t.enumOf(a), nil
	case kindUnion:
		return t.union(a)
	}
	return connect.NewSchema(connectKinds[a.kind]), nil
}

// elem converts the type of elements; those without a schema have none.
func (t *toConnect) elem(a *schema) (*connect.Schema, error) {
	if isAnything(a) {
		return nil, nil
	}
	return t.schema(a, false, nil, nil)
}

func mapOf(key, elem *connect.Schema) *connect.SchemaBuilder {
	b := connect.NewSchema(connect.KindMap).Untyped()
	if key != nil {
		b.Key(key)
	}
	if elem != nil {
		b.Elem(elem)
	}
	return b
}

func (t *toConnect) bytes(a *schema) (*connect.SchemaBuilder, error) {
	b := connect.NewSchema(connect.KindBytes)
	if strings.EqualFold(a.text(propLogical), "decimal") {
		scale, _ := a.prop(propScale).integer()
		if scale != int64(int32(scale)) {
			return nil, fmt.Errorf("decimal of scale %d", scale)
		}
		b = connect.NewDecimal(int32(scale))
		if p := a.prop(propDigits); p != nil {
			digits, ok := p.integer()
			if !ok {
				return nil, fmt.Errorf("decimal with a precision that is no whole number")
			}
			if digits != defaultDigits {
				b.Param(paramDigits, strconv.FormatInt(digits, 10))
			}
		}
	}
	if a.kind == kindFixed {
		b.Param(paramFixed, strconv.Itoa(a.size))
	}
	return b, nil
}

func intOf(a *schema) (*connect.SchemaBuilder, error) {
	logical, is := a.prop(propLogical).str()
	of, small := a.prop(propType).str()
	switch {
	case strings.EqualFold(logical, "date"):
		return connect.NewDate(), nil
	case strings.EqualFold(logical, "time-millis"):
		return connect.NewTime(), nil
	case is || !small:
		return connect.NewSchema(connect.KindInt32), nil
	case of == "int8":
		return connect.NewSchema(connect.KindInt8), nil
	case of == "int16":
		return connect.NewSchema(connect.KindInt16), nil
	}
	return nil, fmt.Errorf("an int of %s %q, where int8 and int16 are known", propType, of)
}

// isEntry finds the records that stand for the entries of a map.
func isEntry(a *schema) bool {
	return a.kind == kindRecord && (a.space == namespace && a.name == entryName || a.text(propInternal) == entryName)
}

// entryFields are the key and the value of such a record.
func entryFields(a *schema) (key, value *field) {
	k, v := a.fieldNamed("key"), a.fieldNamed("value")
	if len(a.fields) != 2 || k < 0 || v < 0 {
		return nil, nil
	}
	return a.fields[k], a.fields[v]
}

func (t *toConnect) array(a *schema) (*connect.SchemaBuilder, error) {
	if !isEntry(a.elem) {
		elem, err := t.elem(a.elem)
		b := connect.NewSchema(connect.KindArray).Untyped()
		if elem != nil {
			b.Elem(elem)
		}
		return b, err
	}
	k, v := entryFields(a.elem)
	if k == nil {
		return nil, fmt.Errorf("%s stands for a map's entry, but its fields are not key and value", a.elem)
	}
	key, err := t.elem(k.schema)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	value, err := t.elem(v.schema)
	if err != nil {
		return nil, fmt.Errorf("value: %w", err)
	}
	return mapOf(key, value), nil
}

func (t *toConnect) record(a *schema) (*connect.SchemaBuilder, error) {
	b := connect.NewStruct()
	docs := t.metaData && !t.discardDocs
	if docs && a.doc != nil {
		b.Param(paramRecordDoc, *a.doc)
	}
	for _, f := range a.fields {
		if docs && f.doc != nil {
			b.Param(paramFieldDoc+f.name, *f.doc)
		}
		s, err := t.schema(f.schema, false, f.def, f.doc)
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", f.name, err)
		}
		if t.metaData {
			s = withParams(s, f.props.member(propParams))
			if err := t.measure(s); err != nil {
				return nil, err
			}
		}
		b.Field(f.name, s)
	}
	return b, nil
}

// withParams gives a field's schema the parameters that stand with the field.
func withParams(s *connect.Schema, params *jsonValue) *connect.Schema {
	if params == nil || params.kind != jsonObject {
		return s
	}
	b := connect.NewSchema(s.Kind()).Basics(s).Untyped()
	same := true
	for i, name := range params.names {
		text, ok := params.elems[i].str()
		if !ok {
			text = string(appendJSON(nil, params.elems[i]))
		}
		if old, ok := s.Param(name); !ok || old != text {
			same = false
		}
		b.Param(name, text)
	}
	if same {
		return s
	}
	for _, f := range s.Fields() {
		b.Field(f.Name, f.Schema)
	}
	if s.Elem() != nil {
		b.Elem(s.Elem())
	}
	if s.Key() != nil {
		b.Key(s.Key())
	}
	if s.IsOptional() {
		b.Optional()
	}
	if def, ok := s.Default(); ok {
		b.Default(def)
	}
	if out, err := b.Build(); err == nil {
		return out
	}
	return s
}

func (t *toConnect) enumOf(a *schema) *connect.SchemaBuilder {
	b := connect.NewSchema(connect.KindString)
	if t.metaData {
		if a.doc != nil && t.discardDocs {
			b.Param(paramPlainEnum, *a.doc)
		} else if a.doc != nil {
			b.Param(paramEnumDoc+a.name, *a.doc)
		}
		if a.fallback != nil && !t.discardDocs {
			b.Param(paramEnumDefault+a.name, *a.fallback)
		}
	}
	param := t.enum()
	b.Param(param, a.fullName())
	for i, symbol := range a.symbols {
		if t.general {
			b.Param(param+"."+symbol, strconv.Itoa(i))
		} else {
			b.Param(param+"."+symbol, symbol)
		}
	}
	return b
}

// union makes a struct with one field a type, of which one is set.
func (t *toConnect) union(a *schema) (*connect.SchemaBuilder, error) {
	b := connect.NewStruct().Name(nameUnion)
	if t.general {
		name := "connect_union_" + strconv.Itoa(t.unions)
		t.unions++
		b.Name(name).Param(generalUnion, name)
	}
	for i, m := range a.branches {
		if m.kind == kindNull {
			continue
		}
		name := t.memberName(m, i)
		s, err := t.schema(m, true, nil, nil)
		if err != nil {
			return nil, fmt.Errorf("type %s of a union: %w", m, err)
		}
		b.Field(name, s)
	}
	return b, nil
}

// memberName is the name of the field that stands for a union's type.
func (t *toConnect) memberName(m *schema, i int) string {
	switch {
	case t.general:
		return "connect_union_field_" + strconv.Itoa(i)
	case m.kind.named() && t.enhanced:
		return m.fullName()
	case m.kind.named():
		return t.scrub(m.name)
	}
	return m.kind.String()
}

// addDefault builds the schema with its default: that of the field it is of,
// or Connect's own. One that does not fit is none. Neither is a struct: its
// schema would have to hold itself.
func (t *toConnect) addDefault(b *connect.SchemaBuilder, a *schema, def *jsonValue) (*connect.Schema, error) {
	own := a.prop(propDefault)
	if def != nil && !t.valid(a, def) {
		def = nil
	}
	if def == nil {
		def = own
	} else if own == nil && !t.discardDocs && t.metaData {
		b.Param(paramFromDefault, "true")
	}
	s, err := b.Build()
	if err != nil || def == nil || def.kind == jsonNull || s.Kind() == connect.KindStruct {
		return s, err
	}
	v, err := t.value(s, a, def)
	if err != nil {
		return s, nil
	}
	if with, err := b.Default(v).Build(); err == nil {
		return with, nil
	}
	return s, nil
}
