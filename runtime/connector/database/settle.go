package database

import (
	"context"
	"database/sql"
)

// Settles is a Dialect that can tell which transactions may still hold rows
// that nobody else sees. A source that reads by a growing column waits for them
// before it takes what it has seen for all there is: a row with a lower number
// that is committed later would be lost otherwise (the late commits of Kafka
// Connect's JDBC source).
type Settles interface {
	// Writers are the transactions that are open now and may have written to the
	// table, or are about to with a number that they have drawn already. With
	// all they are all transactions of the database but the caller's own: those
	// that may yet write a time of when they began. A name is never used twice.
	Writers(ctx context.Context, q Querier, t Table, all bool) (map[string]bool, error)
}

// Serial is a Dialect of a database with one writing transaction at a time: none
// commits behind a later one, and there is nobody to wait for.
type Serial interface {
	OneWriter() bool
}

// Bystanders is a Dialect that Settles and can spare others the wait for a
// transaction that only reads, however long it does.
type Bystanders interface {
	// StandBy marks a transaction, which was begun as a read-only one, so that
	// Writers leaves it out from now on.
	StandBy(ctx context.Context, tx *sql.Tx) error
	// Wrote says whether an error came of writing in such a transaction.
	Wrote(err error) bool
}
