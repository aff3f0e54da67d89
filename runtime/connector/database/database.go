package database

import (
	"context"
	"database/sql"
)

// Database is a database as a spec names it (postgres.#Database): the plain
// value, with its references resolved.
type Database interface {
	// Open gives a pool of connections, of which none is made yet. What is
	// wrong with the options is an error. Each task has a pool of its own.
	Open() (*sql.DB, error)
	// Dialect is how it speaks.
	Dialect() Dialect
	// String names it in errors and logs, without a secret:
	// "PostgreSQL at db:5432/shop".
	String() string
}

// Dialect is how a kind of database speaks. It is safe for concurrent use.
// The same statements run through *sql.DB, *sql.Conn and *sql.Tx: see Querier.
type Dialect interface {
	// Name is what people call the database: "PostgreSQL".
	Name() string

	// AppendIdentifier appends one name, quoted so that it means what it says
	// whatever is in it: spaces, quotes, capitals, reserved words. A name that
	// the database cannot hold (empty, a NUL in it, too long) is appended all
	// the same, for the database to refuse.
	AppendIdentifier(dst []byte, name string) []byte
	// AppendParameter appends the n-th parameter, counted from 1: $1, ?, @p1.
	AppendParameter(dst []byte, n int) []byte
	// ParseTable reads a name as specs and Connect's configurations have it:
	// table, schema.table or catalog.schema.table, each part quoted or not. What
	// is not said is empty.
	ParseTable(name string) (Table, error)

	// Fault says what an error of the database, or of the way to it, means.
	Fault(err error) Fault

	Reads
	Writes
}

// Querier is a *sql.DB, *sql.Conn or *sql.Tx.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}
