package database

import "context"

// Privileges is a Dialect that can ask which rights its user has, before
// something fails for want of one.
type Privileges interface {
	// Lacks gives those of the rights that the user of the connection has not got
	// on a table, what is needed to reach it included. For Create the table need
	// not be there.
	Lacks(ctx context.Context, q Querier, t Table, rights []Right) ([]Right, error)
}

// Numbers is a Dialect that knows how a column's numbers are drawn.
type Numbers interface {
	// Unordered says why numbers that the database gives to a column may be used
	// in another order than they were drawn in, so that a source which goes by
	// them loses rows; "" where they are not.
	Unordered(ctx context.Context, q Querier, t Table, column string) (string, error)
}

// Samples is a Dialect that looks at values to know how a column keeps them.
type Samples interface {
	// Stored is the Stored of a column of what stands behind FROM, which a
	// table's columns have already.
	Stored(ctx context.Context, q Querier, from string, c Column) (string, error)
}
