package protobuf

import (
	"fmt"
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"

	"kcgen.dev/runtime/connect"
)

// readPlan is how messages of one type become structs.
type readPlan struct {
	message  *message
	fields   []connect.Field
	initial  []connect.Value // of fields that are not there
	dense    []*readField    // by number
	sparse   map[int32]*readField
	late     []*readField // messages: read when all of their parts are known
	maps     []*readField
	required []*readField
	size     int // of its schema, when all that it shares is written out
}

// readField is how one field is read.
type readField struct {
	name     string
	num      uint64 // its number
	kind     protoreflect.Kind
	wire     uint64
	to       connect.Kind // of numbers: what they become
	how      how
	repeated bool
	isMap    bool
	slot     int
	member   int             // in the struct of its oneof, or -1
	union    *connect.Schema // of that struct
	siblings []int           // of a flattened oneof: the slots of the others
	schema   *connect.Schema // of the struct that a message becomes
	plan     *readPlan       // of that message, or of a map's entries
	enum     *readEnum
	inner    *readField    // of a wrapper: the value in it
	parts    [4]int32      // of a logical type: the numbers of its parts
	absent   connect.Value // stands for "not there"
	fallback connect.Value // the default, even where null stands for "not there"
}

// how says what a field's message becomes.
type how uint8

const (
	asScalar how = iota
	asStruct
	asDecimal
	asDate
	asTime
	asTimestamp
	asWrapped // the value in a wrapper
)

// by is the field of a number, or nil.
func (p *readPlan) by(number uint64) *readField {
	if number < uint64(len(p.dense)) {
		return p.dense[number]
	}
	return p.sparse[int32(number)]
}

// planner makes plans, and the schemas of what is read, of one file.
type planner struct {
	Converter
	plans map[*message]*readPlan // nil: it is being made
	tags  map[*message]string
	depth int
	built int // fields, and values of enums, so far
}

// planRead is the plan of a whole message.
func (c Converter) planRead(m *message) (*readField, error) { return c.planVersion(m, 0) }

// planVersion is planRead for a schema that has a version in the registry,
// unless that is 0. It is the message's, not that of messages within.
func (c Converter) planVersion(m *message, version int) (*readField, error) {
	p := planner{Converter: c, plans: map[*message]*readPlan{}, tags: map[*message]string{}}
	f := &readField{name: m.name, member: -1}
	b, err := p.ofMessage(f, m, c.WrapperForRawPrimitives)
	if err != nil {
		return nil, err
	}
	if version > 0 {
		b.Version(int32(version))
	}
	f.schema, err = b.Build()
	return f, err
}

// of is the plan of a message type, made once.
func (p *planner) of(m *message) (*readPlan, error) {
	plan, begun := p.plans[m]
	if plan != nil {
		return plan, nil
	}
	if begun {
		return nil, fmt.Errorf("message %s contains itself, which a schema of Connect's data cannot", m.full)
	}
	if p.depth++; p.depth > maxNested {
		return nil, fmt.Errorf("messages are more than %d deep in messages", maxNested)
	}
	defer func() { p.depth-- }()
	p.plans[m] = nil
	plan = &readPlan{message: m, sparse: map[int32]*readField{}}
	if err := p.addOneofs(plan, m); err != nil {
		return nil, err
	}
	for _, f := range m.fields {
		if f.oneof >= 0 {
			continue
		}
		r, s, err := p.field(f, false)
		if err != nil {
			return nil, at(err, f.name)
		}
		plan.addField(f, r, s)
	}
	for _, f := range m.fields {
		if plan.size += p.sizeOf(f); plan.size > maxSchema {
			return nil, fmt.Errorf("message %s has more than %d fields, those of the messages in it included", m.full, maxSchema)
		}
	}
	p.plans[m] = plan
	return plan, nil
}

