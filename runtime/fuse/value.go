package fuse

import (
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse/recipe"
)

// Origin says where a value comes from.
type Origin string

// The origins.
const (
	Constant  Origin = "constant"  // it is always the same
	Text      Origin = "text"      // the text that is the record's value
	Topic     Origin = "topic"     // the topic that the connector gave
	Timestamp Origin = "timestamp" // the record's; an instant where there is a schema, else milliseconds
	Object    Origin = "object"    // a struct, or a map where there is no schema
	Slot      Origin = "slot"      // a field of the struct that is the record's value
)

// Value is what stands in a place of the chain.
type Value struct {
	From   Origin
	Schema *connect.Schema // nil: none
	Always connect.Value   // of a Constant
	Fields []Field         // of an Object, in order
	Slot   int             // of a Slot: its place
	Else   connect.Value   // of a Slot: what counts where it is null
	Mask   *connect.Value  // of a Slot: what stands there instead, where it is not null
}

// Field is one field of an object. A map's is named by text too.
type Field struct {
	Name string
	Value
}

// Writer is a converter that can say in pieces how it writes values.
type Writer interface {
	connect.Converter
	// Pieces gives what v is written as; an error says why that is not known
	// before there is a record. It is never asked for null without a schema.
	Pieces(role connect.Role, v Value) ([]recipe.Piece, error)
}

// Part is a Writer that writes by some of its options alone: references in the
// others, as in a registry's address, do not matter.
type Part interface {
	Writer
	// Decisive holds the options by which it writes.
	Decisive() any
}

// Plain is a Writer of which some write data alone: nothing of what they write
// hangs on a name, a version, a doc or a parameter of their schema.
type Plain interface {
	Writer
	Plain() bool
}

// Router is a transform that changes a record's topic, by that topic alone.
type Router interface {
	connect.Transform
	Route() (func(topic string) (string, error), error)
}
