package connect

import "fmt"

// What is known of records before there are any: a build carries the schemas
// that a spec declares, and those that components state, through the chain.
// Each interface here is optional; a component without it makes what it
// touches unknown, and of the unknown nothing is claimed.

// Shape is what is known of a record.
type Shape struct {
	Topic string // "" is unknown
	Key   Form
	Value Form
	None  bool // no record comes: each was dropped before

	NoOffset bool // a source's: it has no offset yet
}

// Form is what is known of a key or a value. The zero Form is unknown. Known
// and Schema are of data that are not null: a null may come with that schema,
// with another or with none, unless Typed says which.
type Form struct {
	Known  bool
	Schema *Schema // of what is known; nil: data without a schema
	Nulls  Nulls   // also where nothing else is known
	Typed  bool    // nulls have the Schema too, as those that a String converter reads
}

// Nulls says whether a null may come: as a value, a tombstone.
type Nulls uint8

// Whether nulls come. It is said by declarations and not by what is possible:
// a topic of which nobody has said anything has NullsUnknown.
const (
	NullsUnknown Nulls = iota
	NullsNever
	NullsMaybe
	NullsAlways
)

// Of is the form of data of a schema; nulls come as the schema allows.
func Of(s *Schema) Form {
	f := Form{Known: true, Schema: s, Nulls: NullsNever}
	if s == nil || s.IsOptional() {
		f.Nulls = NullsMaybe
	}
	return f
}

// Flow is a Transform that says what it does to schemas, apart from what it
// does to values.
type Flow interface {
	Transform
	// Flow changes what is known of records as Apply changes the records.
	// An error is for what fails for all data of the shape that are not null,
	// in the key, the value or a field, or for the nulls that the shape says may
	// come (NullsMaybe, NullsAlways): nothing that only some data would show.
	// OptionError names the option at fault; several errors are joined. With an
	// error s is what the flow goes on with: at least what could not be told is
	// unknown then, the zero Form, so that one fault is told once.
	Flow(s *Shape) error
}

// Split is a Predicate that says what it tells of records.
type Split interface {
	Predicate
	// Split narrows a shape to the records for which the predicate holds, and
	// to those for which it does not; nil where there can be none.
	Split(s Shape) (yes, no *Shape)
}

// Encodes is a Converter that says what it refuses to write.
type Encodes interface {
	Converter
	// Encodes is an error where no data of the form can be written.
	Encodes(role Role, f Form) error
}

// Decodes is a Converter that says what it reads.
type Decodes interface {
	Converter
	// Decodes gives the form of what Decode gives, where declared is the form
	// that the topic's data is said to have (unknown where nothing is said).
	Decodes(role Role, declared Form) (Form, error)
}

// Emits is a source connector that says what its records are.
type Emits interface {
	Source
	Emits() Shape
}

// Accepts is a sink connector that says what records it needs.
type Accepts interface {
	Sink
	// Accepts is an error where no record of the shape can be written.
	Accepts(s Shape) error
}

// Offline is a Converter that needs a network. A build tests chains with its
// stand-in.
type Offline interface {
	Converter
	// Offline gives the same converter with all that it needs in memory.
	Offline() Converter
}

// OptionError is an error of one option of a component.
type OptionError struct {
	Option string // as the spec spells it: "fields"
	Err    error
}

func (e *OptionError) Error() string { return e.Option + ": " + e.Err.Error() }
func (e *OptionError) Unwrap() error { return e.Err }

// OptionErrorf makes an OptionError.
func OptionErrorf(option, format string, args ...any) error {
	return &OptionError{option, fmt.Errorf(format, args...)}
}