// sizeOf is how many fields a field's schema holds, itself included.
func (p *planner) sizeOf(f *field) int {
	if f.message == nil {
		return 1 + f.enumSize()
	}
	if plan := p.plans[f.message]; plan != nil {
		return 1 + plan.size
	}
	n := 1
	if f.isMap() {
		for _, part := range f.message.fields {
			n += p.sizeOf(part)
		}
	}
	return n
}

// enumSize is how many parameters a field's schema has of its enum.
func (f *field) enumSize() int {
	if f.enum == nil {
		return 0
	}
	return len(f.enum.values)
}

// addField gives a field a slot of its own.
func (plan *readPlan) addField(f *field, r *readField, s *connect.Schema) {
	r.slot, r.member = len(plan.fields), -1
	plan.fields = append(plan.fields, connect.Field{Name: f.name, Schema: s})
	plan.initial = append(plan.initial, r.absent)
	switch {
	case r.isMap:
		plan.maps = append(plan.maps, r)
	case r.how != asScalar && !r.repeated:
		plan.late = append(plan.late, r)
	}
	if f.required {
		plan.required = append(plan.required, r)
	}
	plan.number(f.number, r)
}

// number makes a field known by its number.
func (plan *readPlan) number(n int32, r *readField) {
	if int(n) > 4*len(plan.message.fields)+16 {
		plan.sparse[n] = r
		return
	}
	for len(plan.dense) <= int(n) {
		plan.dense = append(plan.dense, nil)
	}
	plan.dense[n] = r
}

// addOneofs adds the oneofs, which come first: as structs, or as their fields.
func (p *planner) addOneofs(plan *readPlan, m *message) error {
	for i, name := range m.oneofs {
		if p.FlattenUnions {
			if err := p.addFlat(plan, m, i); err != nil {
				return err
			}
			continue
		}
		if p.GenerateIndexForUnions {
			name += "_" + strconv.Itoa(i)
		}
		if err := p.addUnion(plan, m, i, name); err != nil {
			return err
		}
	}
	return nil
}

// addFlat adds the fields of a oneof as the message's own.
func (p *planner) addFlat(plan *readPlan, m *message, oneof int) error {
	var members []*readField
	for _, f := range m.fields {
		if f.oneof != oneof {
			continue
		}
		r, s, err := p.field(f, true)
		if err != nil {
			return at(err, f.name)
		}
		r.absent = connect.Null
		plan.addField(f, r, s)
		members = append(members, r)
	}
	for _, r := range members {
		for _, other := range members {
			if other != r {
				r.siblings = append(r.siblings, other.slot)
			}
		}
	}
	return nil
}

// addUnion adds a oneof as a struct of which one field is there.
func (p *planner) addUnion(plan *readPlan, m *message, oneof int, slotName string) error {
	b := connect.NewStruct()
	if name := m.oneofs[oneof]; p.GeneralizedSumTypeSupport {
		b.Name(name).Param(anyUnionParam, name)
	} else if p.EnhancedProtobufSchemaSupport {
		b.Name(unionPrefix + within(m.full, name))
	} else {
		b.Name(unionPrefix + name)
	}
	var members []*readField
	for _, f := range m.fields {
		if f.oneof != oneof {
			continue
		}
		r, s, err := p.field(f, true)
		if err != nil {
			return at(err, f.name)
		}
		b.Field(f.name, s)
		r.slot, r.member = len(plan.fields), len(members)
		members = append(members, r)
		plan.number(f.number, r)
		if r.how != asScalar {
			plan.late = append(plan.late, r)
		}
	}
	if len(members) == 0 {
		return nil
	}
	s, err := b.Optional().Build()
	if err != nil {
		return err
	}
	for _, r := range members {
		r.union = s
	}
	plan.fields = append(plan.fields, connect.Field{Name: slotName, Schema: s})
	plan.initial = append(plan.initial, connect.Null)
	return nil
}

