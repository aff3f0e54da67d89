package mysql_test

import (
	"testing"
	"time"

	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/database/databasetest"
	"kcgen.dev/runtime/servertest"
)

// types are those of both servers.
func types(t *testing.T) []databasetest.Type {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	granularity := func(g string) database.Mapping { return database.Mapping{Granularity: g, Zone: berlin} }
	numeric := func(n string) database.Mapping { return database.Mapping{Numeric: n} }
	return []databasetest.Type{
		{SQL: "TINYINT", Literal: "-128", Schema: "int8?", Value: "-128"},
		{SQL: "TINYINT NOT NULL", Literal: "-128", Schema: "int8", Value: "-128"},
		{SQL: "TINYINT(1)", Literal: "1", Schema: "int8?", Value: "1"},
		{SQL: "BOOLEAN", Literal: "TRUE", Schema: "int8?", Value: "1"},
		{SQL: "TINYINT UNSIGNED", Literal: "255", Schema: "int16?", Value: "255"},
		{SQL: "SMALLINT", Literal: "-32768", Schema: "int16?", Value: "-32768"},
		{SQL: "SMALLINT UNSIGNED", Literal: "65535", Schema: "int32?", Value: "65535"},
		{SQL: "MEDIUMINT", Literal: "-8388608", Schema: "int32?", Value: "-8388608"},
		{SQL: "MEDIUMINT UNSIGNED", Literal: "16777215", Schema: "int64?", Value: "16777215"},
		{SQL: "INT", Literal: "-2147483648", Schema: "int32?", Value: "-2147483648"},
		{SQL: "INT(5) ZEROFILL", Literal: "42", Schema: "int64?", Value: "42"},
		{SQL: "INT UNSIGNED", Literal: "4294967295", Schema: "int64?", Value: "4294967295"},
		{SQL: "BIGINT", Literal: "-9223372036854775808", Schema: "int64?", Value: "-9223372036854775808"},
		{SQL: "BIGINT UNSIGNED", Literal: "9223372036854775807", Schema: "int64?", Value: "9223372036854775807"},
		{SQL: "BIGINT UNSIGNED", Literal: "18446744073709551615", Schema: "int64?", Err: "18446744073709551615 is out of the range of an int64"},
		{SQL: "BIT(1)", Literal: "b'1'", Schema: "int8?", Value: "1"},
		{SQL: "BIT(12)", Literal: "b'1100'", Schema: "int16?", Value: "12", Query: "int8?"},
		{SQL: "BIT(64)", Literal: "b'101'", Schema: "int64?", Value: "5", Query: "int8?"},
		{SQL: "FLOAT", Literal: "1.5", Schema: "float32?", Value: "1.5"},
		{SQL: "FLOAT(7,2)", Literal: "1.55", Schema: "float32?", Value: "1.55"},
		{SQL: "DOUBLE", Literal: "1e300", Schema: "float64?", Value: "1.0E300"},
		{SQL: "REAL", Literal: "0.1", Schema: "float64?", Value: "0.1"},
		{SQL: "DECIMAL(10,2)", Literal: "-1.5", Schema: "Decimal(2)?", Value: "-1.50"},
		{SQL: "DECIMAL(10,2) UNSIGNED", Literal: "1.5", Schema: "Decimal(2)?", Value: "1.50"},
		{SQL: "DECIMAL(65,30)", Literal: "12345678901234567890.123456789012345678901234567890", Schema: "Decimal(30)?", Value: "12345678901234567890.123456789012345678901234567890"},
		{SQL: "DECIMAL(5,0)", Literal: "7", Schema: "int32?", Value: "7", Mapping: numeric("precision_only")},
		{SQL: "DECIMAL(10,2)", Literal: "1.5", Schema: "float64?", Value: "1.5", Mapping: numeric("best_fit")},
		{SQL: "DECIMAL(10,2)", Literal: "1.5", Schema: "Decimal(2)?", Value: "1.50", Mapping: numeric("precision_only")},
		{SQL: "DATE", Literal: "'2024-02-29'", Schema: "Date?", Value: "2024-02-29T00:00:00Z"},
		{SQL: "DATE", Literal: "'9999-12-31'", Schema: "Date?", Value: "9999-12-31T00:00:00Z"},
		{SQL: "YEAR", Literal: "2024", Schema: "Date?", Value: "2024-01-01T00:00:00Z"},
		{SQL: "TIME", Literal: "'12:34:56'", Schema: "Time?", Value: "1970-01-01T12:34:56Z"},
		{SQL: "TIME(6)", Literal: "'23:59:59.999999'", Schema: "Time?", Value: "1970-01-01T23:59:59.999999Z"},
		{SQL: "TIME", Literal: "'-01:00:00'", Schema: "Time?", Err: "no time of day"},
		{SQL: "TIME", Literal: "'838:59:59'", Schema: "Time?", Err: "no time of day"},
		{SQL: "DATETIME", Literal: "'2024-02-29 12:34:56'", Schema: "Timestamp?", Value: "2024-02-29T12:34:56Z"},
		{SQL: "DATETIME(6)", Literal: "'2024-02-29 12:34:56.123456'", Schema: "Timestamp?", Value: "2024-02-29T12:34:56.123456Z"},
		{SQL: "DATETIME", Literal: "'2024-07-01 12:00:00'", Schema: "Timestamp?", Value: "2024-07-01T10:00:00Z", Mapping: granularity("connect_logical")},
		{SQL: "DATETIME(6)", Literal: "'2024-07-01 12:00:00.5'", Schema: "int64?", Value: "1719828000500000", Mapping: granularity("micros_long")},
		{SQL: "DATETIME(6)", Literal: "'2024-07-01 12:00:00.5'", Schema: "string?", Value: "2024-07-01T12:00:00.500000000", Mapping: granularity("nanos_iso_datetime_string")},
		{SQL: "DATETIME", Literal: "'9999-07-01 12:00:00'", Schema: "int64?", Mapping: granularity("nanos_long"), Err: "out of the range of nanoseconds"},
		{SQL: "TIMESTAMP NULL", Literal: "'2024-07-01 12:00:00'", Schema: "Timestamp?", Value: "2024-07-01T12:00:00Z", Mapping: granularity("connect_logical")},
		{SQL: "TIMESTAMP(6) NULL", Literal: "'2024-07-01 12:00:00.123456'", Schema: "Timestamp?", Value: "2024-07-01T12:00:00.123456Z"},
		{SQL: "CHAR(5)", Literal: "'ab'", Schema: "string?", Value: "ab"},
		{SQL: "VARCHAR(20)", Literal: "'ünï 😀'", Schema: "string?", Value: "ünï 😀"},
		{SQL: "VARCHAR(20) CHARACTER SET latin1", Literal: "'über'", Schema: "string?", Value: "über"},
		{SQL: "TINYTEXT", Literal: "'a'", Schema: "string?", Value: "a"},
		{SQL: "TEXT", Literal: "'a'", Schema: "string?", Value: "a"},
		{SQL: "MEDIUMTEXT", Literal: "'a'", Schema: "string?", Value: "a"},
		{SQL: "LONGTEXT", Literal: "'a'", Schema: "string?", Value: "a"},
		{SQL: "ENUM('It''s','B')", Literal: "'It''s'", Schema: "string?", Value: "It's"},
		{SQL: "SET('a','b','c')", Literal: "'c,a'", Schema: "string?", Value: "a,c"},
		{SQL: "JSON", Literal: `'{"a": [1]}'`, Schema: "string?", Value: `{"a": [1]}`},
		{SQL: "BINARY(3)", Literal: "X'00ff'", Schema: "bytes?", Value: "0x00ff00"},
		{SQL: "VARBINARY(3)", Literal: "X'00ff'", Schema: "bytes?", Value: "0x00ff"},
		{SQL: "TINYBLOB", Literal: "X'00ff'", Schema: "bytes?", Value: "0x00ff"},
		{SQL: "BLOB", Literal: "X'00ff'", Schema: "bytes?", Value: "0x00ff"},
		{SQL: "MEDIUMBLOB", Literal: "X''", Schema: "bytes?", Value: "0x"},
		{SQL: "LONGBLOB", Literal: "X'ff'", Schema: "bytes?", Value: "0xff"},
		{SQL: "POINT", Literal: "ST_GeomFromText('POINT(1 2)')", Schema: "bytes?", Value: "0x000000000101000000000000000000f03f0000000000000040"},
		{SQL: "INT", Literal: "NULL", Schema: "int32?", Value: "null"},
	}
}

