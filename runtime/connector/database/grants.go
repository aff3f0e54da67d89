package database

import "context"

// Right is what a connector does with a table.
type Right int

// The rights.
const (
	Select Right = iota
	Insert
	Update
	Delete
	// Create is to make tables in the table's schema, Alter to add columns to it.
	Create
	Alter
)

// Rights is a Dialect of a database that has users and rights.
type Rights interface {
	// Grants are the statements that give a user rights on a table, those to reach
	// it included (USAGE on its schema), and nothing more; in an order in which an
	// administrator can run them. A table without a name stands for all tables of
	// its schema, or of the database, those included that are made later, as far as
	// the database can say that.
	Grants(user string, t Table, rights []Right) []string
}

// Homes is a Dialect of a database whose connection sees the tables of several
// schemas, of which one is where tables are by default.
type Homes interface {
	// Home is that schema: "public".
	Home() string
}

// Indexes is a Dialect that can tell how a table is indexed.
type Indexes interface {
	// Indexes are the columns of each index, in order, the primary key's
	// included. An index of an expression has "" for it. Partial indexes are left
	// out.
	Indexes(ctx context.Context, q Querier, t Table) ([][]string, error)
}

// Logins is a Database that says as whom it connects.
type Logins interface {
	// Login is the user; "" where the database has none. References may be
	// unresolved in it.
	Login() string
}