// field plans a field and makes its schema.
func (p *planner) field(f *field, member bool) (*readField, *connect.Schema, error) {
	if p.built += 1 + f.enumSize(); p.built > maxSchema {
		return nil, nil, fmt.Errorf("the message has more than %d fields, values of enums included", maxSchema)
	}
	r := &readField{name: f.name, num: uint64(f.number), kind: f.kind, wire: wireOf(f.kind), repeated: f.repeated, isMap: f.isMap()}
	b, err := p.builder(r, f)
	if err != nil {
		return nil, nil, err
	}
	if r.how == asStruct {
		p.shareTag(b, f)
	}
	if f.repeated && !r.isMap {
		elem, err := b.Optional().Build()
		if err != nil {
			return nil, nil, err
		}
		if r.how == asStruct {
			r.schema = elem
		}
		b = connect.NewArray(elem).Optional()
	}
	switch {
	case member:
		b.Optional()
		if p.WrapperForNullables && f.message != nil && wrapperOf(f.message) != 0 {
			b.Param(wrapperParam, "true")
		}
	case p.OptionalForNullables:
		if f.optional {
			b.Optional()
		}
	case !p.WrapperForNullables:
		b.Optional()
	}
	s, err := b.Param(tagParam, strconv.Itoa(int(f.number))).Build()
	if err != nil {
		return nil, nil, err
	}
	if r.how == asStruct && !f.repeated {
		r.schema = s
	}
	return r, s, p.setAbsent(r, f, member)
}

// shareTag gives the elements of an array of messages the number that the
// message's first field has, if that is no array: so it comes of the original,
// where all schemas of a message share what the first was given.
func (p *planner) shareTag(b *connect.SchemaBuilder, f *field) {
	tag, seen := p.tags[f.message]
	switch {
	case f.repeated && tag != "":
		b.Param(tagParam, tag)
	case seen:
	case f.repeated:
		p.tags[f.message] = ""
	default:
		p.tags[f.message] = strconv.Itoa(int(f.number))
	}
}

// setAbsent says what stands for a field that is not there.
func (p *planner) setAbsent(r *readField, f *field, member bool) (err error) {
	null := member || f.required || f.optional && (!f.proto2 || p.OptionalForProto2)
	switch {
	case r.isMap:
		r.fallback = noEntries
	case f.repeated:
		r.fallback = noElements
	case r.how != asScalar:
		// Read as an empty message; a decimal or a date cannot be made of one.
		r.fallback = emptyMessage
		null = !p.GenerateStructForNulls || r.how == asDecimal || r.how == asDate
	default:
		r.fallback, err = r.defaultOf(f)
		null = null && !p.GenerateStructForNulls
	}
	if r.absent = r.fallback; null && !f.repeated || member || f.required {
		r.absent = connect.Null
	}
	return err
}

// builder begins the schema of a field, of one of its elements where it is
// repeated.
func (p *planner) builder(r *readField, f *field) (*connect.SchemaBuilder, error) {
	if r.isMap {
		return p.ofMap(r, f.message)
	}
	switch f.kind {
	case protoreflect.MessageKind:
		b, err := p.ofMessageField(r, f)
		if err != nil {
			return nil, err
		}
		return b.Optional(), nil
	case protoreflect.EnumKind:
		return p.ofEnum(r, f.enum), nil
	}
	return ofScalar(r, f)
}

func ofScalar(r *readField, f *field) (*connect.SchemaBuilder, error) {
	plain := f.kind
	switch f.kind {
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		plain = protoreflect.Int32Kind
		if r.to = narrow(f); r.to != connect.KindInt32 {
			return connect.NewSchema(r.to), nil
		}
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind, protoreflect.Int64Kind, protoreflect.Uint64Kind,
		protoreflect.Sint64Kind, protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		plain, r.to = protoreflect.Int64Kind, connect.KindInt64
	case protoreflect.FloatKind:
		r.to = connect.KindFloat32
	case protoreflect.DoubleKind:
		r.to = connect.KindFloat64
	case protoreflect.BoolKind:
		r.to = connect.KindBool
	case protoreflect.StringKind:
		r.to = connect.KindString
	case protoreflect.BytesKind:
		r.to = connect.KindBytes
	default:
		return nil, fmt.Errorf("fields of the type %v are not read", f.kind)
	}
	b := connect.NewSchema(r.to)
	if plain != f.kind {
		b.Param(typeParam, f.kind.String())
	}
	return b, nil
}

