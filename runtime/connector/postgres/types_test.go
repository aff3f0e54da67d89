package postgres_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/postgres"
)

// Every type of PostgreSQL 15, as SQL writes it and a source reads it.
var typeTable = []struct{ typ, literal, schema, value string }{
	{"boolean", "true", "boolean?", "true"},
	{"smallint", "-32768", "int16?", "-32768"},
	{"integer", "2147483647", "int32?", "2147483647"},
	{"bigint", "-9223372036854775808", "int64?", "-9223372036854775808"},
	{"real", "0.1", "float32?", "0.10000000149011612"},
	{"double precision", "1e308", "float64?", "1e+308"},
	{"double precision", "'NaN'", "float64?", "NaN"},
	{"numeric(10,2)", "-1234.50", "org.apache.kafka.connect.data.Decimal v1 bytes?", "-1234.50"},
	{"numeric(38,10)", "1234567890123456789012345678.0123456789", "org.apache.kafka.connect.data.Decimal v1 bytes?", "1234567890123456789012345678.0123456789"},
	{"numeric(5,0)", "-99999", "org.apache.kafka.connect.data.Decimal v1 bytes?", "-99999"},
	{"numeric(2,-3)", "12345", "org.apache.kafka.connect.data.Decimal v1 bytes?", "1.2E+4"},
	{"numeric(4,4)", "0.0001", "org.apache.kafka.connect.data.Decimal v1 bytes?", "0.0001"},
	{"numeric(4,4)", "0", "org.apache.kafka.connect.data.Decimal v1 bytes?", "0.0000"},
	{"money", "'-1234.56'", "float64?", "-1234.56"},
	{"character(5)", "'ab'", "string?", `"ab   "`},
	{"character varying(5)", "'äöü'", "string?", `"äöü"`},
	{"text", `E'a\tb\n\\\'"'`, "string?", `"a\tb\n\\'\""`},
	{`"char"`, "'x'", "string?", `"x"`},
	{"name", "'n'", "string?", `"n"`},
	{"bytea", `'\x00ff'`, "bytes?", "0b64:AP8="},
	{"date", "'2024-02-29'", "org.apache.kafka.connect.data.Date v1 int32?", "2024-02-29T00:00:00Z"},
	{"date", "'0044-03-15 BC'", "org.apache.kafka.connect.data.Date v1 int32?", "-0043-03-15T00:00:00Z"},
	{"time", "'23:59:59.123456'", "org.apache.kafka.connect.data.Time v1 int32?", "1970-01-01T23:59:59.123Z"},
	{"timetz", "'23:30:00-05'", "org.apache.kafka.connect.data.Time v1 int32?", "1970-01-01T04:30:00Z"},
	{"timestamp", "'2024-02-29 12:34:56.123456'", "org.apache.kafka.connect.data.Timestamp v1 int64?", "2024-02-29T12:34:56.123456Z"},
	{"timestamp(0)", "'1969-12-31 23:59:59'", "org.apache.kafka.connect.data.Timestamp v1 int64?", "1969-12-31T23:59:59Z"},
	{"timestamp", "'1969-12-31 23:59:59.999999'", "org.apache.kafka.connect.data.Timestamp v1 int64?", "1969-12-31T23:59:59.999999Z"},
	{"timestamptz", "'2024-02-29 12:34:56+05:30'", "org.apache.kafka.connect.data.Timestamp v1 int64?", "2024-02-29T07:04:56Z"},
	{"interval", "'1 year 2 mons 3 days 04:05:06.7'", "string?", `"1 year 2 mons 3 days 04:05:06.7"`},
	{"bit", "B'1'", "boolean?", "true"},
	{"bit(8)", "B'10000001'", "int8?", "-127"},
	{"bit(3)", "B'101'", "int8?", "5"},
	{"bit(12)", "B'101000001111'", "bytes?", "0b64:oPA="},
	{"bit varying(9)", "B'101'", "string?", `"101"`},
	{"uuid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "string?", `"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"`},
	{"json", `'{"b": 1, "a":2}'`, "string?", `"{\"b\": 1, \"a\":2}"`},
	{"jsonb", `'{"b": 1, "a":2}'`, "string?", `"{\"a\": 2, \"b\": 1}"`},
	{"jsonpath", `'$.a'`, "string?", `"$.\"a\""`},
	{"xml", "'<a>ä</a>'", "string?", `"<a>ä</a>"`},
	{"inet", "'192.168.0.1/24'", "string?", `"192.168.0.1/24"`},
	{"cidr", "'::1/128'", "string?", `"::1/128"`},
	{"macaddr", "'08:00:2b:01:02:03'", "string?", `"08:00:2b:01:02:03"`},
	{"macaddr8", "'08:00:2b:01:02:03:04:05'", "string?", `"08:00:2b:01:02:03:04:05"`},
	{"oid", "4294967295", "int64?", "4294967295"},
	{"regclass", "'pg_class'", "string?", `"pg_class"`},
	{"xid", "'7'", "string?", `"7"`},
	{"xid8", "'7'", "string?", `"7"`},
	{"tid", "'(1,2)'", "string?", `"(1,2)"`},
	{"pg_lsn", "'16/B374D848'", "string?", `"16/B374D848"`},
	{"pg_snapshot", "'10:20:10'", "string?", `"10:20:10"`},
	{"point", "'(1,2.5)'", "string?", `"(1,2.5)"`},
	{"line", "'{1,2,3}'", "string?", `"{1,2,3}"`},
	{"lseg", "'[(0,0),(1,1)]'", "string?", `"[(0,0),(1,1)]"`},
	{"box", "'(1,1),(0,0)'", "string?", `"(1,1),(0,0)"`},
	{"path", "'((0,0),(1,1))'", "string?", `"((0,0),(1,1))"`},
	{"polygon", "'((0,0),(1,1))'", "string?", `"((0,0),(1,1))"`},
	{"circle", "'<(0,0),1>'", "string?", `"<(0,0),1>"`},
	{"tsvector", "'a b'", "string?", `"'a' 'b'"`},
	{"tsquery", "'a & b'", "string?", `"'a' & 'b'"`},
	{"int4range", "'[1,5]'", "string?", `"[1,6)"`},
	{"int8range", "'(,5]'", "string?", `"(,6)"`},
	{"numrange", "'[1.5,2]'", "string?", `"[1.5,2]"`},
	{"tsrange", "'[2024-01-01,2024-01-02)'", "string?", `"[\"2024-01-01 00:00:00\",\"2024-01-02 00:00:00\")"`},
	{"tstzrange", "'[2024-01-01 00:00+00,)'", "string?", `"[\"2024-01-01 00:00:00+00\",)"`},
	{"daterange", "'empty'", "string?", `"empty"`},
	{"int4multirange", "'{[1,2],[4,5]}'", "string?", `"{[1,3),[4,6)}"`},
	{"mood", "'happy ''n'' glad'", "string?", `"happy 'n' glad"`},
	{"email", "'A@b.c'", "string?", `"A@b.c"`},
	{"counter", "7", "int32?", "7"},
	{"pair", "ROW(1,'x y')", "string?", `"(1,\"x y\")"`},
	{"hstore", `'a=>1,b=>NULL'`, "string?", `"\"a\"=>\"1\", \"b\"=>NULL"`},
	{"citext", "'AbC'", "string?", `"AbC"`},
	{"integer[]", "'{1,NULL,-3}'", "array[int32?]?", "[1 null -3]"},
	{"integer[]", "'{}'", "array[int32?]?", "[]"},
	{"text[]", `'{"a b",NULL,"\"","NULL"}'`, "array[string?]?", `["a b" null "\"" "NULL"]`},
	{"numeric(6,2)[]", "'{1.5,-2}'", "array[org.apache.kafka.connect.data.Decimal v1 bytes?]?", "[1.50 -2.00]"},
	{"uuid[]", "'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'", "array[string?]?", `["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]`},
	{"boolean[]", "'{t,f}'", "array[boolean?]?", "[true false]"},
	{"timestamptz[]", "'{2024-01-01 00:00:00+00}'", "array[org.apache.kafka.connect.data.Timestamp v1 int64?]?", "[2024-01-01T00:00:00Z]"},
	{"jsonb[]", `'{"{\"a\": 1}"}'`, "array[string?]?", `["{\"a\": 1}"]`},
	{"bytea[]", `'{"\\x01"}'`, "array[bytes?]?", "[0b64:AQ==]"},
	{"mood[]", "'{sad}'", "string?", `"{sad}"`},
	{"inet[]", "'{::1}'", "string?", `"{::1}"`},
	{"integer[][]", "'{{1,2},{3,4}}'", "string?", `"{{1,2},{3,4}}"`},
}

const ownTypes = `CREATE TYPE mood AS ENUM ('sad', 'happy ''n'' glad'); CREATE DOMAIN email AS text CHECK (value LIKE '%@%');
CREATE DOMAIN small AS integer; CREATE DOMAIN counter AS small CHECK (value > 0); CREATE TYPE pair AS (a int, b text);
CREATE EXTENSION hstore; CREATE EXTENSION citext;`

func TestTypes(t *testing.T) {
	d, db := fresh(t)
	exec(t, db, ownTypes)
	var columns, values []string
	for i, c := range typeTable {
		columns = append(columns, fmt.Sprintf("c%d %s", i, c.typ))
		values = append(values, c.literal)
	}
	exec(t, db, "CREATE TABLE all_types ("+strings.Join(columns, ", ")+")",
		"INSERT INTO all_types VALUES ("+strings.Join(values, ", ")+")", "INSERT INTO all_types DEFAULT VALUES")
	known, err := d.Dialect().Columns(t.Context(), db, database.Table{Name: "all_types"}, standard)
	if err != nil || len(known) != len(typeTable) {
		t.Fatalf("%d columns, %v", len(known), err)
	}
	c := conn(t, db)
	described, rows, err := read(t, c, "SELECT * FROM all_types", known, standard)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range typeTable {
		name := want.typ + " " + want.literal
		if got := described[i].Schema.String(); got != want.schema {
			t.Errorf("%s: schema %s, want %s", name, got, want.schema)
		}
		if described[i].Schema != known[i].Schema {
			t.Errorf("%s: the rows' schema is another than the table's: %s", name, known[i].Schema)
		}
		if got := rows[0][i].String(); got != want.value {
			t.Errorf("%s: value %s, want %s", name, got, want.value)
		}
		if !rows[1][i].IsNull() {
			t.Errorf("%s: null is %v", name, rows[1][i])
		}
	}
	// Without knowing the table: the same, apart from what only it knows.
	described, rows, err = read(t, c, "SELECT * FROM all_types WHERE c0", nil, standard)
	if err == nil || !strings.Contains(err.Error(), "several dimensions") {
		t.Errorf("an array of several dimensions is %v %v", rows, err)
	}
	for i := range typeTable[:len(typeTable)-1] {
		if !described[i].Schema.Equal(known[i].Schema) {
			t.Errorf("%s: schema %s of a query, %s of the table", typeTable[i].typ, described[i].Schema, known[i].Schema)
		}
	}
}

// Numbers by numeric.mapping, as PostgreSqlDatabaseDialect has it.
func TestNumericMapping(t *testing.T) {
	_, db := fresh(t)
	c := conn(t, db)
	const decimal = "org.apache.kafka.connect.data.Decimal v1 bytes?"
	for _, x := range []struct{ typ, literal, none, precision, best, eager, value string }{
		{"numeric(2,0)", "99", decimal, "int8?", "int8?", "int8?", "99"},
		{"numeric(4,0)", "-9999", decimal, "int16?", "int16?", "int16?", "-9999"},
		{"numeric(9,0)", "999999999", decimal, "int32?", "int32?", "int32?", "999999999"},
		{"numeric(18,0)", "-999999999999999999", decimal, "int64?", "int64?", "int64?", "-999999999999999999"},
		{"numeric(19,0)", "9", decimal, decimal, decimal, decimal, "9"},
		{"numeric(2,-2)", "9900", decimal, decimal, "int16?", "int16?", "9900"},
		{"numeric(10,2)", "1.25", decimal, decimal, "float64?", "float64?", "1.25"},
		{"numeric(30,2)", "0.1", decimal, decimal, decimal, "float64?", "0.1"},
		{"numeric(30,20)", "123.00000000000000000001", decimal, decimal, decimal, "float64?", "123"},
	} {
		for i, mapping := range []string{"none", "precision_only", "best_fit", "best_fit_eager_double"} {
			want := []string{x.none, x.precision, x.best, x.eager}[i]
			columns, rows, err := read(t, c, "SELECT CAST("+x.literal+" AS "+x.typ+")", nil, database.Mapping{Numeric: mapping})
			if err != nil {
				t.Fatalf("%s %s: %v", x.typ, mapping, err)
			}
			if got := columns[0].Schema.String(); got != want {
				t.Errorf("%s %s: schema %s, want %s", x.typ, mapping, got, want)
			}
			if got := rows[0][0].String(); want != decimal && got != x.value {
				t.Errorf("%s %s: %s, want %s", x.typ, mapping, got, x.value)
			}
		}
	}
	columns, rows, err := read(t, c, "SELECT 12.125::numeric", nil, standard)
	if err != nil {
		t.Fatal(err)
	}
	if scale, _ := columns[0].Schema.Scale(); scale != 127 || rows[0][0].Decimal().Scale != 127 {
		t.Errorf("a numeric without a scale has scale %d, its value %v", scale, rows[0][0])
	}
}

func TestGranularity(t *testing.T) {
	_, db := fresh(t)
	c := conn(t, db)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ granularity, wall, moment string }{
		{"connect_logical", "2024-07-01T10:00:00.123456Z", "2024-07-01T12:00:00.123456Z"},
		{"micros_long", "1719828000123456", "1719835200123456"},
		{"nanos_long", "1719828000123456000", "1719835200123456000"},
		{"micros_string", `"1719828000123456"`, `"1719835200123456"`},
		{"nanos_string", `"1719828000123456000"`, `"1719835200123456000"`},
		{"micros_iso_datetime_string", `"2024-07-01T12:00:00.123456"`, `"2024-07-01T14:00:00.123456"`},
		{"nanos_iso_datetime_string", `"2024-07-01T12:00:00.123456000"`, `"2024-07-01T14:00:00.123456000"`},
	} {
		m := database.Mapping{Granularity: x.granularity, Zone: berlin}
		columns, rows, err := read(t, c, "SELECT '2024-07-01 12:00:00.123456'::timestamp w, '2024-07-01 12:00:00.123456+00'::timestamptz m", nil, m)
		if err != nil {
			t.Fatal(err)
		}
		if w, m := rows[0][0].String(), rows[0][1].String(); w != x.wall || m != x.moment {
			t.Errorf("%s (%s): %s %s, want %s %s", x.granularity, columns[0].Schema, w, m, x.wall, x.moment)
		}
	}
}

