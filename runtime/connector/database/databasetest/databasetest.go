// Package databasetest holds what every database of package database is to do,
// as tests against the real one.
package databasetest

import (
	"context"
	"database/sql"
	"slices"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// Suite is one database under test.
type Suite struct {
	Database database.Database
	// Schema is where tables are made; "" is where the connection is.
	Schema string
	// NameLimit is how many characters a name may have; 0 is 60.
	NameLimit int
}

// Run runs all of it.
func (s Suite) Run(t *testing.T) {
	t.Run("values", s.values)
	t.Run("nulls", s.nulls)
	t.Run("defaults", s.defaults)
	t.Run("names", s.names)
	t.Run("upsert", s.upsert)
	t.Run("composite", s.composite)
	t.Run("update", s.update)
	t.Run("evolve", s.evolve)
	t.Run("absent", s.absent)
	t.Run("offset", s.offset)
}

// open gives a connection for the test.
func (s Suite) open(t testing.TB) (*sql.Conn, database.Dialect) {
	t.Helper()
	db, err := s.Database.Open()
	if err != nil {
		t.Fatal(err)
	}
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); db.Close() })
	return c, s.Database.Dialect()
}

// Open opens a database until the test ends.
func Open(t testing.TB, d database.Database) *sql.DB {
	t.Helper()
	db, err := d.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Exec runs a statement that must go well.
func Exec(t testing.TB, q database.Querier, statement string, args ...any) {
	t.Helper()
	if _, err := q.ExecContext(context.WithoutCancel(t.Context()), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// Drop removes a table now and at the test's end.
func Drop(t testing.TB, c database.Querier, d database.Dialect, table database.Table) {
	t.Helper()
	statement := "DROP TABLE IF EXISTS " + string(database.AppendTable(nil, d, table))
	Exec(t, c, statement)
	t.Cleanup(func() { _, _ = c.ExecContext(context.Background(), statement) })
}

// Read gives all rows of a query.
func Read(t testing.TB, c *sql.Conn, d database.Dialect, m database.Mapping, known []database.Column, query string, args ...any) ([]database.Column, [][]connect.Value) {
	t.Helper()
	rows, err := d.Rows(t.Context(), c, query, args, known, m)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var all [][]connect.Value
	for {
		row := make([]connect.Value, len(rows.Columns()))
		ok, err := rows.Next(row)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if !ok {
			return rows.Columns(), all
		}
		for i, c := range rows.Columns() {
			if c.Schema == nil {
				continue
			}
			if err := connect.Validate(c.Schema, row[i]); err != nil {
				t.Errorf("%s: column %s: %v", query, c.Name, err)
			}
		}
		all = append(all, row)
	}
}

// Count reads all rows of a query, each into the room of the one before, and
// gives how many there are: what a benchmark of reading measures.
func Count(t testing.TB, c *sql.Conn, d database.Dialect, m database.Mapping, known []database.Column, query string) (n int) {
	t.Helper()
	rows, err := d.Rows(t.Context(), c, query, nil, known, m)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	row := make([]connect.Value, len(rows.Columns()))
	for {
		ok, err := rows.Next(row)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if !ok {
			break
		}
		n++
	}
	if err := rows.Close(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// Columns describes a table that is there.
func Columns(t testing.TB, q database.Querier, d database.Dialect, table database.Table, m database.Mapping) []database.Column {
	t.Helper()
	columns, err := d.Columns(t.Context(), q, table, m)
	if err != nil {
		t.Fatal(err)
	}
	if len(columns) == 0 {
		t.Fatalf("no table %s", table)
	}
	return columns
}

// table is a table of one key column and others.
func (s Suite) create(t testing.TB, c *sql.Conn, d database.Dialect, name string, keys []string, columns ...database.Definition) database.Table {
	t.Helper()
	table := database.Table{Schema: s.Schema, Name: name}
	Drop(t, c, d, table)
	Exec(t, c, string(d.AppendCreate(nil, table, columns, keys)))
	return table
}

func (s Suite) definition(t testing.TB, d database.Dialect, name string, schema *connect.Schema, key bool) database.Definition {
	t.Helper()
	typ, err := d.ColumnType(schema, key)
	if err != nil {
		t.Fatal(err)
	}
	return database.Definition{Name: name, Type: typ, NotNull: key || !schema.IsOptional()}
}

func find(columns []database.Column, name string) database.Column {
	i := slices.IndexFunc(columns, func(c database.Column) bool { return c.Name == name })
	if i < 0 {
		return database.Column{}
	}
	return columns[i]
}