// narrow is which of Connect's integers a field of 32 bits holds.
func narrow(f *field) connect.Kind {
	switch name, _ := f.param(connectType); name {
	case "int8":
		return connect.KindInt8
	case "int16":
		return connect.KindInt16
	}
	return connect.KindInt32
}

func (p *planner) ofEnum(r *readField, e *enum) *connect.SchemaBuilder {
	r.to = connect.KindString
	if p.IntForEnums {
		r.to = connect.KindInt32
	}
	r.enum = newReadEnum(e, p.IntForEnums)
	name, param := e.name, enumParam
	if p.EnhancedProtobufSchemaSupport {
		name = e.full
	}
	if p.GeneralizedSumTypeSupport {
		param = anyEnumParam
	}
	b := connect.NewSchema(r.to).Name(name).Param(param, e.name)
	for _, v := range e.values {
		b.Param(param+"."+v.name, strconv.Itoa(int(v.number)))
	}
	return b.Optional()
}

// ofMap plans a map, and begins its schema. A part of an entry that is not
// there is its type's default, never null.
func (p *planner) ofMap(r *readField, entry *message) (*connect.SchemaBuilder, error) {
	plan := &readPlan{message: entry, sparse: map[int32]*readField{}}
	for _, f := range entry.fields {
		part, s, err := p.field(f, false)
		if err != nil {
			return nil, at(err, f.name)
		}
		part.absent = part.fallback
		plan.addField(f, part, s)
		plan.size += p.sizeOf(f)
	}
	r.plan = plan
	name := entry.name
	if p.EnhancedProtobufSchemaSupport {
		name = entry.full
	}
	return connect.NewMap(plan.fields[0].Schema, plan.fields[1].Schema).Name(mapName(name)).Optional(), nil
}

// ofMessageField plans a field that holds messages, and begins its schema.
func (p *planner) ofMessageField(r *readField, f *field) (*connect.SchemaBuilder, error) {
	m := f.message
	if how, parts := logicalOf(m); how != asScalar {
		r.how, r.parts = how, parts
		return logicalSchema(how, f), nil
	}
	return p.ofMessage(r, m, p.WrapperForNullables || p.WrapperForRawPrimitives)
}

// ofMessage plans a message, and begins the schema of what it becomes: of the
// value in it, where it is a wrapper and these are unwrapped.
func (p *planner) ofMessage(r *readField, m *message, unwrap bool) (*connect.SchemaBuilder, error) {
	if kind := wrapperOf(m); kind != 0 && unwrap {
		r.how = asWrapped
		return p.ofWrapper(r, m)
	}
	plan, err := p.of(m)
	if err != nil {
		return nil, err
	}
	r.how, r.plan = asStruct, plan
	name := m.name
	if p.EnhancedProtobufSchemaSupport {
		name = m.full
	}
	b := connect.NewStruct().Name(name)
	for _, f := range plan.fields {
		b.Field(f.Name, f.Schema)
	}
	return b, nil
}

// ofWrapper plans the value in a wrapper. Its schema says nothing of its wire
// type, which the wrapper tells.
func (p *planner) ofWrapper(r *readField, m *message) (*connect.SchemaBuilder, error) {
	value := m.fields[0]
	r.inner = &readField{name: value.name, kind: value.kind, wire: wireOf(value.kind), parts: [4]int32{value.number}}
	if _, err := ofScalar(r.inner, value); err != nil {
		return nil, err
	}
	var err error
	r.inner.absent, err = r.inner.defaultOf(value)
	return connect.NewSchema(r.inner.to), err
}
