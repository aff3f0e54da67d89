package cdc

import (
	"strings"

	"kcgen.dev/runtime/connect"
)

// TableID names a table. A server that has no schemas leaves Schema empty, one
// that captures a single database Catalog.
type TableID struct{ Catalog, Schema, Table string }

// String is the name as options and offsets write it: "public.orders".
func (id TableID) String() string {
	parts := make([]string, 0, 3)
	for _, p := range []string{id.Catalog, id.Schema, id.Table} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ".")
}

// Table is one version of a table: what a server says of it.
type Table struct {
	ID      TableID
	Columns []Column
	// Key are the places of the primary key's columns, in the key's order.
	Key []int
}

// Unset is the length or the scale of a column that has none.
const Unset = -1

// Column is one column of a table.
type Column struct {
	Name   string
	Schema *connect.Schema // of its values: optional, default and doc included
	// Text says that it holds characters (JDBC's CHAR, VARCHAR, CLOB and their
	// kin), so that it can be masked.
	Text     bool
	TypeName string // in the database: "varchar"
	Length   int    // or Unset
	Scale    int    // or Unset
	Comment  string
}
