package protobuf

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"kcgen.dev/runtime/connect"
)

// person is a small schema and a value of it.
func person(name string, fields ...string) connect.Datum {
	b := connect.NewStruct().Name(name)
	var slots []connect.Value
	for _, f := range fields {
		b.Field(f, connect.StringSchema)
		slots = append(slots, connect.String(strings.ToUpper(f)))
	}
	s := b.MustBuild()
	return connect.Datum{Schema: s, Value: (&connect.Struct{Schema: s, Slots: slots}).Value()}
}

func encode(t *testing.T, c connect.Codec, topic string, d connect.Datum) []byte {
	t.Helper()
	out, err := c.Encode(new(connect.Buffer), topic, d)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestConverterRegisters(t *testing.T) {
	r := newRegistry(t)
	c := r.open(usual())
	got := encode(t, c, "people", person("io.acme.Person", "a", "b"))
	if want := "0000000001" + "00" + "0a0141" + "120142"; hex.EncodeToString(got) != want {
		t.Errorf("got %x, want %s", got, want)
	}
	if got, want := r.text(1), "syntax = \"proto3\";\npackage io.acme;\n\nmessage Person {\n  string a = 1;\n  string b = 2;\n}\n"; got != want {
		t.Errorf("registered %q, want %q", got, want)
	}
	d, err := c.Decode("people", got)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := describe(d.Schema)+" "+show(d.Value), `Person:struct {a string? Tag=1; b string? Tag=2} {a="A" b="B"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestConverterNulls(t *testing.T) {
	c := newRegistry(t).open(usual())
	for _, d := range []connect.Datum{{}, {Schema: connect.OptionalStringSchema}, {Schema: person("P", "a").Schema}} {
		if got := encode(t, c, "t", d); got != nil {
			t.Errorf("a null is %x", got)
		}
	}
	if d, err := c.Decode("t", nil); err != nil || d.Schema != nil || !d.IsNull() {
		t.Errorf("a Kafka null is %v, %v", d, err)
	}
}

// TestConverterPrimitives writes data that are no struct as wrappers.
func TestConverterPrimitives(t *testing.T) {
	tests := []struct {
		schema *connect.Schema
		v      connect.Value
		want   string // behind the id
		back   string
	}{
		{connect.Float64Schema, connect.Float64(1), "00" + "09000000000000f03f", "float64 1"},
		{connect.Float32Schema, connect.Float32(1), "0202" + "0d0000803f", "float32 1"},
		{connect.Int64Schema, connect.Int64(-1), "0204" + "08ffffffffffffffffff01", "int64 -1"},
		{connect.Int32Schema, connect.Int32(5), "0208" + "0805", "int32 5"},
		{connect.Int8Schema, connect.Int8(5), "0208" + "0805", "int32 5"},
		{connect.BoolSchema, connect.Bool(true), "020c" + "0801", "boolean true"},
		{connect.BoolSchema, connect.Bool(false), "020c", "boolean false"},
		{connect.StringSchema, connect.String("x"), "020e" + "0a0178", `string "x"`},
		{connect.BytesSchema, connect.Bytes([]byte{1}), "0210" + "0a0101", "bytes 01"},
	}
	c := newRegistry(t).open(usual())
	for _, tt := range tests {
		got := encode(t, c, "t", connect.Datum{Schema: tt.schema, Value: tt.v})
		if want := "0000000001" + tt.want; hex.EncodeToString(got) != want {
			t.Errorf("%v: got %x, want %s", tt.schema, got, want)
			continue
		}
		d, err := c.Decode("t", got)
		if err != nil {
			t.Error(err)
		} else if back := describe(d.Schema) + " " + show(d.Value); back != tt.back {
			t.Errorf("%v: read back as %s, want %s", tt.schema, back, tt.back)
		}
	}
	whole := usual()
	whole.WrapperForRawPrimitives = false
	d, err := newRegistryOf(t, c, whole).Decode("t", encode(t, c, "t", connect.Datum{Schema: connect.StringSchema, Value: connect.String("x")}))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := describe(d.Schema)+" "+show(d.Value), `StringValue:struct {value string? Tag=1} {value="x"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// newRegistryOf opens another codec on the registry of one that is open.
func newRegistryOf(t *testing.T, c connect.Codec, conv Converter) connect.Codec {
	t.Helper()
	conv.SchemaRegistry = c.(*codec).SchemaRegistry
	out, err := conv.Open(connect.RoleValue)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestConverterIndexes reads messages by their place, those in others too.
func TestConverterIndexes(t *testing.T) {
	r := newRegistry(t)
	id := r.add("t-value", `syntax = "proto3"; package p;
		message A { map<string, A1> m = 1; message A0 { int32 x = 1; } message A1 { int32 y = 1; message Deep { int32 z = 1; } } }
		message B { int32 b = 1; }`)
	if id != 1 {
		t.Fatal(id)
	}
	c := r.open(usual())
	tests := []struct{ indexes, data, want string }{
		{"00", "", "A:struct {m m:map? Tag=1 [string? Tag=1 → A1:struct? Tag=2 {y int32? Tag=1}]} {m=map[]}"},
		{"0200", "", "A:struct {m m:map? Tag=1 [string? Tag=1 → A1:struct? Tag=2 {y int32? Tag=1}]} {m=map[]}"},
		{"0202", "0805", "B:struct {b int32? Tag=1} {b=5}"},
		{"040000", "0805", "A0:struct {x int32? Tag=1} {x=5}"},
		{"040002", "0805", "A1:struct {y int32? Tag=1} {y=5}"},
		{"06000200", "0805", "Deep:struct {z int32? Tag=1} {z=5}"},
	}
	for _, tt := range tests {
		d, err := c.Decode("t", unhex(t, "0000000001"+tt.indexes+tt.data))
		if err != nil {
			t.Errorf("%s: %v", tt.indexes, err)
		} else if got := describe(d.Schema) + " " + show(d.Value); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.indexes, got, tt.want)
		}
	}
	for _, indexes := range []string{"0204", "0201", "04000004", "80", "03", "8080808010", "040006", "7e", ""} {
		if d, err := c.Decode("t", unhex(t, "0000000001"+indexes)); err == nil || !strings.Contains(err.Error(), "schema id 1") {
			t.Errorf("indexes %s: got %v, %v", indexes, d, err)
		}
	}
}

func TestConverterReferences(t *testing.T) {
	r := newRegistry(t)
	r.add("inner", `syntax = "proto3"; package q; message Inner { int32 x = 1; } enum E { ZERO = 0; ONE = 1; }`)
	r.add("middle", `syntax = "proto3"; package q; import public "inner.proto"; message Middle { Inner inner = 1; }`, sr.SchemaReference{Name: "inner.proto", Subject: "inner", Version: 1})
	id := r.add("t-value", `syntax = "proto3"; package p; import "middle.proto"; message M { q.Middle a = 1; q.Inner b = 2; q.E c = 3; }`, sr.SchemaReference{Name: "middle.proto", Subject: "middle", Version: 1})
	if id != 3 {
		t.Fatal(id)
	}
	d, err := r.open(usual()).Decode("t", unhex(t, "0000000003 00 0a04 0a020801 1202 0802 18 01"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := show(d.Value), `{a={inner={x=1}} b={x=2} c="ONE"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestConverterLatest(t *testing.T) {
	r := newRegistry(t)
	const other = `syntax = "proto3"; message Else { int32 x = 1; } `
	r.add("good-value", other+`message Person { string a = 1; string b = 2; int32 more = 3; }`)
	r.add("bad-value", `syntax = "proto3"; message Person { string b = 1; string a = 2; }`)
	r.add("none-value", other)
	latest := usual()
	latest.AutoRegisterSchemas, latest.UseLatestVersion = false, true
	c := r.open(latest)

	got := encode(t, c, "good", person("Person", "a", "b"))
	if want := "0000000001" + "0202" + "0a0141" + "120142"; hex.EncodeToString(got) != want {
		t.Errorf("got %x, want %s", got, want)
	}
	if d, err := c.Decode("good", got); err != nil || show(d.Value) != `{a="A" b="B" more=0}` {
		t.Errorf("got %v, %v", show(d.Value), err)
	}
	for topic, want := range map[string]string{
		"bad":  "protobuf: write to topic bad: schema id 2 does not fit the records' own (latestCompatibilityStrict): message Person: field a has the number 1 in the one and not in the other",
		"none": "protobuf: write to topic none: schema id 3 does not fit the records' own (latestCompatibilityStrict): it has no message Person",
	} {
		if _, err := c.Encode(new(connect.Buffer), topic, person("Person", "a", "b")); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	lax := latest
	lax.LatestCompatibilityStrict = false
	if got := encode(t, r.open(lax), "none", person("Person", "a")); hex.EncodeToString(got) != "0000000003"+"00"+"0a0141" {
		t.Errorf("got %x", got)
	}
}

func TestConverterErrors(t *testing.T) {
	r := newRegistry(t)
	c := r.open(usual())
	recursive := r.add("recursive", `syntax = "proto3"; message M { M m = 1; }`)
	tests := []struct{ name, data, want string }{
		{"JSON", hex.EncodeToString([]byte(`{"a":1}`)), "protobuf: read from topic t: the message begins with byte 0x7b, not with Confluent's magic byte 0; it looks like JSON (convert.#JSON)"},
		{"nothing", "", "protobuf: read from topic t: the message is empty"},
		{"an unknown id", "000000000900", "protobuf: read from topic t: registry: schema id 9"},
		{"a recursive message", "000000000100", "protobuf: read from topic t: schema id 1: field m: message M contains itself"},
	}
	if recursive != 1 {
		t.Fatal(recursive)
	}
	for _, tt := range tests {
		if _, err := c.Decode("t", append([]byte{}, unhex(t, tt.data)...)); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: got  %v\nwant %s", tt.name, err, tt.want)
		}
	}
	if _, err := c.Encode(new(connect.Buffer), "t", connect.Datum{Value: connect.String("x")}); err == nil {
		t.Error("data without a schema are written")
	}
	if _, err := usual().Open(connect.RoleHeader); err == nil {
		t.Error("headers are written")
	}
}

func TestIndexes(t *testing.T) {
	for _, indexes := range [][]int{{0}, {1}, {0, 0}, {3, 2, 1}, {100, 70000}} {
		data := appendIndexes(nil, indexes)
		got, rest, err := cutIndexes(append(bytes.Clone(data), 7))
		if err != nil || len(rest) != 1 || len(got) != len(indexes) {
			t.Errorf("%v: %x is read as %v, %x, %v", indexes, data, got, rest, err)
		}
	}
}

// TestConverterEqualSchemas makes no new writer for each of many equal schemas,
// and keeps a bounded number of those that differ.
func TestConverterEqualSchemas(t *testing.T) {
	c := newRegistry(t).open(usual()).(*codec)
	for range 3 {
		encode(t, c, "t", person("P", "a"))
	}
	first := c.writer
	encode(t, c, "t", person("P", "a"))
	if c.writer != first {
		t.Error("an equal schema has a writer of its own")
	}
	for i := range maxKept + 10 {
		c.writerOf(person("Q"+num(i/26)+num(i%26), "a").Schema)
	}
	if len(c.writers) > maxKept {
		t.Errorf("%d writers are kept", len(c.writers))
	}
}
