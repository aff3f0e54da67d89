package database

import "context"

// Upserts is a Dialect that can tell beforehand whether upserts go by columns.
type Upserts interface {
	// Finds reports whether an upsert finds the rows that have its keys: there is a
	// unique key for it. Where that cannot be known (of a view) it does.
	Finds(ctx context.Context, q Querier, t Table, keys []string) (bool, error)
	// Doubles is whether an upsert that does not find them inserts them once more,
	// and says nothing, rather than to fail.
	Doubles() bool
}

// Engines is a Dialect of a database in which tables may be without
// transactions.
type Engines interface {
	// Untransacted names the kind of a table that has none (MyISAM); "" of others.
	Untransacted(ctx context.Context, q Querier, t Table) (string, error)
}
