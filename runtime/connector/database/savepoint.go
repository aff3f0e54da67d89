package database

// Savepoints are the statements of a savepoint within a transaction.
type Savepoints struct {
	Set  string
	Back string // takes back what was done since Set
	// Release forgets it; "" where that is not said.
	Release string
}

// HasSavepoints is a Dialect whose savepoints are not those of the standard.
type HasSavepoints interface {
	Savepoints() Savepoints
}

// SavepointsOf are a dialect's.
func SavepointsOf(d Dialect) Savepoints {
	if h, ok := d.(HasSavepoints); ok {
		return h.Savepoints()
	}
	return Savepoints{
		Set:     "SAVEPOINT kcgen",
		Back:    "ROLLBACK TO SAVEPOINT kcgen",
		Release: "RELEASE SAVEPOINT kcgen",
	}
}
