package database

import (
	"fmt"

	"kcgen.dev/runtime/connect"
)

// Fault is what an error of a database means.
type Fault int

// The faults.
const (
	// Unknown is any other: it fails the task.
	Unknown Fault = iota
	// Away: the database does not answer, restarts, or has cut the connection.
	Away
	// Busy: a deadlock, a lock that took too long, a serialisation failure: the
	// same transaction may go well at another try.
	Busy
	// Data: a row is at fault: a constraint, a value that does not fit its
	// column. Others of its batch may be good.
	Data
	// Denied: a wrong password, a missing right. No time mends it.
	Denied
	// Absent: a table, a schema or a column that is not there (any more).
	Absent
)

// Worker makes of an error what a worker is told: what is away or busy is tried
// again, what is denied fails the task whatever errors.* say. what says what was
// tried, as "sql: read public.orders".
func (f Fault) Worker(what string, err error) error {
	err = fmt.Errorf("%s: %w", what, err)
	switch f {
	case Away, Busy:
		return connect.Retry(err)
	case Denied:
		return connect.Fatal(err)
	}
	return err
}
