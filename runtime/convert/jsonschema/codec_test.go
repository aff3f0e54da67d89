package jsonschema

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

// roundTrip writes d and reads it with another codec of the same registry.
func roundTrip(t *testing.T, c Converter, d connect.Datum) connect.Datum {
	t.Helper()
	reg := newFake()
	out := encode(t, c.codec(reg), d)
	got, err := c.codec(reg).Decode("t", out)
	if err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	return got
}

func TestRoundTrip(t *testing.T) {
	address := connect.NewStruct().Name("Address").Field("street", connect.StringSchema).Field("zip", connect.OptionalInt32Schema).MustBuild()
	s := connect.NewStruct().Name("io.acme.Order").Version(3).Doc("An order.").
		Field("b", connect.BoolSchema).
		Field("i8", connect.NewSchema(connect.KindInt8).MustBuild()).
		Field("i16", connect.NewSchema(connect.KindInt16).Default(connect.Int16(7)).MustBuild()).
		Field("i32", connect.Int32Schema).
		Field("i64", connect.Int64Schema).
		Field("f32", connect.Float32Schema).
		Field("f64", connect.Float64Schema).
		Field("s", connect.StringSchema).
		Field("raw", connect.BytesSchema).
		Field("dec", connect.NewDecimal(2).MustBuild()).
		Field("date", connect.NewDate().MustBuild()).
		Field("time", connect.NewTime().Optional().MustBuild()).
		Field("ts", connect.NewTimestamp().MustBuild()).
		Field("list", connect.NewArray(connect.OptionalStringSchema).MustBuild()).
		Field("map", connect.NewMap(connect.StringSchema, address).MustBuild()).
		Field("pairs", connect.NewMap(connect.Int32Schema, connect.StringSchema).MustBuild()).
		Field("home", address).
		Field("none", connect.NewStruct().Name("Empty").Optional().MustBuild()).
		MustBuild()
	home := (&connect.Struct{Schema: address, Slots: []connect.Value{connect.String("Grüner Weg \"1\" 😀"), connect.Null}}).Value()
	v := (&connect.Struct{Schema: s, Slots: []connect.Value{
		connect.Bool(true), connect.Int8(-1), connect.Int16(300), connect.Int32(-70000), connect.Int64(9007199254740993),
		connect.Float32(1.5), connect.Float64(1e300), connect.String("x\n"), connect.Bytes([]byte{0, 255}), decimal(-12345, 2),
		connect.InstantMilli(connect.MillisPerDay * 3), connect.Null, connect.InstantMilli(1709210096789),
		(&connect.Array{Elems: []connect.Value{connect.String("a"), connect.Null}}).Value(),
		connect.MapOf(connect.Entry{Key: connect.String("k"), Value: home}).Value(),
		connect.MapOf(connect.Entry{Key: connect.Int32(1), Value: connect.String("one")}).Value(),
		home, connect.Null,
	}}).Value()
	for _, format := range []string{"BASE64", "NUMERIC"} {
		for _, strict := range []bool{false, true} {
			got := roundTrip(t, with(func(c *Converter) {
				c.DecimalFormat, c.Strict, c.JSONFailInvalidSchema, c.JSONIndentOutput = format, strict, true, strict
			}), connect.Datum{Schema: s, Value: v})
			if !got.Schema.Equal(s) {
				t.Errorf("%s: schema %v", format, got.Schema)
			}
			if !got.Value.Equal(v) {
				t.Errorf("%s: got  %v\nwant %v", format, got.Value, v)
			}
		}
	}
}

func TestNulls(t *testing.T) {
	reg := newFake()
	c := defaults().codec(reg)
	for _, test := range []struct {
		name string
		d    connect.Datum
		want string // "" is a Kafka null
	}{
		{"tombstone", connect.Datum{}, ""},
		{"required", connect.Datum{Schema: connect.StringSchema}, ""},
		{"optional", connect.Datum{Schema: connect.OptionalStringSchema}, "\x00\x00\x00\x00\x01null"},
		{"default", connect.Datum{Schema: connect.NewSchema(connect.KindInt32).Default(connect.Int32(3)).MustBuild()}, "\x00\x00\x00\x00\x023"},
	} {
		got := encode(t, c, test.d)
		if string(got) != test.want || (got == nil) != (test.want == "") {
			t.Errorf("%s: %q", test.name, got)
		}
	}
	if d, err := c.Decode("t", nil); err != nil || d.Schema != nil || !d.Value.IsNull() {
		t.Errorf("a Kafka null is %v, %v", d, err)
	}
	if d, err := c.Decode("t", []byte("\x00\x00\x00\x00\x01null")); err != nil || d.Schema == nil || !d.Value.IsNull() {
		t.Errorf("null is %v, %v", d, err)
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, test := range []struct{ name, data, want string }{
		{"empty", "", "is empty"},
		{"JSON", `{"a":1}`, "looks like JSON"},
		{"short", "\x00\x00", "within the schema id"},
		{"unknown id", "\x00\x00\x00\x00\x09{}", "schema id 9"},
		{"no JSON", "\x00\x00\x00\x00\x01", "there is no JSON"},
		{"garbage", "\x00\x00\x00\x00\x01{\"a\":}", "unexpected"},
		{"not UTF-8", "\x00\x00\x00\x00\x01{\"a\":\"\xff\"}", "not UTF-8"},
		{"wrong type", "\x00\x00\x00\x00\x01[1]", "an array at byte 0"},
		{"deep", "\x00\x00\x00\x00\x01" + strings.Repeat("[", 2000), "levels"},
	} {
		reg := newFake()
		message(reg, `{"type":"object","properties":{"a":{"type":"string"}}}`, "")
		_, err := defaults().codec(reg).Decode("t", []byte(test.data))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
