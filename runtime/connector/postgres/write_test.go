package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/postgres"
)

var dialect = postgres.Database{}.Dialect()

// the ways by which rows are inserted.
var ways = []struct {
	name  string
	write func(ctx context.Context, c *sql.Conn, t database.Table, keys, others []database.Column, rows [][]any) error
}{
	{"insert", func(ctx context.Context, c *sql.Conn, t database.Table, keys, others []database.Column, rows [][]any) error {
		columns := append(names(keys), names(others)...)
		_, err := c.ExecContext(ctx, string(dialect.AppendInsert(nil, t, columns, len(rows))), flat(rows)...)
		return err
	}},
	{"upsert", func(ctx context.Context, c *sql.Conn, t database.Table, keys, others []database.Column, rows [][]any) error {
		_, err := c.ExecContext(ctx, string(dialect.AppendUpsert(nil, t, names(keys), names(others), len(rows))), flat(rows)...)
		return err
	}},
	{"copy", func(ctx context.Context, c *sql.Conn, t database.Table, keys, others []database.Column, rows [][]any) error {
		all := append(append([]database.Column{}, keys...), others...)
		return dialect.(database.Bulk).InsertBulk(ctx, c, t, all, rows)
	}},
	{"upsert bulk", func(ctx context.Context, c *sql.Conn, t database.Table, keys, others []database.Column, rows [][]any) error {
		return dialect.(database.Bulk).UpsertBulk(ctx, c, t, keys, others, rows)
	}},
}

// updates is a way for rows whose keys are there.
func updates(ctx context.Context, c *sql.Conn, t database.Table, keys, others []database.Column, rows [][]any) error {
	for _, row := range rows {
		if err := ways[0].write(ctx, c, t, keys, nil, [][]any{row[:len(keys)]}); err != nil {
			return err
		}
	}
	return dialect.(database.BulkUpdate).UpdateBulk(ctx, c, t, keys, others, rows)
}

func names(columns []database.Column) (out []string) {
	for _, c := range columns {
		out = append(out, c.Name)
	}
	return out
}

func flat(rows [][]any) (out []any) {
	for _, r := range rows {
		out = append(out, r...)
	}
	return out
}

func decimal(unscaled int64, scale int32) connect.Value {
	return (&connect.Decimal{Unscaled: big.NewInt(unscaled), Scale: scale}).Value()
}

func array(v ...connect.Value) connect.Value { return (&connect.Array{Elems: v}).Value() }

func at(text string) connect.Value {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return connect.Instant(t)
}

var decimalSchema = connect.NewDecimal(2).MustBuild()

