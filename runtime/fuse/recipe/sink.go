package recipe

// Sink is what a sink's function does with a message: an object whose members
// it goes through.
type Sink struct {
	When    string // the topic that records must have; "" is any
	Time    bool   // they must have a timestamp
	Place   bool   // they must have a partition and an offset
	Topic   string // that they have then; "" is their own
	Steps   int    // the first steps of the chain, which are in the function
	Members []Member
	Rest    Does // with members of other names: Keep or Pass
	Added   []Member
	Changes []Change

	Shape  []int    // of messages that are texts: the steps that make a struct
	Fields []Member // of that: Keep is the text, Fix another value
}

// Does says what becomes of a member.
type Does string

// What becomes of members.
const (
	Pass   Does = "Pass"   // it is not there
	Keep   Does = "Keep"   // it is there as it was
	Rename Does = "As"     // it has another name
	Alter  Does = "Change" // its value is changed, and its name may be another one
	Fix    Does = "Is"     // another value is in its place
	Leave  Does = "Leave"  // the chain itself is to look at the message
)

// Member is what becomes of the member of a name; or a field that is added.
type Member struct {
	Name    string
	Does    Does
	As      string
	Changes []int // places in Sink.Changes
	Value   Value // of Fix
}

// Change is what a step of the chain does to a field's value.
type Change struct {
	Step  int
	Field string
}

// Value is one that is not from the message.
type Value struct {
	Kind string // Null, Bool, Int8 … Float64, String; or a part of the record
	Text string // as Go writes it; of a String, the text itself
}

// The parts of a record that are values.
const (
	RecordTopic     = "Topic"
	RecordPartition = "Partition"
	RecordOffset    = "Offset"
	RecordTime      = "Timestamp"
	RecordInstant   = "Instant" // the timestamp as a point in time
)
