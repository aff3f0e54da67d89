package sqlite_test

import (
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/sql/sqltest"
	"kcgen.dev/runtime/convert"
)

// A table of every type goes through topics into others, with each way to write
// dates.
func TestTypesBack(t *testing.T) {
	for _, class := range []string{"integer", "text"} {
		t.Run(class, func(t *testing.T) {
			d := newFile(t)
			d.DateClass = class
			sqltest.Back{
				Database: d, Types: types(t),
				Through: map[string]connect.Converter{"directly": nil, "by JSON": convert.JSON{SchemasEnable: true, DecimalFormat: "BASE64"}},
				Made:    map[string]string{"int32?": "int64?", "int16?": "int64?"}, // INTEGER
				Lost: []sqltest.Loss{
					{SQL: "TIMESTAMP", Literal: "'2024-02-29T12:34:56.123456789Z'", Got: "2024-02-29T12:34:56.123Z", Why: "the sink writes milliseconds"},
				},
			}.Run(t)
		})
	}
}
