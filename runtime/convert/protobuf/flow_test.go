package protobuf

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

func TestParseSchema(t *testing.T) {
	const text = p3 + `package a.b; import "google/protobuf/timestamp.proto"; message First { int32 x = 1; } message Second { google.protobuf.Timestamp at = 1; message Inner { bool y = 1; } }`
	for name, want := range map[string]string{
		"":                 "First:struct {x int32? Tag=1}",
		"First":            "First:struct {x int32? Tag=1}",
		"a.b.Second":       "Second:struct {at org.apache.kafka.connect.data.Timestamp:int64? Tag=1}",
		"Second.Inner":     "Inner:struct {y boolean? Tag=1}",
		"a.b.Second.Inner": "Inner:struct {y boolean? Tag=1}",
	} {
		s, err := ParseSchema(text, name)
		if err != nil {
			t.Errorf("%q: %v", name, err)
		} else if got := describe(s); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
	_, err := ParseSchema(text, "Third")
	if want := `protobuf: read the schema: it has no message "Third"; it has a.b.First, a.b.Second`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestEncodes(t *testing.T) {
	good := connect.Of(full())
	tests := []struct {
		role connect.Role
		form connect.Form
		want string
	}{
		{connect.RoleValue, good, ""},
		{connect.RoleKey, connect.Of(connect.StringSchema), ""},
		{connect.RoleValue, connect.Form{}, ""},
		{connect.RoleValue, connect.Form{Known: true, Nulls: connect.NullsAlways}, ""},
		{connect.RoleValue, connect.Of(nil), "protobuf: the data have no schema, and Protobuf needs one"},
		{connect.RoleValue, connect.Of(connect.DateSchema), "protobuf: schema org.apache.kafka.connect.data.Date: Date is not written on its own"},
		{connect.RoleHeader, good, "protobuf: headers have no subject in a registry"},
	}
	for _, tt := range tests {
		err := usual().Encodes(tt.role, tt.form)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)) {
			t.Errorf("%v: got  %v\nwant %s", tt.form, err, tt.want)
		}
	}
	if got, err := usual().Decodes(connect.RoleValue, good); err != nil || got != good {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := usual().Decodes(connect.RoleHeader, good); err == nil {
		t.Error("headers are read")
	}
}

func TestOffline(t *testing.T) {
	c := usual()
	c.UseLatestVersion, c.AutoRegisterSchemas, c.FlattenUnions = true, false, true
	off := c.Offline().(Converter)
	if !off.AutoRegisterSchemas || off.UseLatestVersion || !off.FlattenUnions || off.SchemaRegistry.URL[0] != "mock://offline" {
		t.Errorf("got %+v", off)
	}
}

// TestWriteErrors are data that their schema or Protobuf does not allow.
func TestWriteErrors(t *testing.T) {
	one := func(s *connect.Schema, v connect.Value) connect.Datum {
		st := connect.NewStruct().Name("M").Field("f", s).MustBuild()
		return connect.Datum{Schema: st, Value: (&connect.Struct{Schema: st, Slots: []connect.Value{v}}).Value()}
	}
	array := func(s *connect.Schema) *connect.Schema { return connect.NewArray(s).MustBuild() }
	elems := func(v ...connect.Value) connect.Value { return (&connect.Array{Elems: v}).Value() }
	uint32s := connect.NewSchema(connect.KindInt64).Param(typeParam, "uint32").MustBuild()
	colour := connect.NewSchema(connect.KindString).Name("Colour").Param(enumParam, "Colour").Param(enumParam+".RED", "0").MustBuild()
	empty := connect.NewStruct().Name("E").MustBuild()
	tests := []struct {
		d    connect.Datum
		want string
	}{
		{one(connect.Int32Schema, connect.String("x")), "field f: string, but int32 is required"},
		{one(connect.Int32Schema, connect.Int64(0)), "field f: int64, but int32 is required"},
		{one(connect.StringSchema, connect.String("\xff")), "field f: a string that is not UTF-8"},
		{one(uint32s, connect.Int64(-1)), "field f: -1 is out of the range of uint32"},
		{one(uint32s, connect.Int64(1<<32)), "field f: 4294967296 is out of the range of uint32"},
		{one(colour, connect.String("BLUE")), `field f: "BLUE" is no value of the enum Colour`},
		{one(array(connect.Int32Schema), elems(connect.Int32(1), connect.Null)), "field f: null, but int32 is required"},
		{one(array(connect.StringSchema), elems(connect.Null)), "field f: null, but string is required"},
		{one(array(empty), elems(connect.Null)), "field f: null, but struct is required"},
		{one(array(connect.StringSchema), connect.String("x")), "field f: string, but array is required"},
		{one(connect.DateSchema, connect.InstantMilli(1)), "field f: a Date with a time of day"},
		{one(connect.TimeSchema, connect.InstantMilli(-1)), "field f: a Time of -1 ms, which is not within a day"},
		{one(connect.TimestampSchema, connect.InstantMilli(1<<60)), "field f: a Timestamp in the year"},
		{one(connect.TimestampSchema, connect.Int64(1)), "field f: int64, but a Timestamp is required"},
		{one(connect.NewDecimal(1).MustBuild(), connect.Bytes(nil)), "field f: bytes, but a decimal is required"},
		{one(empty, (&connect.Struct{Schema: full()}).Value()), "field f: the struct is of another schema than its field"},
		{connect.Datum{Schema: empty, Value: connect.Int32(1)}, "int32, but a struct is required"},
		{connect.Datum{Schema: connect.Int32Schema, Value: connect.String("x")}, "string, but int32 is required"},
	}
	for _, tt := range tests {
		w := defaults.newWriter(tt.d.Schema)
		if w.err != nil {
			t.Error(w.err)
			continue
		}
		if _, err := w.plan.write(nil, tt.d.Value); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}

// TestWriteOneof writes the field of a oneof that is there, also where it is
// its type's default.
func TestWriteOneof(t *testing.T) {
	s := choices()
	w := defaults.newWriter(s)
	if w.err != nil {
		t.Fatal(w.err)
	}
	union := func(i int, v ...connect.Value) connect.Value {
		return (&connect.Struct{Schema: s.Fields()[i].Schema, Slots: v}).Value()
	}
	d := (&connect.Struct{Schema: s.Fields()[0].Schema.Fields()[1].Schema, Slots: []connect.Value{connect.Int32(5)}}).Value()
	rest := []connect.Value{connect.String("YES"), connect.Int64(-1), connect.String("NO"), connect.Null}
	tests := []struct {
		slots []connect.Value
		want  string
	}{
		{[]connect.Value{union(0, connect.String(""), connect.Null), union(1, connect.Int64(0))}, "2200 3000 3801 4001"},
		{[]connect.Value{union(0, connect.Null, d), connect.Null}, "2a020805 3801 4001"},
	}
	for _, tt := range tests {
		got, err := w.plan.write(nil, (&connect.Struct{Schema: s, Slots: append(tt.slots, rest...)}).Value())
		if err != nil || string(got) != string(unhex(t, tt.want)) {
			t.Errorf("got %x, %v, want %s", got, err, tt.want)
		}
	}
	none := append([]connect.Value{union(0, connect.Null, connect.Null), connect.Null}, rest...)
	if _, err := w.plan.write(nil, (&connect.Struct{Schema: s, Slots: none}).Value()); err == nil || err.Error() != "field text: a oneof none of whose fields is there" {
		t.Errorf("got %v", err)
	}
}

// TestWriteDefaults puts a schema's default for a null, unless it is told not
// to.
func TestWriteDefaults(t *testing.T) {
	s := connect.NewStruct().Name("M").Field("f", connect.NewSchema(connect.KindInt32).Optional().Default(connect.Int32(7)).MustBuild()).MustBuild()
	v := (&connect.Struct{Schema: s, Slots: make([]connect.Value, 1)}).Value()
	for ignore, want := range map[bool]string{false: "\x08\x07", true: ""} {
		c := defaults
		c.IgnoreDefaultForNullables = ignore
		if got, err := c.newWriter(s).plan.write(nil, v); err != nil || string(got) != want {
			t.Errorf("%v: got %x, %v, want %x", ignore, got, err, want)
		}
	}
}

// TestLength moves what was written when its length takes more room than was
// left for it, and less.
func TestLength(t *testing.T) {
	s := connect.NewStruct().Name("M").Field("n", connect.NewStruct().Name("N").Field("t", connect.StringSchema).MustBuild()).MustBuild()
	w := defaults.newWriter(s)
	plan := planOf(t, defaults, w.own.Text)
	for _, n := range []int{0, 5, 125, 126, 20_000, 3, 300, 2_100_000, 1} {
		text := strings.Repeat("x", n)
		inner := (&connect.Struct{Schema: s.Fields()[0].Schema, Slots: []connect.Value{connect.String(text)}}).Value()
		data, err := w.plan.write(nil, (&connect.Struct{Schema: s, Slots: []connect.Value{inner}}).Value())
		if err != nil {
			t.Fatal(err)
		}
		got, err := new(decoder).read(plan, data, data)
		if err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		if back := got.Struct().Slots[0].Struct().Slots[0].Str(); back != text {
			t.Errorf("a text of %d bytes became one of %d", n, len(back))
		}
	}
}
