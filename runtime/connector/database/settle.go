package database

import "context"

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
