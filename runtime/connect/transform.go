package connect

// Transform is a single message transform (SMT): the plain value that the
// spec filled in.
type Transform interface {
	// Open checks the configuration and gives the function that does the
	// work. It is called once per task, so what the function keeps (schemas it
	// has made) needs no lock.
	Open() (Apply, error)
}

// Apply changes a record in place. It returns false to drop the record. What
// the record's values reach is immutable: a transform that changes a struct
// makes a new one. An error is the record's error and is treated as the
// connector's errors.tolerance says; the record is then taken as it was before
// the chain.
type Apply func(r *Record) (keep bool, err error)

// TransformFunc is a Transform without options: a function that keeps nothing
// between two records. It is called from the goroutines of all tasks.
type TransformFunc func(r *Record) (keep bool, err error)

// Open gives the function.
func (f TransformFunc) Open() (Apply, error) { return Apply(f), nil }

// Predicate decides whether a transform applies to a record (KIP-585).
type Predicate interface {
	// Open checks the configuration and gives the test; once per task.
	Open() (Test, error)
}

// Test looks at a record and changes nothing.
type Test func(r *Record) bool
