package sqlite_test

import (
	"testing"
	"time"

	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/database/databasetest"
)

// types are each declared type with each storage class that SQLite may keep in it.
func types(t *testing.T) []databasetest.Type {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	inBerlin := database.Mapping{Zone: berlin}
	return []databasetest.Type{
		{SQL: "INTEGER", Literal: "9223372036854775807", Schema: "int64?", Value: "9223372036854775807"},
		{SQL: "INTEGER NOT NULL", Literal: "-1", Schema: "int64", Value: "-1", Query: "int64?"},
		{SQL: "INT", Literal: "5", Schema: "int64?", Value: "5"},
		{SQL: "BIGINT UNSIGNED", Literal: "5", Schema: "int64?", Value: "5"},
		{SQL: "MEDIUMINT(8)", Literal: "5", Schema: "int64?", Value: "5"},
		{SQL: "SMALLINT", Literal: "32768", Schema: "int32?", Value: "32768"},
		{SQL: "TINYINT", Literal: "255", Schema: "int16?", Value: "255"},
		{SQL: "TINYINT", Literal: "70000", Schema: "int16?", Err: "column v (tinyint): 70000 is out of the range"},
		{SQL: "INTEGER", Literal: "1.5", Schema: "int64?", Err: "column v (integer): 1.5"},
		{SQL: "INTEGER", Literal: "'many'", Schema: "int64?", Err: `"many" is no integer`},
		{SQL: "INTEGER", Literal: "X'00'", Schema: "int64?", Err: "is no integer"},
		{SQL: "BOOLEAN", Literal: "1", Schema: "boolean?", Value: "true"},
		{SQL: "BOOL", Literal: "'false'", Schema: "boolean?", Value: "false"},
		{SQL: "BOOLEAN", Literal: "2", Schema: "boolean?", Err: "2 is no boolean"},
		{SQL: "REAL", Literal: "1.5", Schema: "float64?", Value: "1.5"},
		{SQL: "DOUBLE PRECISION", Literal: "3", Schema: "float64?", Value: "3.0"},
		{SQL: "FLOAT", Literal: "'x'", Schema: "float64?", Err: `"x" is no number`},
		{SQL: "NUMERIC", Literal: "1.25", Schema: "float64?", Value: "1.25"},
		{SQL: "NUMERIC", Literal: "9007199254740993", Schema: "float64?", Err: "not exact"},
		{SQL: "NUMERIC(10,2)", Literal: "1.5", Schema: "Decimal(2)?", Value: "1.50"},
		{SQL: "DECIMAL(10, 2)", Literal: "0.1+0.2", Schema: "Decimal(2)?", Value: "0.30"},
		{SQL: "DECIMAL(10,2)", Literal: "12", Schema: "Decimal(2)?", Value: "12.00"},
		{SQL: "DECIMAL(10,2)", Literal: "1.005", Schema: "Decimal(2)?", Err: "more than 2 digits"},
		{SQL: "DECIMAL(10)", Literal: "12", Schema: "Decimal(0)?", Value: "12"},
		{SQL: "NUMERIC(9,0)", Literal: "12", Schema: "int32?", Value: "12", Mapping: database.Mapping{Numeric: "precision_only"}},
		{SQL: "NUMERIC(9,2)", Literal: "12.5", Schema: "float64?", Value: "12.5", Mapping: database.Mapping{Numeric: "best_fit"}},
		{SQL: "NUMERIC(30,2)", Literal: "12.5", Schema: "Decimal(2)?", Value: "12.50", Mapping: database.Mapping{Numeric: "best_fit"}},
		{SQL: "NUMERIC(30,2)", Literal: "12.5", Schema: "float64?", Value: "12.5", Mapping: database.Mapping{Numeric: "best_fit_eager_double"}},
		{SQL: "TEXT", Literal: "'é'", Schema: "string?", Value: "é"},
		{SQL: "VARCHAR(3)", Literal: "'longer'", Schema: "string?", Value: "longer"},
		{SQL: "CLOB", Literal: "5", Schema: "string?", Value: "5"},
		{SQL: "JSON", Literal: `'{"a":1}'`, Schema: "string?", Value: `{"a":1}`},
		{SQL: "UUID", Literal: "'6f1c'", Schema: "string?", Value: "6f1c"},
		{SQL: "TEXT", Literal: "X'00ff'", Schema: "string?", Err: "a blob is no text"},
		{SQL: "", Literal: "'x'", Schema: "string?", Value: "x"},
		{SQL: "BLOB", Literal: "X'00ff'", Schema: "bytes?", Value: "0x00ff"},
		{SQL: "VARBINARY(9)", Literal: "'ab'", Schema: "bytes?", Value: "0x6162"},
		{SQL: "BLOB", Literal: "7", Schema: "bytes?", Err: "7 is a number and no blob"},
		{SQL: "DATE", Literal: "'2024-02-29'", Schema: "Date?", Value: "2024-02-29T00:00:00Z"},
		{SQL: "DATE", Literal: "1709164800000", Schema: "Date?", Value: "2024-02-29T00:00:00Z"},
		{SQL: "DATE", Literal: "julianday('2024-02-29')", Schema: "Date?", Value: "2024-02-29T00:00:00Z"},
		{SQL: "DATE", Literal: "'2024-02-30'", Schema: "Date?", Err: "is no date or time"},
		{SQL: "TIME", Literal: "'12:34:56.789'", Schema: "Time?", Value: "1970-01-01T12:34:56.789Z"},
		{SQL: "TIME", Literal: "45296789", Schema: "Time?", Value: "1970-01-01T12:34:56.789Z"},
		{SQL: "TIME", Literal: "'12:34:56'", Schema: "Time?", Value: "1970-01-01T11:34:56Z", Mapping: inBerlin},
		{SQL: "DATETIME", Literal: "CURRENT_TIMESTAMP - CURRENT_TIMESTAMP", Schema: "Timestamp?", Value: "1970-01-01T00:00:00Z"},
		{SQL: "DATETIME", Literal: "'2024-02-29 12:34:56'", Schema: "Timestamp?", Value: "2024-02-29T12:34:56Z"},
		{SQL: "TIMESTAMP", Literal: "'2024-02-29T12:34:56.123456789Z'", Schema: "Timestamp?", Value: "2024-02-29T12:34:56.123456789Z"},
		{SQL: "TIMESTAMP", Literal: "'2024-02-29 12:34:56+02:00'", Schema: "Timestamp?", Value: "2024-02-29T10:34:56Z"},
		{SQL: "TIMESTAMP", Literal: "'2024-07-01 12:00'", Schema: "Timestamp?", Value: "2024-07-01T10:00:00Z", Mapping: inBerlin},
		{SQL: "TIMESTAMP", Literal: "1709210096789", Schema: "int64?", Value: "1709210096789000", Mapping: database.Mapping{Granularity: "micros_long"}},
		{SQL: "TIMESTAMP", Literal: "1709210096789", Schema: "string?", Value: "2024-02-29T12:34:56.789000", Mapping: database.Mapping{Granularity: "micros_iso_datetime_string"}},
		{SQL: "TIMESTAMP", Literal: "'soon'", Schema: "Timestamp?", Err: `"soon" is no date or time`},
		{SQL: "INTEGER", Literal: "NULL", Schema: "int64?", Value: "null"},
	}
}

func TestTypes(t *testing.T) {
	databasetest.Suite{Database: newFile(t)}.Types(t, types(t))
}

// What a query computes has the type of its first row's value.
func TestExpressions(t *testing.T) {
	d := newFile(t)
	db, err := d.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	columns, rows := databasetest.Read(t, c, d.Dialect(), database.Mapping{}, nil, "SELECT 1 + 1 AS a, 1.5 AS b, 'x' || 'y' AS c, X'00' AS d, NULL AS e")
	want := []string{"int64? 2", "float64? 1.5", "string? xy", "bytes? 0x00", "string? null"}
	for i, w := range want {
		if got := databasetest.Describe(columns[i].Schema) + " " + databasetest.Show(rows[0][i]); got != w {
			t.Errorf("%s, want %s", got, w)
		}
	}
}
