package postgres_test

import (
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database/databasetest"
	"kcgen.dev/runtime/connector/sql/sqltest"
	"kcgen.dev/runtime/convert"
)

// A table of every type goes through topics into others.
func TestTypesBack(t *testing.T) {
	d, db := fresh(t)
	exec(t, db, ownTypes)
	var types []databasetest.Type
	for _, x := range typeTable {
		types = append(types, databasetest.Type{SQL: x.typ, Literal: x.literal})
	}
	const numeric = "Decimal(127)?" // without a scale
	sqltest.Back{
		Database: d, Types: types,
		Made: map[string]string{"int8?": "int16?", "Decimal(-3)?": numeric, "Decimal(0)?": numeric, "Decimal(2)?": numeric, "Decimal(4)?": numeric, "Decimal(10)?": numeric},
		Lost: []sqltest.Loss{
			{Through: "by JSON", SQL: "double precision", Literal: "'NaN'", Got: "0.0", Why: "JSON has no such number, and Connect reads a text for one as 0"},
			{Through: "by JSON", SQL: "timestamp", Literal: "'2024-02-29 12:34:56.123456'", Got: "2024-02-29T12:34:56.123Z", Why: "Connect's Timestamp has milliseconds"},
			{Through: "by JSON", SQL: "timestamp", Literal: "'1969-12-31 23:59:59.999999'", Got: "1969-12-31T23:59:59.999Z", Why: "Connect's Timestamp has milliseconds"},
		},
		Through: map[string]connect.Converter{"directly": nil, "by JSON": convert.JSON{SchemasEnable: true, DecimalFormat: "BASE64"}},
	}.Run(t)
}
