package protobuf

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"kcgen.dev/runtime/connect"
)

// generated is the .proto file that a Connect schema becomes.
type generated struct {
	file *file
	root *message
	// index is the root's place in the file: 0 but for wrappers.
	index int
}

// generator makes a file of a Connect schema, as ProtobufData does.
type generator struct {
	Converter
	file    *file
	types   types
	unnamed int
	depth   int
}

// generate makes the file of a schema.
func (c Converter) generate(s *connect.Schema) (*generated, error) {
	if s.Kind() != connect.KindStruct {
		return generateWrapper(s)
	}
	g := &generator{Converter: c, file: &file{syntax: "proto3"}}
	pkg, name := splitName(g.nameOf(s))
	if pkg = g.scrubAll(pkg); pkg != "" {
		g.file.pkg = pkg
	}
	name = g.scrub(name)
	if err := g.checkNames(pkg, name); err != nil {
		return nil, err
	}
	m, err := g.message(g.file.pkg, name, s)
	if err != nil {
		return nil, err
	}
	g.file.messages = []*message{m}
	if err := g.types.add(g.file); err != nil {
		return nil, err
	}
	if err := g.link(); err != nil {
		return nil, err
	}
	return &generated{file: g.file, root: m}, nil
}

// link gives the fields their types, those of the imports included.
func (g *generator) link() error {
	p := parsing{done: map[string]*file{}, missing: map[string]bool{}}
	for _, i := range g.file.imports {
		if err := p.load(i); err != nil {
			return err
		}
	}
	for name, m := range p.types.messages {
		if !g.types.has(name) {
			g.types.messages[name] = m
		}
	}
	return g.types.link(g.file, nil)
}

// rootWrappers are the wrappers of data that are no struct, and their places in
// wrappers.proto.
var rootWrappers = map[connect.Kind]int{
	connect.KindFloat64: 0, connect.KindFloat32: 1, connect.KindInt64: 2,
	connect.KindInt32: 4, connect.KindInt16: 4, connect.KindInt8: 4,
	connect.KindBool: 6, connect.KindString: 7, connect.KindBytes: 8,
}

// generateWrapper is the file of data that are no struct. The original writes
// logical types as other messages than it says, and enums as nulls.
func generateWrapper(s *connect.Schema) (*generated, error) {
	i, ok := rootWrappers[s.Kind()]
	switch {
	case !ok:
		return nil, fmt.Errorf("%v is not written on its own; put it into a struct (transform.#HoistField)", s.Kind())
	case s.Logical() != connect.NotLogical:
		return nil, fmt.Errorf("%v is not written on its own; put it into a struct (transform.#HoistField)", s.Logical())
	case isEnum(s):
		return nil, errors.New("an enum is not written on its own; put it into a struct (transform.#HoistField)")
	}
	f, err := parse(wrappersText, nil)
	if err != nil {
		return nil, err
	}
	return &generated{file: f, root: f.messages[i], index: i}, nil
}

// nameOf is a schema's name, or the next of those for schemas without one.
func (g *generator) nameOf(s *connect.Schema) string {
	if s.Name() != "" {
		return s.Name()
	}
	g.unnamed++
	return defaultName + strconv.Itoa(g.unnamed)
}

// localName is the last part of a schema's name.
func (g *generator) localName(s *connect.Schema) string { return g.scrub(lastName(g.nameOf(s))) }

func (g *generator) scrub(name string) string {
	if g.ScrubInvalidNames {
		return scrub(name)
	}
	return name
}

func (g *generator) scrubAll(pkg string) string {
	parts := strings.Split(pkg, ".")
	for i := range parts {
		parts[i] = g.scrub(parts[i])
	}
	return strings.Join(parts, ".")
}

func (g *generator) checkNames(pkg, name string) error {
	if err := checkName("message", name); err != nil {
		return err
	}
	if pkg == "" {
		return nil
	}
	for part := range strings.SplitSeq(pkg, ".") {
		if err := checkName("package", part); err != nil {
			return err
		}
	}
	return nil
}

