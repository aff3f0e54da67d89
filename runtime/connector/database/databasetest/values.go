package databasetest

import (
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// sample is a schema with values that a column of it must keep.
type sample struct {
	name   string
	schema *connect.Schema
	values []connect.Value
}

func samples() []sample {
	dec := func(unscaled int64, scale int32) connect.Value {
		return (&connect.Decimal{Unscaled: big.NewInt(unscaled), Scale: scale}).Value()
	}
	at := func(s string) connect.Value {
		t, err := time.Parse("2006-01-02T15:04:05.999", s)
		if err != nil {
			panic(err)
		}
		return connect.Instant(t)
	}
	return []sample{
		{"bool", connect.BoolSchema, []connect.Value{connect.Bool(true), connect.Bool(false)}},
		{"int8", connect.Int8Schema, []connect.Value{connect.Int8(0), connect.Int8(127)}},
		{"int16", connect.Int16Schema, []connect.Value{connect.Int16(math.MinInt16), connect.Int16(math.MaxInt16)}},
		{"int32", connect.Int32Schema, []connect.Value{connect.Int32(math.MinInt32), connect.Int32(math.MaxInt32)}},
		{"int64", connect.Int64Schema, []connect.Value{connect.Int64(math.MinInt64), connect.Int64(math.MaxInt64), connect.Int64(1<<53 + 1)}},
		{"float32", connect.Float32Schema, []connect.Value{connect.Float32(1.5), connect.Float32(-0.25), connect.Float32(0)}},
		{"float64", connect.Float64Schema, []connect.Value{connect.Float64(0.1), connect.Float64(-1e300), connect.Float64(1.0 / 3)}},
		{"string", connect.StringSchema, []connect.Value{connect.String(""), connect.String(`it's "x"\n\\ %_`), connect.String("Ünï 漢字 😀"), connect.String(strings.Repeat("long", 2000))}},
		{"bytes", connect.BytesSchema, []connect.Value{connect.Bytes([]byte{}), connect.Bytes([]byte{0, 0xff, '\'', '\\', 0x80}), connect.Bytes([]byte(strings.Repeat("b", 1000)))}},
		{"decimal", connect.NewDecimal(2).MustBuild(), []connect.Value{dec(0, 2), dec(-12345, 2), dec(123456789012345, 2), dec(150, 2)}},
		{"whole", connect.NewDecimal(0).MustBuild(), []connect.Value{dec(7, 0), dec(-1234567890123456, 0)}},
		{"date", connect.DateSchema, []connect.Value{at("1970-01-01T00:00:00"), at("2024-02-29T00:00:00"), at("1999-12-31T00:00:00"), at("9999-12-31T00:00:00")}},
		{"time", connect.TimeSchema, []connect.Value{at("1970-01-01T00:00:00"), at("1970-01-01T12:34:56.789"), at("1970-01-01T23:59:59.999")}},
		{"timestamp", connect.TimestampSchema, []connect.Value{at("1970-01-01T00:00:00"), at("2024-02-29T12:34:56.789"), at("1969-12-31T23:59:59.999"), at("2100-01-01T00:00:00.001")}},
	}
}

// values writes each type by ColumnType and Binder, and reads it again: by the
// table's columns, and by a query of which nothing is known.
func (s Suite) values(t *testing.T) {
	c, d := s.open(t)
	for _, x := range samples() {
		t.Run(x.name, func(t *testing.T) {
			table := s.create(t, c, d, "v_"+x.name, []string{"id"}, s.definition(t, d, "id", connect.Int32Schema, true), s.definition(t, d, "v", x.schema, false))
			columns := Columns(t, c, d, table, database.Mapping{})
			bind, err := d.Binder(x.schema, find(columns, "v"), database.Writing{})
			if err != nil {
				t.Fatal(err)
			}
			args := []any{}
			for i, v := range x.values {
				arg, err := bind(v)
				if err != nil {
					t.Fatalf("bind %v: %v", v, err)
				}
				args = append(args, int64(i), arg)
			}
			Exec(t, c, string(d.AppendInsert(nil, table, []string{"id", "v"}, len(x.values))), args...)
			query := "SELECT v FROM " + string(database.AppendTable(nil, d, table)) + " ORDER BY id"
			s.compare(t, d, x, columns, query)
			s.compare(t, d, x, nil, query)
		})
	}
}

func (s Suite) compare(t *testing.T, d database.Dialect, x sample, known []database.Column, query string) {
	t.Helper()
	c, _ := s.open(t)
	columns, rows := Read(t, c, d, database.Mapping{}, known, query)
	if len(rows) != len(x.values) {
		t.Fatalf("%d rows, want %d", len(rows), len(x.values))
	}
	if columns[0].Schema.Logical() != x.schema.Logical() {
		t.Errorf("read as %v, want %v", columns[0].Schema, x.schema)
	}
	for i, want := range x.values {
		if !same(rows[i][0], want) {
			t.Errorf("read %v, want %v", rows[i][0], want)
		}
	}
}

// same is whether a value is the other one, though its type may be wider.
func same(got, want connect.Value) bool {
	switch want.Kind() {
	case connect.KindBool:
		return got.Bool() == want.Bool() && got.Kind() == connect.KindBool || want.Bool() == (got.Int() != 0) && got.Kind() != connect.KindBool
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		return got.Kind() >= connect.KindInt8 && got.Kind() <= connect.KindInt64 && got.Int() == want.Int()
	case connect.KindFloat32, connect.KindFloat64:
		return got.Float() == want.Float()
	case connect.KindDecimal:
		g, err := database.Rescale(got.Decimal(), want.Decimal().Scale)
		return err == nil && g.Equal(want.Decimal())
	case connect.KindInstant:
		return got.Kind() == connect.KindInstant && got.Milli() == want.Milli()
	}
	return got.Equal(want)
}

// nulls writes and reads a null of each type.
func (s Suite) nulls(t *testing.T) {
	c, d := s.open(t)
	definitions, names := []database.Definition{s.definition(t, d, "id", connect.Int32Schema, true)}, []string{"id"}
	args := []any{int64(1)}
	for _, x := range samples() {
		definition := s.definition(t, d, "c_"+x.name, x.schema, false)
		definition.NotNull = false
		bind, err := d.Binder(x.schema, database.Column{Name: definition.Name, Type: strings.ToLower(definition.Type), Nullable: true}, database.Writing{})
		if err != nil {
			t.Fatal(err)
		}
		arg, err := bind(connect.Null)
		if err != nil {
			t.Fatal(err)
		}
		definitions, names, args = append(definitions, definition), append(names, definition.Name), append(args, arg)
	}
	table := s.create(t, c, d, "nulls", []string{"id"}, definitions...)
	Exec(t, c, string(d.AppendInsert(nil, table, names, 1)), args...)
	columns := Columns(t, c, d, table, database.Mapping{})
	_, rows := Read(t, c, d, database.Mapping{}, columns, "SELECT * FROM "+string(database.AppendTable(nil, d, table)))
	for i, v := range rows[0][1:] {
		if !v.IsNull() {
			t.Errorf("column %s: %v", names[i+1], v)
		}
		if !columns[i+1].Schema.IsOptional() || !columns[i+1].Nullable {
			t.Errorf("column %s: %v, and it may be null", names[i+1], columns[i+1].Schema)
		}
	}
}

// defaults makes a column with a default of each type that the dialect can say.
func (s Suite) defaults(t *testing.T) {
	c, d := s.open(t)
	for _, x := range samples() {
		want := x.values[len(x.values)-1]
		if x.name == "string" {
			want = x.values[1]
		}
		definition := s.definition(t, d, "v", x.schema, false)
		text, ok := d.AppendDefault(nil, x.schema, want)
		if !ok {
			t.Logf("%s: no default", x.name)
			continue
		}
		definition.Default = string(text)
		table := s.create(t, c, d, "d_"+x.name, []string{"id"}, s.definition(t, d, "id", connect.Int32Schema, true), definition)
		Exec(t, c, string(d.AppendInsert(nil, table, []string{"id"}, 1)), int64(1))
		columns := Columns(t, c, d, table, database.Mapping{})
		if !find(columns, "v").HasDefault {
			t.Errorf("%s: no default seen in %+v", x.name, columns)
		}
		_, rows := Read(t, c, d, database.Mapping{}, columns, "SELECT v FROM "+string(database.AppendTable(nil, d, table)))
		if got := rows[0][0]; !same(got, want) {
			t.Errorf("%s: default %s read as %v, want %v", x.name, text, got, want)
		}
	}
}