// What a schema cannot say is an error that names the column; what the JDBC
// driver has a number for is that.
func TestBeyondTheSchema(t *testing.T) {
	_, db := fresh(t)
	c := conn(t, db)
	for _, x := range []struct{ expression, mapping, granularity, want string }{
		{"'NaN'::numeric(5,2)", "", "", "NaN"},
		{"'Infinity'::numeric", "", "", "infinity"},
		{"'infinity'::date", "", "", "infinity"},
		{"'infinity'::timestamp", "", "micros_long", "infinity"},
		{"'3000-01-01'::timestamp", "", "nanos_long", "nanoseconds"},
		{"'24:00:00'::time", "", "", "24:00:00"},
		{"1e-200::numeric", "", "", "scale"},
		{"ARRAY[[1],[2]]", "", "", "several dimensions"},
	} {
		_, _, err := read(t, c, "SELECT 1 AS good, "+x.expression+` AS "odd one"`, nil, database.Mapping{Numeric: x.mapping, Granularity: x.granularity})
		if err == nil || !strings.Contains(err.Error(), "odd one") || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v, which does not name the column and %q", x.expression, err, x.want)
		}
	}
	_, rows, err := read(t, c, "SELECT 'infinity'::timestamptz, '-infinity'::timestamp, 'NaN'::numeric(5,2)::float8", nil, standard)
	if err != nil || rows[0][0].Milli() != 9223372036825200000 || rows[0][1].Milli() != -9223372036832400000 {
		t.Errorf("infinities are %v, %v", rows, err)
	}
	if _, _, err := read(t, c, "SELECT NULL::int AS id", []database.Column{{Name: "id", Schema: connect.Int32Schema}}, standard); err == nil {
		t.Error("a null in a column without nulls is no error")
	}
}

// A driver that holds a connection may go on after whatever rows did.
func TestConnectionOutlivesRows(t *testing.T) {
	_, db := fresh(t)
	c := conn(t, db)
	dialect := postgres.Database{}.Dialect()
	for range 20 {
		rows, err := dialect.Rows(t.Context(), c, "SELECT g, repeat('x', 1000) FROM generate_series(1, 100000) g", nil, nil, standard)
		if err != nil {
			t.Fatal(err)
		}
		row := make([]connect.Value, 2)
		for i := range int64(100) {
			if more, err := rows.Next(row); !more || err != nil || row[0].Int() != i+1 {
				t.Fatalf("row %d: %v %v %v", i, row[0], more, err)
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		_, got, err := read(t, c, "SELECT $1::bigint + 1", nil, standard, int64(41))
		if err != nil || got[0][0].Int() != 42 {
			t.Fatalf("after rows were left: %v %v", got, err)
		}
	}
}
