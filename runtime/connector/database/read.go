package database

import (
	"context"
	"database/sql"
	"time"

	"kcgen.dev/runtime/connect"
)

// Reads is what a source asks of a dialect.
type Reads interface {
	// Tables lists what can be read of the kinds that are asked for ("TABLE",
	// "VIEW", "MATERIALIZED VIEW", "PARTITIONED TABLE", "FOREIGN TABLE"), by
	// name; those of the system are left out. A schema that is not empty is a
	// pattern of LIKE, with \ before a % or _ that stands for itself, of those that
	// are looked at.
	Tables(ctx context.Context, q Querier, schema string, kinds []string) ([]Table, error)
	// Columns describes a table's columns, in order. None at all: there is no
	// such table.
	Columns(ctx context.Context, q Querier, t Table, m Mapping) ([]Column, error)
	// Rows runs a query. Where known is given it describes what the columns of
	// those names are (a table's: which may be null, enums); the others are
	// described by what the driver tells. The connection is the rows' until they
	// are closed, and they stream: memory does not grow with their number.
	Rows(ctx context.Context, c *sql.Conn, query string, args []any, known []Column, m Mapping) (Rows, error)
	// Now is the database's clock.
	Now(ctx context.Context, q Querier) (time.Time, error)
	// Limit is what ends a query after n rows: first stands behind the word
	// SELECT (TOP), last at the query's end (LIMIT); one of them is empty.
	Limit(n int) (first, last string)
	// BindOffset gives an argument that compares with a column as an offset has it: an
	// int64, a string or, for a column of a time, the moment.
	BindOffset(c Column, v any, m Mapping) (any, error)
}

// Rows are a query's rows as Connect's values.
type Rows interface {
	// Columns are the rows' columns, each with its Schema, or Unsupported.
	Columns() []Column
	// Next reads the next row, one value a column; false behind the last. The
	// values are the caller's for good; unsupported columns are null. A value
	// that the schema cannot hold (a date of the year 300000, NaN as a decimal)
	// is an error that names the column.
	Next(dst []connect.Value) (bool, error)
	Close() error
}

// Mapping says how types become schemas, where Kafka Connect's JDBC source
// leaves a choice.
type Mapping struct {
	// Numeric is numeric.mapping: "none", "precision_only", "best_fit" or
	// "best_fit_eager_double".
	Numeric string
	// Granularity is timestamp.granularity: "connect_logical", "micros_long",
	// "micros_string", "micros_iso_datetime_string", "nanos_long",
	// "nanos_string", "nanos_iso_datetime_string".
	Granularity string
	// Zone is where times without a zone are (db.timezone); nil is UTC.
	Zone *time.Location
	// Julian is whether moments are counted as Java's old classes do
	// (date.calendar.system LEGACY): see ToJulian. It says nothing of dates
	// without a time, which are the source's to count.
	Julian bool
}
