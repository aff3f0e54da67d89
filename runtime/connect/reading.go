package connect

// Reading is what a step reads, and passes on, of a key or of a value that has
// fields: the entries of a map without a schema, or the fields of a struct. The
// zero Reading is all of it.
type Reading struct {
	// Passed says that nothing of it is looked at, and all of it is passed on.
	Passed bool
	// Only, where it is not nil, are the fields at the top that alone are read;
	// the others are gone behind the step.
	Only []string
	// Except, where it is not nil, are fields at the top that are not read and
	// are gone behind the step.
	Except []string
}

// Reads is a Transform that says what it reads. Nobody else needs to see what
// the first steps of a chain leave out, so it need not be made.
type Reads interface {
	Transform
	// Reads is what the step reads of a key or a value. It is asked when Open
	// has gone well.
	Reads(Role) Reading
}

// Projects is a Codec that can spare itself what nobody reads.
type Projects interface {
	Codec
	// Project says what is read of what Decode gives from now on: what it holds
	// beside that may be left out, or be null. It is checked as before, and
	// what was an error stays one.
	Project(Reading)
}
