package databasetest

import (
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// Type is a column of one type with one value, both as SQL has them, and what
// is read of it: by the table's columns, and by a query alone.
type Type struct {
	SQL, Literal string
	Schema       string // as Describe has it
	Value        string // as Show has it
	Mapping      database.Mapping
	// Query is the schema where nothing is known but the query; "" is the same.
	Query string
	// Err is a part of the error that reading gives, in place of a value.
	Err string
}

// Types makes a table of each type, writes its value by SQL, and reads it.
func (s Suite) Types(t *testing.T, types []Type) {
	for _, x := range types {
		t.Run(x.SQL+" "+x.Literal, func(t *testing.T) {
			c, d := s.open(t)
			table := database.Table{Schema: s.Schema, Name: "of_type"}
			Drop(t, c, d, table)
			name := string(database.AppendTable(nil, d, table))
			Exec(t, c, "CREATE TABLE "+name+" (v "+x.SQL+")")
			Exec(t, c, "INSERT INTO "+name+" VALUES ("+x.Literal+")")
			columns := Columns(t, c, d, table, x.Mapping)
			s.readType(t, d, x, columns, "SELECT * FROM "+name, x.Schema)
			want := x.Query
			if want == "" {
				want = x.Schema
			}
			s.readType(t, d, x, nil, "SELECT v FROM "+name, want)
		})
	}
}

func (s Suite) readType(t *testing.T, d database.Dialect, x Type, known []database.Column, query, schema string) {
	t.Helper()
	c, _ := s.open(t)
	rows, err := d.Rows(t.Context(), c, query, nil, known, x.Mapping)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	column := rows.Columns()[0]
	if got := Describe(column.Schema); got != schema {
		t.Errorf("schema %s, want %s (%s)", got, schema, column.Type)
	}
	row := make([]connect.Value, 1)
	_, err = rows.Next(row)
	CheckError(t, err, x.Err)
	if err != nil {
		return
	}
	if err := connect.Validate(column.Schema, row[0]); err != nil {
		t.Error(err)
	}
	if got := Show(row[0]); got != x.Value {
		t.Errorf("read %s, want %s", got, x.Value)
	}
}

// Describe is a schema in short: "int32?", "Decimal(2)?".
func Describe(s *connect.Schema) string {
	if s == nil {
		return "none"
	}
	text := s.Kind().String()
	if s.Logical() != connect.NotLogical {
		text = s.Logical().String()
	}
	if scale, ok := s.Scale(); ok {
		text += fmt.Sprintf("(%d)", scale)
	}
	if s.IsOptional() {
		text += "?"
	}
	return text
}

// Show is a value in short: bytes as hex, moments by RFC 3339.
func Show(v connect.Value) string {
	switch v.Kind() {
	case connect.KindBytes:
		return "0x" + hex.EncodeToString(v.Raw())
	case connect.KindInstant:
		return v.Instant().Format(time.RFC3339Nano)
	case connect.KindDecimal:
		return v.Decimal().String()
	}
	return string(connect.FormatValue(nil, v))
}
