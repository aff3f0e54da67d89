// Package recipe is what is found out about a source's chain that can be one
// function, and what kcgen prints that function from. It is data alone, so that
// the compiler may know it.
package recipe

// Recipe is what a function does.
type Recipe struct {
	Form  string  // the records that it is for: IsText, IsOptionalText
	When  string  // the topic that they must have; "" is any
	Time  bool    // they must have a timestamp
	Topic string  // to which they go; "" is their own
	Key   []Piece // nil is Kafka's null
	Value []Piece
}

// Piece is what comes next in what is written: bytes that are always the same,
// or what a function of package fuse appends.
type Piece struct {
	Bytes  []byte
	Append string
}

// What is appended.
const (
	JSON      = "AppendJSON"  // the record's text as a JSON string
	JSONTopic = "AppendTopic" // its topic as a JSON string
	Millis    = "AppendTime"  // its timestamp as a number
	Raw       = "Raw"         // its text as it is
)

// Note says of one part of a chain whether it is in the function.
type Note struct {
	Part string // "connector", "transforms[1]", "valueConverter"
	Why  string // it is not; "" where it is
}
