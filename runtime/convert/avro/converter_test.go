package avro

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/servertest/registrytest"
)

// plainConverter is a converter as the spec makes it when it says nothing.
func plainConverter() Converter {
	return Converter{
		AutoRegisterSchemas: true, LatestCompatibilityStrict: true, SubjectNameStrategy: "TopicNameStrategy",
		ConnectMetaData: true, FlattenSingletonUnions: true, SchemasCacheConfig: 1000,
	}
}

func open(t testing.TB, c Converter) connect.Codec {
	t.Helper()
	codec, err := c.Open(connect.RoleValue)
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

func mustEncode(t testing.TB, c connect.Codec, d connect.Datum) []byte {
	t.Helper()
	out, err := c.Encode(&connect.Buffer{}, "orders", d)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func mustDecode(t testing.TB, c connect.Codec, data []byte) connect.Datum {
	t.Helper()
	d, err := c.Decode("orders", data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func structOf(s *connect.Schema, slots ...connect.Value) connect.Datum {
	return connect.Datum{Schema: s, Value: (&connect.Struct{Schema: s, Slots: slots}).Value()}
}

var orderV1 = connect.NewStruct().Name("acme.Order").
	Field("id", connect.Int64Schema).Field("note", connect.OptionalStringSchema).MustBuild()

func TestRoundTrip(t *testing.T) {
	f, at := newFakeRegistry(t)
	c := plainConverter()
	c.SchemaRegistry = at
	w, r := open(t, c), open(t, c)
	for range 3 {
		want := structOf(orderV1, connect.Int64(7), connect.String("x"))
		data := mustEncode(t, w, want)
		if string(data) != "\x00\x00\x00\x00\x01\x0e\x02\x02x" {
			t.Errorf("bytes are %x", data)
		}
		if got := mustDecode(t, r, data); !got.Equal(registrytest.Versioned(want, 1)) {
			t.Errorf("got %v of %v", got.Value, got.Schema)
		}
	}
	if f.asked != 3 {
		t.Errorf("the registry was asked %d times, want once to write, and for the schema and its version to read", f.asked)
	}
	if len(f.subjects["orders-value"]) != 1 {
		t.Errorf("subjects are %v", f.subjects)
	}
}

func TestNull(t *testing.T) {
	_, at := newFakeRegistry(t)
	c := plainConverter()
	c.SchemaRegistry = at
	codec := open(t, c)
	for _, s := range []*connect.Schema{nil, connect.OptionalStringSchema} {
		if out := mustEncode(t, codec, connect.Datum{Schema: s}); out != nil {
			t.Errorf("null of %v became %x", s, out)
		}
	}
	if _, err := codec.Encode(&connect.Buffer{}, "orders", connect.Datum{Schema: orderV1}); err == nil {
		t.Error("null of a required struct was written")
	}
	if d := mustDecode(t, codec, nil); d != (connect.Datum{}) {
		t.Errorf("a Kafka null became %v", d.Value)
	}
}

func TestEvolutionInMidStream(t *testing.T) {
	_, at := newFakeRegistry(t)
	c := plainConverter()
	c.SchemaRegistry = at
	w, r := open(t, c), open(t, c)
	v2 := connect.NewStruct().Name("acme.Order").Field("id", connect.Int64Schema).
		Field("note", connect.OptionalStringSchema).Field("n", connect.NewSchema(connect.KindInt32).Default(connect.Int32(4)).MustBuild()).MustBuild()
	a := structOf(orderV1, connect.Int64(1), connect.Null)
	b := structOf(v2, connect.Int64(2), connect.Null, connect.Int32(9))
	for i, want := range []connect.Datum{a, b, a, b} {
		if got := mustDecode(t, r, mustEncode(t, w, want)); !got.Equal(registrytest.Versioned(want, int32(1+i%2))) {
			t.Errorf("got %v, want %v", got.Value, want.Value)
		}
	}
}

const orderText2 = `{"type":"record","name":"Order","namespace":"acme","fields":[` +
	`{"name":"note","type":["null","string"],"default":null},{"name":"id","type":"double"},` +
	`{"name":"tag","type":"string","default":"none"}]}`

func TestLatestVersion(t *testing.T) {
	f, at := newFakeRegistry(t)
	auto := plainConverter()
	auto.SchemaRegistry = at
	data := mustEncode(t, open(t, auto), structOf(orderV1, connect.Int64(7), connect.String("x")))

	f.register("orders-value", fakeSchema{Schema: orderText2})
	latest := auto
	latest.AutoRegisterSchemas, latest.UseLatestVersion = false, true
	got := mustDecode(t, open(t, latest), data)
	if got.Value.String() != `{note:"x" id:7 tag:"none"}` || got.Value.Struct().Get("id").Kind() != connect.KindFloat64 {
		t.Errorf("read by the latest: %v of %v", got.Value, got.Schema)
	}

	// The same schema to write: fields by their names, numbers promoted, what
	// is missing by its default.
	data = mustEncode(t, open(t, latest), structOf(orderV1, connect.Int64(7), connect.String("x")))
	if string(data) != "\x00\x00\x00\x00\x02\x02\x02x\x00\x00\x00\x00\x00\x00\x1c\x40\x08none" {
		t.Errorf("written under the latest: %x", data)
	}
}

// TestLatestAllocations: the latest version is asked for with each message, which
// costs no memory, whether it is known for ever or for a minute.
func TestLatestAllocations(t *testing.T) {
	for _, ttl := range []time.Duration{0, time.Minute} {
		f, at := newFakeRegistry(t)
		f.register("orders-value", fakeSchema{Schema: orderText2})
		c := plainConverter()
		c.SchemaRegistry, c.AutoRegisterSchemas, c.UseLatestVersion = at, false, true
		c.SchemaRegistry.LatestCacheTTL = ttl
		codec, d := open(t, c), structOf(orderV1, connect.Int64(7), connect.String("x"))
		data := mustEncode(t, codec, d)
		var buf connect.Buffer
		if got := testing.AllocsPerRun(2000, func() {
			_, wrong := codec.Encode(&buf, "orders", d)
			if _, err := codec.Decode("orders", data); err != nil || wrong != nil {
				t.Fatal(err, wrong)
			}
		}); got > 0 {
			t.Errorf("known for %v: %v allocations", ttl, got)
		}
	}
}

func TestLatestStrict(t *testing.T) {
	f, at := newFakeRegistry(t)
	f.register("orders-value", fakeSchema{Schema: `{"type":"record","name":"Order","namespace":"acme","fields":[{"name":"id","type":"long"},{"name":"note","type":"string"}]}`})
	c := plainConverter()
	c.SchemaRegistry, c.AutoRegisterSchemas, c.UseLatestVersion = at, false, true
	good, bad := structOf(orderV1, connect.Int64(7), connect.String("x")), structOf(orderV1, connect.Int64(7), connect.Null)
	_, err := open(t, c).Encode(&connect.Buffer{}, "orders", good)
	wantError(t, err, "schema id 1 cannot read", "latestCompatibilityStrict", "field note: null was written, which cannot be read as string")

	c.LatestCompatibilityStrict = false
	codec := open(t, c)
	mustEncode(t, codec, good)
	_, err = codec.Encode(&connect.Buffer{}, "orders", bad)
	wantError(t, err, "topic orders under schema id 1", "field note: null, but a value is required")
}

func TestReferences(t *testing.T) {
	f, at := newFakeRegistry(t)
	f.register("address", fakeSchema{Schema: `{"type":"record","name":"Address","namespace":"acme","fields":[{"name":"city","type":"string"}]}`})
	order := fakeSchema{Schema: `{"type":"record","name":"Order","namespace":"acme","fields":[{"name":"to","type":"acme.Address"}]}`}
	order.References = append(order.References, struct {
		Name, Subject string
		Version       int
	}{"acme.Address", "address", 1})
	f.register("orders-value", order)
	c := plainConverter()
	c.SchemaRegistry = at
	got := mustDecode(t, open(t, c), []byte("\x00\x00\x00\x00\x02\x08Oslo"))
	if got.Value.String() != `{to:{city:"Oslo"}}` {
		t.Errorf("got %v", got.Value)
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %q", parts)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q lacks %q", err, p)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	f, at := newFakeRegistry(t)
	f.register("orders-value", fakeSchema{Schema: `{"type":"record","name":"R","fields":[{"name":"a","type":"int"},
		{"name":"lines","type":{"type":"array","items":{"type":"record","name":"L","fields":[{"name":"sku","type":"string"},{"name":"ok","type":["null","boolean"]}]}}},
		{"name":"m","type":{"type":"map","values":"double"}}]}`})
	f.register("nodes", fakeSchema{Schema: `{"type":"record","name":"Node","fields":[{"name":"next","type":["null","Node"]}]}`})
	c := plainConverter()
	c.SchemaRegistry = at
	c.AvroFailOnTrailingData = true
	codec := open(t, c)
	id := "\x00\x00\x00\x00\x01"
	tests := []struct {
		data string
		want []string
	}{
		{"", []string{"topic orders", "is empty"}},
		{`{"a":1}`, []string{"begins with byte 0x7b", "looks like JSON"}},
		{"\x00\x00", []string{"within the schema id"}},
		{"\x00\x00\x00\x00\x63\x02", []string{"topic orders", "schema id 99"}},
		{id, []string{"schema id 1", "field a: the data end within a number (byte 5 of the message)"}},
		{id + "\x80", []string{"field a", "end within a number"}},
		{id + strings.Repeat("\xff", 11), []string{"field a", "more than 64 bits"}},
		{id + "\x80\x80\x80\x80\x10", []string{"field a", "2147483648 is no int"}},
		{id + "\x02\x7f", []string{"field lines", "end within a number"}},
		{id + "\x02\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", []string{"field lines: block of 9223372036854775807 elements"}},
		{id + "\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00", []string{"field lines: block of 9223372036854775808 elements"}},
		{id + "\x02\x02\x08ab", []string{"field lines[0].sku: string of 4 bytes, but 2 are left (byte 8 of the message)"}},
		{id + "\x02\x02\x02a\x06", []string{"field lines[0].ok: type 3 of a union of 2"}},
		{id + "\x02\x02\x02a\x02\x07", []string{"field lines[0].ok: boolean of 0x07"}},
		{id + "\x02\x00\x02\x02k\x00", []string{"field m: block of 1 elements, where the data have room for 0"}},
		{id + "\x02\x00\x00\x01", []string{"1 bytes behind the data"}},
		{"\x00\x00\x00\x00\x02\x02\x00", []string{"schema id 2", "record Node holds itself"}},
	}
	for _, tt := range tests {
		_, err := codec.Decode("orders", []byte(tt.data))
		wantError(t, err, tt.want...)
	}
}

func TestEncodeErrors(t *testing.T) {
	_, at := newFakeRegistry(t)
	c := plainConverter()
	c.SchemaRegistry = at
	codec := open(t, c)
	field := func(s *connect.Schema, v connect.Value) connect.Datum {
		return structOf(connect.NewStruct().Name("R").Field("f", s).MustBuild(), v)
	}
	dec := &connect.Decimal{Unscaled: big.NewInt(5), Scale: 3}
	tests := []struct {
		d    connect.Datum
		want []string
	}{
		{field(connect.Int32Schema, connect.Null), []string{"field f: null, but a value is required"}},
		{field(connect.Int32Schema, connect.Int64(1)), []string{"field f: int64, but the schema says int32"}},
		{field(connect.NewDecimal(2).MustBuild(), dec.Value()), []string{"field f: a Decimal of scale 3, but the schema says 2"}},
		{field(connect.DateSchema, connect.InstantMilli(1)), []string{"field f: a Date with a time of day"}},
		{field(connect.TimeSchema, connect.InstantMilli(-1)), []string{"field f: a Time that is not within one day"}},
		{field(connect.DateSchema, connect.InstantMilli(math.MinInt64/connect.MillisPerDay*connect.MillisPerDay)), []string{"beyond Avro's date"}},
		{field(connect.NewStruct().Name("a b").MustBuild(), connect.Null), []string{`field "f": schema name "a b"`, "scrubInvalidNames"}},
		{structOf(connect.NewStruct().Field("a-b", connect.Int32Schema).MustBuild(), connect.Int32(1)), []string{`field "a-b"`, "scrubInvalidNames"}},
		{field(connect.NewSchema(connect.KindInt64).Name(connect.DateName).MustBuild(), connect.InstantMilli(0)), []string{"is int64, where a Date is int32"}},
		{connect.Datum{Value: connect.Bytes([]byte("x"))}, []string{"bytes without a schema"}},
	}
	for _, tt := range tests {
		_, err := codec.Encode(&connect.Buffer{}, "orders", tt.d)
		wantError(t, err, append(tt.want, "topic orders")...)
	}
}

func TestStrategiesNeedNames(t *testing.T) {
	f, at := newFakeRegistry(t)
	c := plainConverter()
	c.SchemaRegistry, c.SubjectNameStrategy = at, "TopicRecordNameStrategy"
	mustEncode(t, open(t, c), structOf(orderV1, connect.Int64(1), connect.Null))
	if len(f.subjects["orders-acme.Order"]) != 1 {
		t.Errorf("subjects are %v", f.subjects)
	}
	_, err := open(t, c).Encode(&connect.Buffer{}, "orders", connect.Datum{Schema: connect.StringSchema, Value: connect.String("x")})
	wantError(t, err, "TopicRecordNameStrategy")
}

func TestHeadersAreRefused(t *testing.T) {
	c := plainConverter()
	c.SchemaRegistry.URL = []string{"http://127.0.0.1:1"}
	if _, err := c.Open(connect.RoleHeader); err == nil {
		t.Error("opened for headers")
	}
	if err := c.Encodes(connect.RoleHeader, connect.Form{}); err == nil {
		t.Error("encodes headers")
	}
}

func TestDamagedText(t *testing.T) {
	_, at := newFakeRegistry(t)
	c := plainConverter()
	c.SchemaRegistry = at
	codec := open(t, c)
	d := connect.Datum{Schema: connect.StringSchema, Value: connect.String("a\xffb")}
	if got := mustDecode(t, codec, mustEncode(t, codec, d)); got.Value.Str() != "a\uFFFDb" {
		t.Errorf("got %q", got.Value.Str())
	}
}

func TestFlow(t *testing.T) {
	c := plainConverter()
	if err := c.Encodes(connect.RoleValue, connect.Of(orderV1)); err != nil {
		t.Error(err)
	}
	err := c.Encodes(connect.RoleValue, connect.Of(connect.NewStruct().Field("a-b", connect.Int32Schema).MustBuild()))
	wantError(t, err, "avro:", `field "a-b"`)
	if err := c.Encodes(connect.RoleValue, connect.Form{}); err != nil {
		t.Error(err)
	}
	got, err := c.Decodes(connect.RoleValue, connect.Of(orderV1))
	if err != nil || got.Schema != orderV1 {
		t.Errorf("decodes %v, %v", got, err)
	}
	c.AutoRegisterSchemas, c.UseLatestVersion = false, true
	if o := c.Offline().(Converter); len(o.SchemaRegistry.URL) != 1 || o.SchemaRegistry.URL[0] != "mock://offline" || !o.AutoRegisterSchemas || o.UseLatestVersion {
		t.Errorf("offline is %+v", o)
	}
}

func TestParseSchema(t *testing.T) {
	s, err := ParseSchema(orderText2, "")
	if err != nil || s.String() != "acme.Order struct{note:string? id:float64 tag:string}" {
		t.Errorf("got %v, %v", s, err)
	}
	nested := `{"type":"record","name":"A","fields":[{"name":"b","type":{"type":"record","name":"x.B","fields":[]}}]}`
	if s, err = ParseSchema(nested, "x.B"); err != nil || s.Name() != "x.B" {
		t.Errorf("got %v, %v", s, err)
	}
	for text, want := range map[string]string{
		``:                  "the JSON ends too early",
		`{"type":"rec"}`:    `type "rec" is not defined`,
		`{"type":"record"}`: "record without a name",
		`{"type":"array"}`:  `array without "items"`,
		`["int",["long"]]`:  "union within a union",
		`["int","int"]`:     "union with int twice",
		`"null"`:            "null alone",
		`1`:                 "where a type is needed",
		`"int" x`:           "behind the JSON",
		`{"type":"record","name":"A","fields":[{"name":"a","type":"A"}]}`: "record A holds itself",
		`{"type":"enum","name":"E","symbols":["a","a"]}`:                  `symbol "a" twice`,
		`{"type":"fixed","name":"F","size":-1}`:                           "a size is needed",
		strings.Repeat(`{"type":"array","items":`, 600) + `"int"`:         "levels",
	} {
		_, err := ParseSchema(text, "")
		wantError(t, err, "avro: ", want)
	}
	_, err = ParseSchema(nested, "y.C")
	wantError(t, err, `no type "y.C"`)
}

// TestManyTypes writes a union whose types' numbers take two bytes.
func TestManyTypes(t *testing.T) {
	f, at := newFakeRegistry(t)
	c := plainConverter()
	c.SchemaRegistry, c.AutoRegisterSchemas, c.UseLatestVersion = at, false, true
	text := "["
	for i := range 100 {
		text += fmt.Sprintf(`{"type":"fixed","name":"F%d","size":1},`, i)
	}
	f.register("orders-value", fakeSchema{Schema: text + `"null","string"]`})
	codec := open(t, c)
	got := mustEncode(t, codec, connect.Datum{Schema: connect.OptionalStringSchema, Value: connect.String("x")})
	if string(got[5:]) != "\xca\x01\x02x" {
		t.Errorf("got %x", got)
	}
	if v := mustDecode(t, codec, got).Value.Struct(); v.Get("string").Str() != "x" {
		t.Errorf("read %v", v)
	}
}
