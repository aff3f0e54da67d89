package mysql_test

import (
	"slices"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/sql/sqltest"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/servertest"
)

// A table of every type goes through topics into others.
func TestTypesBack(t *testing.T) {
	through := map[string]connect.Converter{"directly": nil, "by JSON": convert.JSON{SchemasEnable: true, DecimalFormat: "BASE64"}}
	losses := []sqltest.Loss{
		{SQL: "TIME(6)", Literal: "'23:59:59.999999'", Table: sqltest.Made, Got: "1970-01-01T23:59:59.999Z", Why: "the sink makes TIME(3)"},
		{SQL: "DATETIME(6)", Literal: "'2024-02-29 12:34:56.123456'", Table: sqltest.Made, Got: "2024-02-29T12:34:56.123Z", Why: "the sink makes DATETIME(3)"},
		{SQL: "TIMESTAMP(6) NULL", Table: sqltest.Made, Got: "2024-07-01T12:00:00.123Z", Why: "the sink makes DATETIME(3)"},
		{SQL: "TIME(6)", Literal: "'23:59:59.999999'", Through: "by JSON", Got: "1970-01-01T23:59:59.999Z", Why: "Connect's Time has milliseconds"},
		{SQL: "DATETIME(6)", Literal: "'2024-02-29 12:34:56.123456'", Through: "by JSON", Got: "2024-02-29T12:34:56.123Z", Why: "Connect's Timestamp has milliseconds"},
		{SQL: "TIMESTAMP(6) NULL", Through: "by JSON", Got: "2024-07-01T12:00:00.123Z", Why: "Connect's Timestamp has milliseconds"},
	}
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		all := types(t)
		losses := slices.Clone(losses)
		if t.Name() == "TestTypesBack/mariadb" {
			all = append(all, mariaTypes...)
		} else {
			losses[0].Through, losses[0].Got, losses[0].Why = "directly", "", "MySQL rounds where MariaDB cuts: to 24:00, which is not read"
		}
		sqltest.Back{Database: databaseOf(t, s.Database(t)), Types: all, Through: through, Lost: losses}.Run(t)
	})
}