// checkName refuses a name that Protobuf does not allow.
func checkName(what, name string) error {
	if !isName(name) {
		return fmt.Errorf("%s %q is no name that Protobuf allows; scrubInvalidNames: true changes it", what, short(name))
	}
	return nil
}

// message makes a message of a struct's schema.
func (g *generator) message(scope, name string, s *connect.Schema) (*message, error) {
	if g.depth++; g.depth > maxNested {
		return nil, fmt.Errorf("structs are more than %d deep in structs", maxNested)
	}
	defer func() { g.depth-- }()
	m := &message{name: name, full: within(scope, name)}
	next := int32(1)
	for _, cf := range s.Fields() {
		number, stated, err := tagOf(cf.Schema)
		if err != nil {
			return nil, at(err, cf.Name)
		}
		if !stated {
			number = next
			next++
		}
		if err := g.add(m, cf, number); err != nil {
			return nil, at(err, cf.Name)
		}
	}
	return m, m.check()
}

// tagOf is the number that a schema wants for its field.
func tagOf(s *connect.Schema) (number int32, ok bool, err error) {
	text, ok := s.Param(tagParam)
	if !ok {
		return 0, false, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, true, fmt.Errorf("parameter %s: %q is no number", tagParam, short(text))
	}
	return int32(n), true, nil
}

// add adds a field, or the fields of a oneof.
func (g *generator) add(m *message, cf connect.Field, number int32) error {
	if isUnion(cf.Schema) {
		return g.addOneof(m, cf.Schema)
	}
	f, err := g.field(m, cf.Schema, g.scrub(cf.Name), number, false)
	if err != nil {
		return err
	}
	f.oneof = -1
	f.optional = g.OptionalForNullables && cf.Schema.IsOptional() && !f.repeated
	m.fields = append(m.fields, f)
	return nil
}

// isUnion reports whether a struct stands for a oneof.
func isUnion(s *connect.Schema) bool {
	if s.Kind() != connect.KindStruct {
		return false
	}
	_, marked := s.Param(anyUnionParam)
	return marked || strings.HasPrefix(s.Name(), unionName)
}

func (g *generator) addOneof(m *message, s *connect.Schema) error {
	name, ok := s.Param(anyUnionParam)
	if !g.GeneralizedSumTypeSupport || !ok {
		name = g.scrub(lastName(strings.TrimPrefix(s.Name(), unionPrefix)))
	}
	if err := checkName("oneof", name); err != nil {
		return err
	}
	oneof := len(m.oneofs)
	m.oneofs = append(m.oneofs, name)
	for _, cf := range s.Fields() {
		number, ok, err := tagOf(cf.Schema)
		if err == nil && !ok {
			err = fmt.Errorf("a field of a oneof needs its number, as the parameter %s", tagParam)
		}
		if err != nil {
			return at(err, cf.Name)
		}
		f, err := g.field(m, cf.Schema, g.scrub(cf.Name), number, true)
		if err != nil {
			return at(err, cf.Name)
		}
		f.oneof = oneof
		m.fields = append(m.fields, f)
	}
	return nil
}

// field makes a field, and the messages and enums that it needs in m.
func (g *generator) field(m *message, s *connect.Schema, name string, number int32, member bool) (*field, error) {
	if err := checkName("field", name); err != nil {
		return nil, err
	}
	f := &field{name: name, number: number, oneof: -1}
	if s.Kind() == connect.KindArray {
		f.repeated = true
		if s = s.Elem(); s == nil || s.Kind() == connect.KindArray || s.Kind() == connect.KindMap {
			return nil, errors.New("arrays of arrays or maps are not written; Protobuf has none")
		}
		if isUnion(s) {
			return nil, errors.New("arrays of oneofs are not written; Protobuf has none")
		}
	}
	switch {
	case g.scalar(f, s, member):
		return f, nil
	case isEnum(s):
		return f, g.enum(m, f, s)
	case s.Kind() == connect.KindMap:
		f.repeated = true
		return f, g.mapOf(m, f, s)
	case s.Kind() == connect.KindStruct:
		return f, g.structOf(m, f, s)
	}
	return nil, fmt.Errorf("%v is not written", s.Kind())
}

