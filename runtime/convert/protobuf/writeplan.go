package protobuf

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	"kcgen.dev/runtime/connect"
)

// writePlan is how structs of one schema become messages of one type.
type writePlan struct {
	schema *connect.Schema
	equal  *connect.Schema // another that is equal
	fields []*writeField   // by number
	size   int             // of the bytes of a message's length, as it was last
}

// writeField is how one field is written.
type writeField struct {
	name     string
	tag      uint64 // of one value, or of a pack
	kind     protoreflect.Kind
	want     connect.Kind // of a value
	logical  connect.Logical
	how      how
	slot     int
	member   int             // in the struct of its oneof, or -1
	union    *connect.Schema // of that struct
	repeated bool
	packed   bool
	isMap    bool
	explicit bool // written also where it is the default
	enum     *writeEnum
	plan     *writePlan
	key      *writeField // of a map's entries
	value    *writeField
	def      connect.Value   // what a null becomes
	defaults []connect.Value // of all fields of the oneof
}

// writeEnum gives an enum's names their numbers.
type writeEnum struct {
	name    string
	numbers map[string]int32
	def     int32
}

// pair is a schema and the message that it is written as.
type pair struct {
	schema  *connect.Schema
	message *message
}

// writePlanner makes write plans.
type writePlanner struct {
	Converter
	plans map[pair]*writePlan
	depth int
}

// planWrite is the plan of whole data of a schema: of a struct, or of the one
// value of a wrapper.
func (c Converter) planWrite(s *connect.Schema, g *generated) (*writePlan, error) {
	p := writePlanner{Converter: c, plans: map[pair]*writePlan{}}
	if s.Kind() == connect.KindStruct {
		return p.of(s, g.root)
	}
	f, err := p.field(s, g.root.fields[0])
	if err != nil {
		return nil, err
	}
	f.slot, f.member = 0, -1
	return &writePlan{schema: s, fields: []*writeField{f}, size: 1}, nil
}

// of is the plan of a struct's schema and a message.
func (p *writePlanner) of(s *connect.Schema, m *message) (*writePlan, error) {
	if plan := p.plans[pair{s, m}]; plan != nil {
		return plan, nil
	}
	if p.depth++; p.depth > maxNested {
		return nil, fmt.Errorf("structs are more than %d deep in structs", maxNested)
	}
	defer func() { p.depth-- }()
	plan := &writePlan{schema: s, size: 1}
	for i, cf := range s.Fields() {
		add := p.addField
		if isUnion(cf.Schema) {
			add = p.addUnion
		}
		if err := add(plan, m, cf, i); err != nil {
			return nil, at(err, cf.Name)
		}
	}
	slices.SortStableFunc(plan.fields, func(a, b *writeField) int { return int(a.tag>>3) - int(b.tag>>3) })
	p.plans[pair{s, m}] = plan
	return plan, nil
}

func (p *writePlanner) addField(plan *writePlan, m *message, cf connect.Field, slot int) error {
	f, err := p.find(m, cf)
	if err != nil {
		return err
	}
	f.slot, f.member = slot, -1
	plan.fields = append(plan.fields, f)
	return nil
}

// addUnion adds the fields of a oneof's struct, of which the first that is not
// null is written.
func (p *writePlanner) addUnion(plan *writePlan, m *message, cf connect.Field, slot int) error {
	defaults := p.defaultsOf(cf.Schema)
	for i, part := range cf.Schema.Fields() {
		f, err := p.find(m, part)
		if err != nil {
			return at(err, part.Name)
		}
		f.slot, f.member, f.union, f.explicit = slot, i, cf.Schema, true
		f.defaults = defaults
		plan.fields = append(plan.fields, f)
	}
	return nil
}

// defaultsOf are the defaults of a struct's fields; nil where there is none.
func (p *writePlanner) defaultsOf(s *connect.Schema) (out []connect.Value) {
	for i, f := range s.Fields() {
		v, ok := f.Schema.Default()
		if !ok || p.IgnoreDefaultForNullables {
			continue
		}
		if out == nil {
			out = make([]connect.Value, len(s.Fields()))
		}
		out[i] = v
	}
	return out
}

