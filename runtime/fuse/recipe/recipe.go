// Package recipe is what a dry run finds out about a source's chain that can be
// one function, and what kcgen prints that function from. It is data alone, so
// that the compiler may know it.
package recipe

// Recipe is what a function does.
type Recipe struct {
	Form  string  `json:"form"`            // the records that it is for: IsText, IsOptionalText
	When  string  `json:"when,omitempty"`  // the topic that they must have; "" is any
	Time  bool    `json:"time,omitempty"`  // they must have a timestamp
	Topic string  `json:"topic,omitempty"` // to which they go; "" is their own
	Key   []Piece `json:"key"`             // nil is Kafka's null
	Value []Piece `json:"value"`
}

// Piece is what comes next in what is written: bytes that are always the same,
// or what a function of package fuse appends.
type Piece struct {
	Bytes  []byte `json:"bytes,omitempty"`
	Append string `json:"append,omitempty"`
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
	Part string `json:"part"`           // "connector", "transforms[1]", "valueConverter"
	Type string `json:"type,omitempty"` // its Go type: "transform.HoistField"
	Name string `json:"name,omitempty"` // of a step that has one
	Why  string `json:"why,omitempty"`  // it is not; "" where it is
}
