package database

import "context"

// Catalogs is a Dialect whose tables have a catalog before their schema in the
// names that JDBC drivers give them (the database that is connected to), and so
// in the offsets of Kafka Connect, but none in its Tables.
type Catalogs interface {
	Catalog(ctx context.Context, q Querier) (string, error)
}