// structOf declares the message of a struct in m, unless it is there.
func (g *generator) structOf(m *message, f *field, s *connect.Schema) error {
	if isUnion(s) {
		return errors.New("a oneof stands where Protobuf has none")
	}
	f.typeName = g.localName(s)
	if f.typeName == f.name {
		f.typeName += "Message"
	}
	if err := checkName("message", f.typeName); err != nil {
		return err
	}
	same := func(n *message) bool { return n.name == f.typeName }
	if m.name == f.typeName || slices.ContainsFunc(m.messages, same) {
		return nil
	}
	n, err := g.message(m.full, f.typeName, s)
	if err == nil {
		m.messages = append(m.messages, n)
	}
	return err
}

// mapOf declares the entries of a map in m. They are a message like others:
// the original does not say map<>.
func (g *generator) mapOf(m *message, f *field, s *connect.Schema) error {
	f.typeName = entryName(g.localName(s))
	if err := checkName("message", f.typeName); err != nil {
		return err
	}
	if s.Key() == nil || s.Elem() == nil {
		return errors.New("a map without the schemas of its keys and values is not written")
	}
	entry := &message{name: f.typeName, full: within(m.full, f.typeName)}
	for i, part := range []*connect.Schema{s.Key(), s.Elem()} {
		if isUnion(part) || i == 0 && part.Kind() >= connect.KindArray {
			return fmt.Errorf("maps of such keys or values (%v) are not written", part.Kind())
		}
		pf, err := g.field(entry, part, []string{"key", "value"}[i], int32(i+1), false)
		if err != nil {
			return err
		}
		if pf.repeated {
			return fmt.Errorf("maps with values of the type %v are not written; Protobuf has none", part.Kind())
		}
		entry.fields = append(entry.fields, pf)
	}
	m.messages = append(m.messages, entry)
	return nil
}

// enumOf is the parameter that makes a schema an enum.
func (g *generator) enumParam() string {
	if g.GeneralizedSumTypeSupport {
		return anyEnumParam
	}
	return enumParam
}

// isEnum reports whether a schema stands for an enum.
func isEnum(s *connect.Schema) bool {
	_, own := s.Param(enumParam)
	_, anyOf := s.Param(anyEnumParam)
	return s.Kind() == connect.KindString && (own || anyOf) || s.Kind() == connect.KindInt32 && own
}