func TestTypes(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		databasetest.Suite{Database: databaseOf(t, s.Database(t))}.Types(t, types(t))
	})
}

// Dates that are none: an error, a null, or a day.
func TestZeroDates(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		s.Exec(t, "", "SET GLOBAL sql_mode = ''")
		defer s.Exec(t, "", "SET GLOBAL sql_mode = DEFAULT")
		d := databaseOf(t, s.Database(t))
		for _, x := range []struct{ behavior, fails, value, optional string }{
			{"exception", "set zeroDateTimeBehavior", "", ""}, {"convertToNull", "", "null", "?"}, {"round", "", "0001-01-01T00:00:00Z", ""},
		} {
			d.ZeroDateTimeBehavior = x.behavior
			databasetest.Suite{Database: d}.Types(t, []databasetest.Type{
				{SQL: "DATE NOT NULL", Literal: "'0000-00-00'", Schema: "Date" + x.optional, Value: x.value, Err: x.fails},
				{SQL: "DATE NOT NULL", Literal: "'2024-00-00'", Schema: "Date" + x.optional, Value: x.value, Err: x.fails},
				{SQL: "DATETIME NOT NULL", Literal: "'0000-00-00 00:00:00'", Schema: "Timestamp" + x.optional, Value: x.value, Err: x.fails},
				{SQL: "YEAR NOT NULL", Literal: "0", Schema: "Date" + x.optional, Value: x.value, Err: x.fails},
			})
		}
	})
}

// mariaTypes are types that MariaDB alone has, and columns that the server fills
// in.
var mariaTypes = []databasetest.Type{
	{SQL: "UUID", Literal: "'123e4567-e89b-12d3-a456-426655440000'", Schema: "string?", Value: "123e4567-e89b-12d3-a456-426655440000"},
	{SQL: "INET6", Literal: "'2001:db8::1'", Schema: "string?", Value: "2001:db8::1"},
	{SQL: "INET4", Literal: "'10.0.0.1'", Schema: "string?", Value: "10.0.0.1"},
	{SQL: "VARCHAR(9) COMPRESSED", Literal: "'abc'", Schema: "string?", Value: "abc"},
	{SQL: "TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)", Literal: "'2024-02-29 12:34:56.789'", Schema: "Timestamp", Value: "2024-02-29T12:34:56.789Z"},
}

func TestTypesOfMariaDB(t *testing.T) {
	databasetest.Suite{Database: databaseOf(t, servertest.SharedMariaDB(t).Database(t))}.Types(t, mariaTypes)
}
