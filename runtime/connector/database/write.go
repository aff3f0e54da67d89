package database

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"kcgen.dev/runtime/connect"
)

// Writes is what a sink asks of a dialect.
type Writes interface {
	// ColumnType is the type of a column that is to hold data of a schema, as
	// CREATE TABLE and ALTER TABLE write it, by the rules of Kafka Connect's JDBC
	// sink; for a key where that needs another (MySQL: no TEXT). A schema that no
	// column can hold (a struct, a map) is an error.
	ColumnType(s *connect.Schema, key bool) (string, error)
	// AppendDefault appends a schema's default as CREATE TABLE writes it; false
	// where the database cannot say it.
	AppendDefault(dst []byte, s *connect.Schema, v connect.Value) ([]byte, bool)
	// Binder says how data of a schema (nil: none is known) become parameters
	// for a column. It is made once for a schema and a column.
	Binder(s *connect.Schema, c Column, w Writing) (Bind, error)

	// AppendInsert appends a statement that inserts n rows. Parameters go row by
	// row, in the order of the columns.
	AppendInsert(dst []byte, t Table, columns []string, n int) []byte
	// AppendUpsert appends a statement that inserts n rows, or updates those
	// whose keys are there. No two rows of it have the same keys. keys come first
	// among the columns. With no column beside the keys, rows that are there stay.
	AppendUpsert(dst []byte, t Table, keys, others []string, n int) []byte
	// AppendUpdate appends a statement that updates one row. Parameters: the
	// others, then the keys.
	AppendUpdate(dst []byte, t Table, keys, others []string) []byte
	// AppendDelete appends a statement that deletes the rows of n keys.
	AppendDelete(dst []byte, t Table, keys []string, n int) []byte
	// AppendCreate and AppendAddColumns append DDL; definitions are as
	// ColumnType gives them, with NOT NULL and DEFAULT behind.
	AppendCreate(dst []byte, t Table, columns []Definition, keys []string) []byte
	AppendAddColumns(dst []byte, t Table, columns []Definition) []byte
	// MaxParameters is how many parameters a statement may have.
	MaxParameters() int
}

// Bind makes a parameter of a value. An error is the record's.
type Bind func(v connect.Value) (any, error)

// Definition is a column that is to be made.
type Definition struct {
	Name, Type string
	NotNull    bool
	Default    string // "" is none
}

// Writing is what a sink's options say of values.
type Writing struct {
	// Zone is that of times that the database keeps without one (db.timezone);
	// DateZone that of dates (date.timezone). nil is UTC.
	Zone, DateZone *time.Location
}

// ErrNoBulk is an error of Bulk for a table into which rows go by plain
// statements alone.
var ErrNoBulk = errors.New("the table takes rows by statements alone")

// Bulk is a Dialect that can insert many rows faster than by statements with
// parameters (PostgreSQL's COPY).
type Bulk interface {
	// InsertBulk inserts rows, in the transaction that the connection is in.
	// Where a row is at fault no row is inserted, and the transaction may be in a
	// state in which only a rollback (to a savepoint) is possible, as after any
	// error there. See ErrNoBulk.
	InsertBulk(ctx context.Context, c *sql.Conn, t Table, columns []Column, rows [][]any) error
	// UpsertBulk is InsertBulk for upserts; see AppendUpsert.
	UpsertBulk(ctx context.Context, c *sql.Conn, t Table, keys, others []Column, rows [][]any) error
}

// BulkDelete is a Dialect that can delete many rows faster than by statements
// with parameters.
type BulkDelete interface {
	// DeleteBulk deletes the rows that have the keys. After an error all is as
	// Bulk has it.
	DeleteBulk(ctx context.Context, c *sql.Conn, t Table, keys []Column, rows [][]any) error
}