// enum declares an enum in m, unless it is there.
func (g *generator) enum(m *message, f *field, s *connect.Schema) error {
	if name, ok := s.Param(anyEnumParam); ok && s.Kind() == connect.KindString {
		f.typeName = name
	} else {
		f.typeName, _ = s.Param(enumParam)
	}
	e := &enum{name: g.localName(s)}
	for _, known := range m.enums {
		if known.name == e.name {
			return nil
		}
	}
	prefix := g.enumParam() + "."
	for _, p := range s.Params() {
		name, ok := strings.CutPrefix(p.Key, prefix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(p.Value, 10, 32)
		if err != nil {
			return fmt.Errorf("parameter %s: %q is no number", short(p.Key), short(p.Value))
		}
		if err := checkName("enum value", name); err != nil {
			return err
		}
		e.values = append(e.values, enumValue{name, int32(n)})
	}
	if len(e.values) == 0 {
		return fmt.Errorf("the enum %s has no values in the schema's parameters (%s…)", short(e.name), prefix)
	}
	e.full = within(m.full, e.name)
	m.enums = append(m.enums, e)
	return checkName("enum", e.name)
}

// scalar makes a field of what needs no message or enum of its own.
func (g *generator) scalar(f *field, s *connect.Schema, member bool) bool {
	switch s.Logical() {
	case connect.LogicalDecimal:
		f.decimalParams(s)
		g.known(f, decimalType, "confluent/type/decimal.proto")
	case connect.LogicalDate:
		g.known(f, dateType, "google/type/date.proto")
	case connect.LogicalTime:
		g.known(f, timeType, "google/type/timeofday.proto")
	case connect.LogicalTimestamp:
		g.known(f, timestampType, "google/protobuf/timestamp.proto")
	default:
		return !isEnum(s) && g.primitive(f, s, member)
	}
	return true
}

// known gives a field a type of an import.
func (g *generator) known(f *field, typeName, imported string) {
	f.typeName = typeName
	if !slices.Contains(g.file.imports, imported) {
		g.file.imports = append(g.file.imports, imported)
	}
}

func (f *field) decimalParams(s *connect.Schema) {
	for _, key := range []struct{ from, to string }{{precisionParam, "precision"}, {connect.ScaleParam, "scale"}} {
		if v, ok := s.Param(key.from); ok {
			f.meta = append(f.meta, param{key.to, v})
		}
	}
}

// primitive makes a field of a plain type.
func (g *generator) primitive(f *field, s *connect.Schema, member bool) bool {
	wrapper := ""
	switch s.Kind() {
	case connect.KindInt8, connect.KindInt16:
		f.kind, wrapper = protoreflect.Int32Kind, "Int32Value"
		f.meta = []param{{connectType, s.Kind().String()}}
	case connect.KindInt32:
		f.kind, wrapper = statedKind(s, protoreflect.Int32Kind), "Int32Value"
	case connect.KindInt64:
		f.kind = statedKind(s, protoreflect.Int64Kind)
		wrapper = wrapper64(f.kind)
	case connect.KindFloat32:
		f.kind, wrapper = protoreflect.FloatKind, "FloatValue"
	case connect.KindFloat64:
		f.kind, wrapper = protoreflect.DoubleKind, "DoubleValue"
	case connect.KindBool:
		f.kind, wrapper = protoreflect.BoolKind, "BoolValue"
	case connect.KindString:
		f.kind, wrapper = protoreflect.StringKind, "StringValue"
	case connect.KindBytes:
		f.kind, wrapper = protoreflect.BytesKind, "BytesValue"
	default:
		return false
	}
	marked, _ := s.Param(wrapperParam)
	if g.WrapperForNullables && s.IsOptional() && (!member || strings.EqualFold(marked, "true")) {
		f.wrapped = true
		g.known(f, "google.protobuf."+wrapper, "google/protobuf/wrappers.proto")
	}
	return true
}

// wrapper64 is the wrapper of an int64 that is written as this kind.
func wrapper64(k protoreflect.Kind) string {
	switch k {
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return "UInt32Value"
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return "UInt64Value"
	}
	return "Int64Value"
}

// statedKind is the kind that a schema's parameter asks for, where it holds
// the schema's integers.
func statedKind(s *connect.Schema, plain protoreflect.Kind) protoreflect.Kind {
	name, _ := s.Param(typeParam)
	kinds := kinds32
	if plain == protoreflect.Int64Kind {
		kinds = kinds64
	}
	for _, k := range kinds {
		if k.String() == name {
			return k
		}
	}
	return plain
}

var (
	kinds32 = []protoreflect.Kind{protoreflect.Uint32Kind, protoreflect.Sint32Kind, protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind}
	kinds64 = []protoreflect.Kind{
		protoreflect.Uint64Kind, protoreflect.Sint64Kind, protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind,
		protoreflect.Uint32Kind, protoreflect.Fixed32Kind,
	}
)
