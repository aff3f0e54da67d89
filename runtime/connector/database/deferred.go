package database

// Defers is a Dialect whose tables may have constraints that are checked when a
// transaction commits: then the database does not say for which row it refuses
// to.
type Defers interface {
	// Deferred are the statement that puts off all checks that may be put off,
	// and the one that makes up for them at once.
	Deferred() (hold, check string)
}