// What data go into which column, and what then stands there.
var bindTable = []struct {
	typ    string
	schema *connect.Schema
	value  connect.Value
	want   string
}{
	{"smallint", connect.Int8Schema, connect.Int8(-128), "-128"},
	{"integer", connect.Int64Schema, connect.Int64(2147483647), "2147483647"},
	{"integer", connect.StringSchema, connect.String(" 7"), "7"},
	{"integer", connect.Float64Schema, connect.Float64(2.5), "2"},
	{"integer", decimalSchema, decimal(250, 2), "3"},
	{"integer", decimalSchema, decimal(-249, 2), "-2"},
	{"bigint", connect.Int64Schema, connect.Int64(math.MinInt64), "-9223372036854775808"},
	{"real", connect.Float32Schema, connect.Float32(0.1), "0.1"},
	{"real", connect.Float64Schema, connect.Float64(1e30), "1e+30"},
	{"double precision", connect.Float32Schema, connect.Float32(0.1), "0.1"},
	{"double precision", connect.Float64Schema, connect.Float64(math.NaN()), "NaN"},
	{"double precision", connect.Float64Schema, connect.Float64(math.Inf(-1)), "-Infinity"},
	{"double precision", connect.Int64Schema, connect.Int64(3), "3"},
	{"numeric", decimalSchema, decimal(-123450, 2), "-1234.50"},
	{"numeric(4,1)", connect.Float64Schema, connect.Float64(1.25), "1.3"},
	{"numeric", connect.Int64Schema, connect.Int64(7), "7"},
	{"money", decimalSchema, decimal(-1234567, 2), "-$12,345.67"},
	{"boolean", connect.BoolSchema, connect.Bool(true), "true"},
	{"boolean", connect.StringSchema, connect.String("off"), "false"},
	{"boolean", connect.Int8Schema, connect.Int8(1), "true"},
	{"text", connect.StringSchema, connect.String("a\tb\nc\r\\N\\.\"{},'äö\U0001F600"), "a\tb\nc\r\\N\\.\"{},'äö\U0001F600"},
	{"text", connect.StringSchema, connect.String(""), ""},
	{"text", connect.StringSchema, connect.String(`\N`), `\N`},
	{"text", connect.StringSchema, connect.String(`NULL`), `NULL`},
	{"text", connect.StringSchema, connect.String(`\.`), `\.`},
	{"text", connect.Int64Schema, connect.Int64(7), "7"},
	{"text", connect.BoolSchema, connect.Bool(true), "true"},
	{"text", decimalSchema, decimal(5, 2), "0.05"},
	{"text", connect.BytesSchema, connect.Bytes([]byte("ä")), "ä"},
	{"character varying(3)", connect.StringSchema, connect.String("abc"), "abc"},
	{"character(3)", connect.StringSchema, connect.String("a"), "a"},
	{"bytea", connect.BytesSchema, connect.Bytes([]byte{0, 1, '\\', '\n', 255}), `\x00015c0aff`},
	{"bytea", connect.BytesSchema, connect.Bytes(nil), `\x`},
	{"date", connect.DateSchema, at("2024-02-29T00:00:00Z"), "2024-02-29"},
	{"date", connect.DateSchema, connect.Instant(time.Date(-43, 3, 15, 0, 0, 0, 0, time.UTC)), "0044-03-15 BC"},
	{"date", connect.StringSchema, connect.String("2024-02-29"), "2024-02-29"},
	{"date", connect.TimestampSchema, at("2024-02-29T10:00:00Z"), "2024-02-29"},
	{"date", nil, at("2024-02-29T00:00:00Z"), "2024-02-29"},
	{"time", connect.TimeSchema, at("1970-01-01T10:11:12.123Z"), "10:11:12.123"},
	{"time", nil, at("1970-01-01T10:11:12.123Z"), "10:11:12.123"},
	{"time with time zone", connect.TimeSchema, at("1970-01-01T10:11:12Z"), "10:11:12+00"},
	{"timestamp", connect.TimestampSchema, at("2024-02-29T10:11:12.123456Z"), "2024-02-29 10:11:12.123456"},
	{"timestamp(3)", connect.TimestampSchema, at("1969-12-31T23:59:59.5Z"), "1969-12-31 23:59:59.5"},
	{"timestamp", connect.TimestampSchema, connect.InstantMilli(9223372036825200000), "infinity"},
	{"timestamp with time zone", connect.TimestampSchema, connect.Instant(time.Date(-43, 3, 15, 10, 11, 12, 0, time.UTC)), "0044-03-15 10:11:12+00 BC"},
	{"timestamp with time zone", connect.StringSchema, connect.String("2024-02-29 10:00:00+02"), "2024-02-29 08:00:00+00"},
	{"timestamp with time zone", connect.TimestampSchema, connect.InstantMilli(-9223372036832400000), "-infinity"},
	{"interval", connect.StringSchema, connect.String("1 day 02:00"), "1 day 02:00:00"},
	{"uuid", connect.StringSchema, connect.String("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	{"uuid", connect.BytesSchema, connect.Bytes([]byte("0123456789abcdef")), "30313233-3435-3637-3839-616263646566"},
	{"json", connect.StringSchema, connect.String(`{"a": "\"\\"}`), `{"a": "\"\\"}`},
	{"jsonb", connect.StringSchema, connect.String(`{"a": "\"\\"}`), `{"a": "\"\\"}`},
	{"xml", connect.StringSchema, connect.String(`<a/>`), `<a/>`},
	{"inet", connect.StringSchema, connect.String(`10.0.0.1/24`), `10.0.0.1/24`},
	{"mood", connect.StringSchema, connect.String("happy 'n' glad"), "happy 'n' glad"},
	{`"Odd ""Mood(1)"`, connect.StringSchema, connect.String(`a`), `a`},
	{"email", connect.StringSchema, connect.String("a@b"), "a@b"},
	{"counter", connect.Int32Schema, connect.Int32(3), "3"},
	{"pair", connect.StringSchema, connect.String(`(1,"x y")`), `(1,"x y")`},
	{"hstore", connect.StringSchema, connect.String(`a=>1`), `"a"=>"1"`},
	{"int4range", connect.StringSchema, connect.String(`[1,2]`), `[1,3)`},
	{"box", connect.StringSchema, connect.String(`(1,1),(0,0)`), `(1,1),(0,0)`},
	{"bit", connect.BoolSchema, connect.Bool(true), `1`},
	{"bit(8)", connect.Int8Schema, connect.Int8(-127), `10000001`},
	{"bit(12)", connect.BytesSchema, connect.Bytes([]byte{0xa0, 0xf0}), `101000001111`},
	{"bit varying(9)", connect.StringSchema, connect.String(`101`), `101`},
	{"integer[]", connect.NewArray(connect.OptionalInt32Schema).MustBuild(), array(connect.Int32(1), connect.Null, connect.Int32(-3)), `{1,NULL,-3}`},
	{"text[]", connect.NewArray(connect.StringSchema).MustBuild(), array(connect.String(`a "b\`), connect.String(""), connect.String("NULL")), `{"a \"b\\","","NULL"}`},
	{"integer[]", connect.StringSchema, connect.String("{1,2}"), `{1,2}`},
	{"integer[]", connect.NewArray(connect.NewArray(connect.Int32Schema).MustBuild()).MustBuild(), array(array(connect.Int32(1)), array(connect.Int32(2))), `{{1},{2}}`},
	{"bytea[]", connect.NewArray(connect.BytesSchema).MustBuild(), array(connect.Bytes([]byte{1})), `{"\\x01"}`},
	{"timestamp[]", connect.NewArray(connect.TimestampSchema).MustBuild(), array(at("2024-02-29T10:00:00Z")), `{"2024-02-29 10:00:00"}`},
}

func TestBind(t *testing.T) {
	_, db := fresh(t)
	exec(t, db, ownTypes, `CREATE TYPE "Odd ""Mood(1)" AS ENUM ('a')`)
	columns := []string{"id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"}
	for i, x := range bindTable {
		columns = append(columns, fmt.Sprintf("c%d %s", i, x.typ))
	}
	table := database.Table{Schema: "public", Name: "bound"}
	exec(t, db, "CREATE TABLE bound ("+strings.Join(columns, ", ")+")")
	all, err := dialect.Columns(t.Context(), db, table, standard)
	if err != nil {
		t.Fatal(err)
	}
	row, none := []any{int64(0)}, []any{int64(0)}
	for i, x := range bindTable {
		bind, err := dialect.Binder(x.schema, all[i+1], database.Writing{})
		if err != nil {
			t.Fatalf("%s: %v", x.typ, err)
		}
		v, err := bind(x.value)
		if err != nil {
			t.Fatalf("%s of %v: %v", x.typ, x.value, err)
		}
		null, err := bind(connect.Null)
		if err != nil || null != nil {
			t.Errorf("%s: null is bound as %v, %v", x.typ, null, err)
		}
		row, none = append(row, v), append(none, nil)
	}
	c := conn(t, db)
	updated := ways[0]
	updated.name, updated.write = "update", updates
	for w, way := range append(slices.Clone(ways), updated) {
		row[0], none[0] = int64(2*w+1), int64(2*w+2)
		if err := way.write(t.Context(), c, table, all[:1], all[1:], [][]any{row, none}); err != nil {
			t.Errorf("%s: %v", way.name, err)
			continue
		}
		for i, x := range bindTable {
			got, null := text(t, c, fmt.Sprintf("SELECT c%d::text FROM bound WHERE id = $1", i), 2*w+1), text(t, c, fmt.Sprintf("SELECT c%d::text FROM bound WHERE id = $1", i), 2*w+2)
			if got.String != x.want || !got.Valid || null.Valid {
				t.Errorf("%s: %s of %v is %v and %v, want %q and null", way.name, x.typ, x.value, got, null, x.want)
			}
		}
	}
}

func text(t testing.TB, q database.Querier, query string, args ...any) (s sql.NullString) {
	t.Helper()
	rows, err := q.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	if rows.Next() {
		err = rows.Scan(&s)
	}
	if err = errors.Join(err, rows.Err()); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return s
}

// Data that do not fit are the row's fault, whichever way they go.
func TestBindRefuses(t *testing.T) {
	_, db := fresh(t)
	table := database.Table{Name: "narrow"}
	exec(t, db, "CREATE TABLE narrow (id int PRIMARY KEY, s varchar(3), n numeric(3,1), b bit(3), c char(2), i int CHECK (i > 0), u text NOT NULL DEFAULT '')")
	columns, err := dialect.Columns(t.Context(), db, table, standard)
	if err != nil {
		t.Fatal(err)
	}
	c := conn(t, db)
	for _, x := range []struct {
		column int
		schema *connect.Schema
		value  connect.Value
	}{
		{1, connect.StringSchema, connect.String("abcd")},
		{1, connect.StringSchema, connect.String("a\x00")},
		{2, decimalSchema, decimal(12345, 2)},
		{2, connect.StringSchema, connect.String("many")},
		{3, connect.StringSchema, connect.String("1011")},
		{4, connect.StringSchema, connect.String("abc")},
		{5, connect.Int64Schema, connect.Int64(-1)},
		{5, connect.Int64Schema, connect.Int64(math.MaxInt64)},
		{5, connect.Float64Schema, connect.Float64(math.NaN())},
		{6, connect.OptionalStringSchema, connect.Null},
	} {
		bind, err := dialect.Binder(x.schema, columns[x.column], database.Writing{})
		if err != nil {
			t.Fatal(err)
		}
		v, err := bind(x.value)
		if err != nil {
			continue // the record's, as it should be
		}
		for _, way := range ways {
			err := way.write(t.Context(), c, table, columns[:1], columns[x.column:x.column+1], [][]any{{int64(1), v}})
			if fault := dialect.Fault(err); fault != database.Data {
				t.Errorf("%s: %v into %s: fault %d, %v", way.name, x.value, columns[x.column].Type, fault, err)
			}
		}
	}
	for _, s := range []*connect.Schema{connect.NewStruct().Field("a", connect.Int8Schema).MustBuild(), connect.NewMap(connect.StringSchema, connect.StringSchema).MustBuild()} {
		if _, err := dialect.Binder(s, columns[1], database.Writing{}); err == nil {
			t.Errorf("a %v has a column", s)
		}
		if _, err := dialect.ColumnType(s, false); err == nil {
			t.Errorf("a %v has a type of a column", s)
		}
	}
	if n := text(t, c, "SELECT count(*) FROM narrow"); n.String != "0" {
		t.Errorf("%s rows are there", n.String)
	}
}

// Every type of Connect's becomes a column, gets a value and a default, and is
// read as what it was.
func TestColumnTypes(t *testing.T) {
	_, db := fresh(t)
	data := []struct {
		schema *connect.SchemaBuilder
		value  connect.Value
		back   string // the kind of schema that is read, where it is another
	}{
		{connect.NewSchema(connect.KindBool), connect.Bool(true), ""},
		{connect.NewSchema(connect.KindInt8), connect.Int8(-128), "int16"},
		{connect.NewSchema(connect.KindInt16), connect.Int16(-32768), ""},
		{connect.NewSchema(connect.KindInt32), connect.Int32(1 << 30), ""},
		{connect.NewSchema(connect.KindInt64), connect.Int64(1 << 60), ""},
		{connect.NewSchema(connect.KindFloat32), connect.Float32(0.1), ""},
		{connect.NewSchema(connect.KindFloat64), connect.Float64(-1e-300), ""},
		{connect.NewSchema(connect.KindString), connect.String(`it's \a "word"`), ""},
		{connect.NewSchema(connect.KindBytes), connect.Bytes([]byte{0, 255}), ""},
		{connect.NewDecimal(127), (&connect.Decimal{Unscaled: database.PowerOfTen(127), Scale: 127}).Value(), ""},
		{connect.NewDate(), at("2024-02-29T00:00:00Z"), ""},
		{connect.NewTime(), at("1970-01-01T23:59:59.999Z"), ""},
		{connect.NewTimestamp(), at("2024-02-29T12:00:00.123Z"), ""},
		{connect.NewArray(connect.OptionalInt64Schema), array(connect.Int64(1), connect.Null), ""},
		{connect.NewArray(connect.OptionalStringSchema), array(connect.String(`'"\`), connect.String("")), ""},
	}
	table := database.Table{Name: "made"}
	key := database.Definition{Name: "id", Type: "INT", NotNull: true}
	definitions := []database.Definition{key}
	for i, x := range data {
		typ, err := dialect.ColumnType(x.schema.MustBuild(), false)
		if err != nil {
			t.Fatal(err)
		}
		def, ok := dialect.AppendDefault(nil, x.schema.MustBuild(), x.value)
		if !ok {
			t.Fatalf("%s has no default", typ)
		}
		definitions = append(definitions, database.Definition{Name: fmt.Sprintf("c%d", i), Type: typ, NotNull: i%2 == 0, Default: string(def)})
	}
	exec(t, db, string(dialect.AppendCreate(nil, table, definitions[:4], []string{"id"})), string(dialect.AppendAddColumns(nil, table, definitions[4:])),
		string(dialect.AppendAddColumns(nil, table, definitions[4:])), string(dialect.AppendCreate(nil, table, definitions, []string{"id"})), "INSERT INTO made (id) VALUES (1)")
	columns, err := dialect.Columns(t.Context(), db, table, standard)
	if err != nil {
		t.Fatal(err)
	}
	row := []any{int64(2)}
	for i, x := range data {
		bind, err := dialect.Binder(x.schema.MustBuild(), columns[i+1], database.Writing{})
		if err != nil {
			t.Fatal(err)
		}
		v, err := bind(x.value)
		if err != nil {
			t.Fatal(err)
		}
		row = append(row, v)
	}
	c := conn(t, db)
	if err := ways[0].write(t.Context(), c, table, columns[:1], columns[1:], [][]any{row}); err != nil {
		t.Fatal(err)
	}
	_, rows, err := read(t, c, "SELECT * FROM made ORDER BY id", columns, standard)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range data {
		for r, what := range []string{"default", "value"} {
			if got := rows[r][i+1]; got.String() != x.value.String() {
				t.Errorf("%s: %s is %v, want %v", definitions[i+1].Type, what, got, x.value)
			}
		}
		want := x.schema.MustBuild().Kind().String()
		if x.back != "" {
			want = x.back
		}
		if got := columns[i+1].Schema.Kind().String(); got != want {
			t.Errorf("%s is read as %s, want %s", definitions[i+1].Type, got, want)
		}
	}
}

func TestZones(t *testing.T) {
	_, db := fresh(t)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	exec(t, db, "CREATE TABLE z (a timestamp, b timestamptz, c time, d date)")
	columns, err := dialect.Columns(t.Context(), db, database.Table{Name: "z"}, standard)
	if err != nil {
		t.Fatal(err)
	}
	w := database.Writing{Zone: berlin}
	row := []any{}
	for i, x := range []struct {
		schema *connect.Schema
		value  connect.Value
	}{
		{connect.TimestampSchema, at("2024-07-01T22:30:00Z")}, {connect.TimestampSchema, at("2024-07-01T22:30:00Z")},
		{connect.TimeSchema, at("1970-01-01T22:30:00Z")}, {connect.DateSchema, at("2024-07-01T00:00:00Z")},
	} {
		bind, err := dialect.Binder(x.schema, columns[i], w)
		if err != nil {
			t.Fatal(err)
		}
		v, err := bind(x.value)
		if err != nil {
			t.Fatal(err)
		}
		row = append(row, v)
	}
	c := conn(t, db)
	if err := dialect.(database.Bulk).InsertBulk(t.Context(), c, database.Table{Name: "z"}, columns, [][]any{row}); err != nil {
		t.Fatal(err)
	}
	if got := text(t, c, "SELECT row(a,b,c,d)::text FROM z").String; got != `("2024-07-02 00:30:00","2024-07-01 22:30:00+00",23:30:00,2024-07-01)` {
		t.Errorf("the table holds %s", got)
	}
	_, rows, err := read(t, c, "SELECT * FROM z", columns, database.Mapping{Zone: berlin})
	if err != nil || rows[0][0].String() != "2024-07-01T22:30:00Z" || rows[0][1].String() != "2024-07-01T22:30:00Z" || rows[0][2].String() != "1970-01-01T22:30:00Z" {
		t.Errorf("read back: %v, %v", rows, err)
	}
}

// An upsert changes what is there, and leaves it where it has nothing to set;
// an update and a delete find their rows by several keys.
func TestUpsertUpdateDelete(t *testing.T) {
	_, db := fresh(t)
	c := conn(t, db)
	table := database.Table{Schema: `odd "s`, Name: `select ä.`}
	exec(t, db, `CREATE SCHEMA "odd ""s"`)
	exec(t, db, string(dialect.AppendCreate(nil, table, []database.Definition{{Name: `k "1"`, Type: "INT", NotNull: true}, {Name: "From", Type: "TEXT", NotNull: true}, {Name: "v;--", Type: "TEXT"}}, []string{`k "1"`, "From"})))
	columns, err := dialect.Columns(t.Context(), db, table, standard)
	if err != nil || len(columns) != 3 || columns[0].Key != 1 || columns[1].Key != 2 || columns[2].Key != 0 {
		t.Fatalf("%+v, %v", columns, err)
	}
	state := func() string {
		return text(t, c, `SELECT string_agg(t::text, ' ' ORDER BY t) FROM "odd ""s"."select ä." t`).String
	}
	for i, way := range ways {
		if i == 0 || i == 2 {
			continue
		}
		exec(t, db, "DELETE FROM "+string(database.AppendTable(nil, dialect, table)))
		for _, v := range []string{"old", "new"} {
			rows := [][]any{{int64(1), "a", v}, {int64(1), "b", nil}, {int64(2), "a", v}}
			if err := way.write(t.Context(), c, table, columns[:2], columns[2:], rows); err != nil {
				t.Fatalf("%s: %v", way.name, err)
			}
		}
		if got := state(); got != "(1,a,new) (1,b,) (2,a,new)" {
			t.Errorf("%s: the table holds %s", way.name, got)
		}
		if err := way.write(t.Context(), c, table, columns[:2], nil, [][]any{{int64(1), "a"}, {int64(3), "c"}}); err != nil {
			t.Fatalf("%s without others: %v", way.name, err)
		}
		if got := state(); got != "(1,a,new) (1,b,) (2,a,new) (3,c,)" {
			t.Errorf("%s without others: the table holds %s", way.name, got)
		}
	}
	if _, err := c.ExecContext(t.Context(), string(dialect.AppendUpdate(nil, table, []string{`k "1"`, "From"}, []string{"v;--"})), "set", int64(1), "b"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ExecContext(t.Context(), string(dialect.AppendDelete(nil, table, []string{`k "1"`, "From"}, 2)), int64(1), "a", int64(3), "c"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ExecContext(t.Context(), string(dialect.AppendDelete(nil, table, []string{`k "1"`}, 2)), int64(2), int64(9)); err != nil {
		t.Fatal(err)
	}
	if got := state(); got != "(1,b,set)" {
		t.Errorf("after an update and deletes the table holds %s", got)
	}
}
