// Package recipe is what is found out about a chain that can be one function,
// and what kcgen prints that function from. It is data alone, so that
// the compiler may know it.
package recipe

// Recipe is what a source's function does.
type Recipe struct {
	Form  string  // the records that it is for: IsText, IsOptionalText, Struct, BareStruct
	Of    string  // the layout of a Struct, see package fuse
	Needs []Need  // what slots of it must hold beside what is written
	When  string  // the topic that they must have; "" is any
	Time  bool    // they must have a timestamp
	Topic string  // to which they go; "" is their own
	Key   []Piece // nil is Kafka's null
	Value []Piece
}

// Piece is what comes next in what is written: bytes that are always the same,
// or what a function of package fuse appends. Of a Head the bytes are a schema.
type Piece struct {
	Bytes  []byte
	Append string

	// Of a slot of a Struct:
	Slot   int
	Kind   string  // the kind or the logical type that it is, as package connect calls it: "KindInt32"
	Scale  int32   // of a decimal
	Tag    uint64  // of a field of Protobuf
	Always bool    // it is there even if it is empty
	Null   []Piece // of Either: where the slot is null
	Else   []Piece // of Either: where it is not
}

// Need is what a slot must hold.
type Need struct {
	Slot int
	Kind string // "KindInt32"; "" is any
	Null bool   // or null
}

// What is appended.
const (
	Head      = "Head"        // what a registry has data begin with; the first piece
	JSON      = "AppendJSON"  // the record's text as a JSON string
	JSONTopic = "AppendTopic" // its topic as a JSON string
	Millis    = "AppendTime"  // its timestamp as a number
	Raw       = "Raw"         // its text as it is
	Avro      = "AppendAvro"  // its text as an Avro string
	AvroTopic = "AppendAvroTopic"
	AvroTime  = "AppendAvroTime"

	Either      = "Either"      // one or the other
	JSONString  = "JSONString"  // a slot as a JSON string
	JSONOf      = "JSON"        // a slot of a Kind as JSON
	JSONInstant = "JSONInstant" // of a logical type
	JSONDecimal = "JSONDecimal" // a decimal of a Scale in base 64
	JSONNumber  = "JSONNumber"  // a decimal as a number
	AvroString  = "AvroString"  // and the same as Avro
	AvroOf      = "Avro"
	AvroInstant = "AvroInstant"
	AvroDecimal = "AvroDecimal"
	TextOf      = "Text" // as text

	Proto      = "Proto"      // a slot of a Kind as a field of Protobuf, with its Tag
	ProtoText  = "ProtoText"  // a record's text as one
	ProtoTopic = "ProtoTopic" // its topic as one
)

// OfSlot is whether a piece is made of a slot that is of its Kind.
func (p Piece) OfSlot() bool {
	switch p.Append {
	case JSONString, JSONOf, JSONInstant, JSONDecimal, JSONNumber, AvroString, AvroOf, AvroInstant, AvroDecimal, TextOf, Proto:
		return true
	}
	return false
}

// Note says of one part of a chain whether it is in the function.
type Note struct {
	Part string // "connector", "transforms[1]", "valueConverter"
	Why  string // it is not; "" where it is
}
