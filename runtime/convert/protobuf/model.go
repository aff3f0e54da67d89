package protobuf

import "google.golang.org/protobuf/reflect/protoreflect"

// file is what a .proto file declares, as far as data go: no services, no
// extensions, no options but those that change what is written.
type file struct {
	pkg      string
	syntax   string // "proto2" or "proto3"
	imports  []string
	messages []*message
	enums    []*enum
}

// message is a message type.
type message struct {
	name, full string
	fields     []*field // in the text's order
	oneofs     []string // without those that proto3's optional stands for
	messages   []*message
	enums      []*enum
	// implied is a message that the text has no declaration of: the entries of
	// a map<>, and groups. It has no place among the message indexes.
	implied bool
	// mapEntry is a message with option map_entry, which programs write that
	// print a compiled file.
	mapEntry bool
}

// field is a field of a message.
type field struct {
	name     string
	number   int32
	kind     protoreflect.Kind
	typeName string // of a message or an enum, as it is written
	message  *message
	enum     *enum
	repeated bool
	required bool
	optional bool // by the keyword
	proto2   bool // whether it is of a proto2 file
	oneof    int  // its place in the message's oneofs, or -1
	def      string
	hasDef   bool
	meta     []param // (confluent.field_meta).params
	wrapped  bool    // generated: a wrapper that stands for a nullable scalar
}

// param is one of a field's parameters.
type param struct{ key, value string }

// enum is an enum type.
type enum struct {
	name, full string
	closed     bool // proto2's: a number that it has no name for is no value
	values     []enumValue
}

type enumValue struct {
	name   string
	number int32
}

// isMap reports whether a field is read as a map: a message called …Entry with
// a key and a value, repeated. Confluent writes maps in this way, without
// map<>, and knows them by it.
func (f *field) isMap() bool {
	return f.repeated && f.message != nil && f.message.isEntry()
}

func (m *message) isEntry() bool {
	if len(m.fields) != 2 || !hasSuffix(m.name, entrySuffix) {
		return false
	}
	k, v := m.fields[0], m.fields[1]
	return k.name == "key" && v.name == "value" && !k.repeated && !v.repeated && k.message == nil
}

// at is the message that indexes lead to.
func (f *file) at(indexes []int) *message {
	all := f.messages
	var m *message
	for _, i := range indexes {
		if m = declared(all, i); m == nil {
			return nil
		}
		all = m.messages
	}
	return m
}

// declared is the i-th message that has a declaration.
func declared(all []*message, i int) *message {
	for _, m := range all {
		if m.implied {
			continue
		}
		if i == 0 {
			return m
		}
		i--
	}
	return nil
}
