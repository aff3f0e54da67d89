package database

import (
	"strings"

	"kcgen.dev/runtime/connect"
)

// Table names a table. Where the database has no catalogs (or calls schemas so,
// as MySQL does its databases), the part that it does not have is empty.
type Table struct{ Catalog, Schema, Name string }

// String is the name with its parts joined by dots, unquoted: how offsets and
// topics have it (Connect's TableId with QuoteMethod.NEVER).
func (t Table) String() string {
	parts := make([]string, 0, 3)
	for _, p := range []string{t.Catalog, t.Schema} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(append(parts, t.Name), ".")
}

// AppendTable appends the table's name, each part quoted.
func AppendTable(dst []byte, d Dialect, t Table) []byte {
	for _, p := range []string{t.Catalog, t.Schema} {
		if p != "" {
			dst = append(d.AppendIdentifier(dst, p), '.')
		}
	}
	return d.AppendIdentifier(dst, t.Name)
}

// Column is a column of a table, or of a query's rows.
type Column struct {
	Name string
	// Type is the type as the database prints it ("numeric(10,2)",
	// "int unsigned"), and in lower case where it is not the user's own name.
	Type string
	// Nullable is whether a null may come: true where that is not known.
	Nullable bool
	// Key is the column's place in the primary key, from 1; 0: it is not in it.
	Key int
	// Generated is whether the database fills it in by itself as it numbers rows
	// (identity, serial, AUTO_INCREMENT); Computed whether it is computed of
	// others, so that nobody may write it.
	Generated, Computed bool
	// HasDefault is whether a row may leave it out though it is not Nullable.
	HasDefault bool
	// Schema is what a source makes of it; nil where none was asked for, or
	// where the type has none: Unsupported says why then.
	Schema      *connect.Schema
	Unsupported string
	// Stored is the dialect's own note for BindOffset, where the type does not say
	// how the table keeps its values (SQLite's times: as numbers or as texts).
	Stored string
}