// find plans a field by its name. That it is not there, or is another, comes of
// two structs of one name that differ.
func (p *writePlanner) find(m *message, cf connect.Field) (*writeField, error) {
	name := cf.Name
	if p.ScrubInvalidNames {
		name = scrub(name)
	}
	for _, f := range m.fields {
		if f.name == name {
			return p.field(cf.Schema, f)
		}
	}
	return nil, fmt.Errorf("the message %s, made of another struct of that name, has no such field; give the structs names that differ (transform.#SetSchemaMetadata)", m.full)
}

// field plans a field.
func (p *writePlanner) field(s *connect.Schema, d *field) (*writeField, error) {
	f := &writeField{name: d.name, kind: d.kind, repeated: d.repeated, isMap: s.Kind() == connect.KindMap, explicit: d.optional}
	if v, ok := s.Default(); ok && !p.IgnoreDefaultForNullables {
		f.def = v
	}
	if f.isMap != d.isMap() || d.repeated != (f.isMap || s.Kind() == connect.KindArray) {
		return nil, mismatch(s, d)
	}
	f.tag = uint64(d.number)<<3 | wireOf(d.kind)
	if f.isMap {
		return f, p.entries(f, s, d)
	}
	if d.repeated {
		s = s.Elem()
		if f.packed = wireOf(d.kind) != delimited; f.packed {
			f.tag = uint64(d.number)<<3 | delimited
		}
	}
	f.want, f.logical = s.Kind(), s.Logical()
	return f, p.typed(f, s, d)
}

func mismatch(s *connect.Schema, d *field) error {
	return fmt.Errorf("%v does not fit the field's type %s, made of another struct of that name; give the structs names that differ (transform.#SetSchemaMetadata)", s.Kind(), d.text())
}

// entries plans the entries of a map.
func (p *writePlanner) entries(f *writeField, s *connect.Schema, d *field) (err error) {
	if f.key, err = p.field(s.Key(), d.message.fields[0]); err != nil {
		return at(err, "key")
	}
	if f.value, err = p.field(s.Elem(), d.message.fields[1]); err != nil {
		return at(err, "value")
	}
	f.key.def, f.value.def = connect.Null, connect.Null
	return nil
}

// typed plans one value of a field.
func (p *writePlanner) typed(f *writeField, s *connect.Schema, d *field) (err error) {
	switch {
	case d.enum != nil:
		if !isEnum(s) {
			return mismatch(s, d)
		}
		f.enum = newWriteEnum(d.enum)
	case d.message == nil:
		if f.logical != connect.NotLogical || !holds(s.Kind(), d.kind) {
			return mismatch(s, d)
		}
	case f.logical != connect.NotLogical:
		if f.how, _ = logicalOf(d.message); f.how != howOf[f.logical] {
			return mismatch(s, d)
		}
	case s.Kind() == connect.KindStruct:
		f.how = asStruct
		f.plan, err = p.of(s, d.message)
	default:
		f.how, f.kind = asWrapped, wrapperOf(d.message)
		if !holds(s.Kind(), f.kind) {
			return mismatch(s, d)
		}
	}
	return err
}

var howOf = map[connect.Logical]how{
	connect.LogicalDecimal: asDecimal, connect.LogicalDate: asDate,
	connect.LogicalTime: asTime, connect.LogicalTimestamp: asTimestamp,
}

// holds reports whether a kind of field holds a kind of values.
func holds(c connect.Kind, k protoreflect.Kind) bool {
	switch c {
	case connect.KindInt8, connect.KindInt16:
		return k == protoreflect.Int32Kind
	case connect.KindInt32:
		return k == protoreflect.Int32Kind || slices.Contains(kinds32, k)
	case connect.KindInt64:
		return k == protoreflect.Int64Kind || slices.Contains(kinds64, k)
	case connect.KindFloat32:
		return k == protoreflect.FloatKind
	case connect.KindFloat64:
		return k == protoreflect.DoubleKind
	case connect.KindBool:
		return k == protoreflect.BoolKind
	case connect.KindString:
		return k == protoreflect.StringKind
	case connect.KindBytes:
		return k == protoreflect.BytesKind
	}
	return false
}

func newWriteEnum(e *enum) *writeEnum {
	out := &writeEnum{name: e.name, numbers: map[string]int32{}, def: e.values[0].number}
	for _, v := range e.values {
		out.numbers[v.name] = v.number
	}
	return out
}
