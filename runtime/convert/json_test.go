package convert_test

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
)

var (
	plain   = convert.JSON{ReplaceNullWithDefault: true}
	schemas = convert.JSON{SchemasEnable: true, ReplaceNullWithDefault: true}
)

func strict(c convert.JSON) convert.JSON {
	c.Strict = true
	return c
}

func withSchema(schema, payload string) string {
	return `{"schema":` + schema + `,"payload":` + payload + `}`
}

// TestStrict: what Kafka Connect reads with a loss is read without strict, and
// refused with it.
func TestStrict(t *testing.T) {
	const ab = `{"type":"struct","fields":[{"type":"int8","field":"a"},{"type":"string","optional":true,"field":"b"}]}`
	for _, c := range []struct {
		conv convert.JSON
		text string
	}{
		{plain, `1 2`}, {plain, `{} x`}, {plain, `01`}, {plain, `[-00.5]`}, {plain, `9223372036854775808`}, {plain, `1e400`},
		{plain, `{"a":1,"a":1}`}, {plain, `"\ud83d"`}, {plain, `{"\udc00x":1}`}, {plain, `"\ud83d\u0041"`},
		{schemas, withSchema(`{"type":"int32"}`, `"5"`)}, {schemas, withSchema(`{"type":"int32"}`, `1.5`)},
		{schemas, withSchema(`{"type":"int8"}`, `300`)}, {schemas, withSchema(`{"type":"int64"}`, `9223372036854775808`)},
		{schemas, withSchema(`{"type":"boolean"}`, `1`)}, {schemas, withSchema(`{"type":"string"}`, `1`)},
		{schemas, withSchema(`{"type":"bytes"}`, `1`)}, {schemas, withSchema(`{"type":"bytes"}`, `" YWJj YQ== "`)},
		{schemas, withSchema(`{"type":"float"}`, `1e300`)},
		{schemas, withSchema(`{"type":"double"}`, `"x"`)}, {schemas, withSchema(`{"type":"array","items":{"type":"int8"}}`, `{"a":1}`)},
		{schemas, withSchema(ab, `{"a":1,"z":1}`)}, {schemas, withSchema(ab, `{"a":1,"a":1}`)}, {schemas, withSchema(ab, `{"a":1,"b":2}`)},
		{schemas, withSchema(`{"type":"map","keys":{"type":"int8"},"values":{"type":"int8"}}`, `[[1,1],[1,2]]`)},
		{schemas, withSchema(`{"type":"int64","name":"org.apache.kafka.connect.data.Timestamp"}`, `9223372036854775808`)},
		{schemas, `{"schema":null,"payload":1,"payload":2}`},
	} {
		if _, err := open(t, c.conv).Decode("t", []byte(c.text)); err != nil {
			t.Errorf("%s: %v", c.text, err)
		}
		if d, err := open(t, strict(c.conv)).Decode("t", []byte(c.text)); err == nil {
			t.Errorf("%s is read under strict as %v", c.text, d.Value)
		}
	}
}

// TestStrictReadsBack: strict refuses nothing that we write.
func TestStrictReadsBack(t *testing.T) {
	f := connect.NewStruct().Field("d", connect.Float64Schema).Field("f", connect.OptionalFloat32Schema).MustBuild()
	for _, d := range []connect.Datum{
		smallStruct(), mixedStruct(),
		{Schema: f, Value: (&connect.Struct{Schema: f, Slots: []connect.Value{connect.Float64(math.NaN()), connect.Float32(float32(math.Inf(-1)))}}).Value()},
	} {
		codec := open(t, strict(schemas))
		var buf connect.Buffer
		text, err := codec.Encode(&buf, "t", d)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := codec.Decode("t", text); err != nil || !got.Equal(d) {
			t.Errorf("%s became %v, %v", text, got.Value, err)
		}
	}
}

func TestReadErrors(t *testing.T) {
	long := strings.Repeat("secret", 1000)
	for _, c := range []struct {
		conv       convert.JSON
		text, want string
	}{
		{plain, "\x00\x00\x00\x00\x01abc", "looks like Confluent wire format (magic byte 0); the spec says JSON"},
		{schemas, "\x00\x00\x00\x00\x01abc", "looks like Confluent wire format"},
		{schemas, `{"a":1}`, "plain JSON needs schemasEnable: false"},
		{plain, long, `unexpected 's' at byte 0`},
		{plain, `["` + long, "ends too early"},
		{plain, `{"` + long + `" 1}`, "unexpected '1'"},
		{plain, "\"" + long + "\xff\"", "string at byte 1 is not UTF-8"},
		{plain, strings.Repeat("[", 1001), "more than 1000 levels"},
		{plain, strings.Repeat("1", 1001), "number of more than 1000 characters"},
		{plain, `1e99999999999`, "exponent is out of bounds"},
		{plain, `[1e-3000000000]`, "exponent is out of bounds"},
		{plain, `1x`, "unexpected 'x' at byte 1"}, {plain, `truex`, "unexpected 'x' at byte 4"},
		{plain, `"\x"`, "unexpected 'x'"}, {plain, `"\u12g4"`, "bad escape"}, {plain, `"\u12`, "ends too early"}, {plain, `"\`, "ends too early"},
		{plain, `-`, "ends too early"}, {plain, `1.`, "ends too early"}, {plain, `1e+`, "ends too early"}, {plain, `.5`, "unexpected '.'"},
		{schemas, withSchema(`{"type":"struct","fields":[{"type":"int8","field":"a"}]}`, `{"a":null}`), `field "a": null, but int8 is required`},
		{schemas, withSchema(`{"type":"`+long+`"}`, `1`), "schema of an unknown type"},
	} {
		_, err := open(t, c.conv).Decode("t", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q: %v, want %q", c.text, err, c.want)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%.40q: the error tells the data: %v", c.text, err)
		}
	}
}

func TestDeepEnough(t *testing.T) {
	text := strings.Repeat("[", 1000) + strings.Repeat("]", 1000)
	if _, err := open(t, plain).Decode("t", []byte(text)); err != nil {
		t.Error(err)
	}
}

// TestSchemaPointer: messages of one schema share its pointer, whatever comes
// between, so that transforms need to look at it once.
func TestSchemaPointer(t *testing.T) {
	codec := open(t, schemas)
	decode := func(text string) connect.Datum {
		t.Helper()
		d, err := codec.Decode("t", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	a := decode(withSchema(`{"type":"int8"}`, `1`))
	b := decode(withSchema(`{"type":"int8"}`, `2`))
	c := decode(`{"payload":3,"schema":{"type":"int16"}}`)
	d := decode(`{"payload":4,"schema" : {"type":"int8"}}`)
	if a.Schema != b.Schema || a.Schema != d.Schema || a.Schema == c.Schema {
		t.Error("equal schemas at different addresses, or the other way round")
	}
	if b.Value.Int() != 2 || c.Value.Int() != 3 || d.Value.Int() != 4 {
		t.Error("a wrong payload")
	}
	// A schema that begins as the last one did is another.
	if e := decode(withSchema(`{"type":"int8","optional":true}`, `5`)); !e.Schema.IsOptional() {
		t.Errorf("schema %v", e.Schema)
	}
	if _, err := codec.Decode("t", []byte(`{"schema":{"type":"int8"}x,"payload":1}`)); err == nil {
		t.Error("rubbish behind a known schema is read")
	}
}

// TestManySchemas goes over the bounds of the caches.
func TestManySchemas(t *testing.T) {
	codec := open(t, schemas)
	var buf connect.Buffer
	for i := range 2500 {
		text := withSchema(`{"type":"int32","optional":false,"version":`+strconv.Itoa(i)+`}`, `7`)
		d, err := codec.Decode("t", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if v, _ := d.Schema.Version(); int(v) != i {
			t.Fatalf("version %d, want %d", v, i)
		}
		if out, err := codec.Encode(&buf, "t", d); err != nil || string(out) != text {
			t.Fatalf("%s became %s, %v", text, out, err)
		}
	}
}

// TestManyMembers would take minutes if looking up keys were quadratic.
func TestManyMembers(t *testing.T) {
	var b bytes.Buffer
	for i := range 200_000 {
		b.WriteString(`,"k` + strconv.Itoa(i/2) + `":1`)
	}
	text := "{" + b.String()[1:] + "}"
	d, err := open(t, plain).Decode("t", []byte(text))
	if err != nil || d.Value.Map().Len() != 100_000 {
		t.Errorf("%d entries, %v", d.Value.Map().Len(), err)
	}
}

// TestResultsStand: a message that is read does not change what was read
// before it, and what was written stays.
func TestResultsStand(t *testing.T) {
	codec := open(t, schemas)
	var buf connect.Buffer
	var data []connect.Datum
	var texts [][]byte
	for i := range 500 {
		d := mixedStruct()
		d.Value.Struct().Slots[0] = connect.Int64(int64(i))
		text, err := codec.Encode(&buf, "t", d)
		if err != nil {
			t.Fatal(err)
		}
		got, err := codec.Decode("t", text)
		if err != nil {
			t.Fatal(err)
		}
		data, texts = append(data, got), append(texts, text)
	}
	for i, d := range data {
		if n := d.Value.Struct().Get("id").Int(); n != int64(i) || !bytes.Contains(texts[i], []byte(`"id":`+strconv.Itoa(i)+`,`)) {
			t.Fatalf("message %d became %d, %s", i, n, texts[i])
		}
	}
}

func TestWriteErrorLeavesTheBuffer(t *testing.T) {
	codec := open(t, plain)
	var buf connect.Buffer
	good, err := codec.Encode(&buf, "t", smallMap())
	if err != nil {
		t.Fatal(err)
	}
	before := string(good)
	if _, err := codec.Encode(&buf, "t", connect.Datum{Value: connect.InstantMilli(0)}); err == nil {
		t.Fatal("an instant without a schema is written")
	}
	if _, err := codec.Encode(&buf, "t", smallStruct()); err != nil || string(good) != before {
		t.Errorf("%s, %v", good, err)
	}
}

func TestEscapes(t *testing.T) {
	for in, want := range map[string]string{
		"\x00\x1f\b\f\n\r\t\"\\/\x7f": `"\u0000\u001F\b\f\n\r\t\"\\/` + "\x7f" + `"`,
		"12345678é\"90":               `"12345678é\"90"`,
		"😀":                           `"\uD83D\uDE00"`,
		"\xff\xe2\x82x":               "\"\uFFFD\uFFFDx\"",
		"\u2028<>&'":                  "\"\u2028<>&'\"",
	} {
		var buf connect.Buffer
		got, err := open(t, plain).Encode(&buf, "t", connect.Datum{Value: connect.String(in)})
		if err != nil || string(got) != want {
			t.Errorf("%q: %s, %v, want %s", in, got, err, want)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	for _, c := range []connect.Converter{
		convert.String{Encoding: "NOPE"}, convert.JSON{DecimalFormat: "numeric"}, convert.JSON{SchemasEnable: true, SchemaContent: "{bad"},
		convert.JSON{SchemasEnable: true, SchemaContent: "{}"},
	} {
		if _, err := c.Open(connect.RoleKey); err == nil {
			t.Errorf("%#v opens", c)
		}
	}
}

// TestNoAllocations holds the hot paths.
func TestNoAllocations(t *testing.T) {
	for name, c := range map[string]struct {
		conv connect.Converter
		d    connect.Datum
		most float64 // chunks, spread over the messages
	}{
		"string":  {convert.String{}, connect.Datum{Value: connect.String(line)}, 0},
		"bytes":   {convert.ByteArray{}, connect.Datum{Value: connect.Bytes([]byte(line))}, 0},
		"struct":  {plain, smallStruct(), 0.01},
		"map":     {plain, smallMap(), 0.01},
		"mixed":   {plain, mixedStruct(), 0.01},
		"schemas": {schemas, mixedStruct(), 0.02},
	} {
		codec := open(t, c.conv)
		var buf connect.Buffer
		n := testing.AllocsPerRun(2000, func() {
			if _, err := codec.Encode(&buf, "t", c.d); err != nil {
				t.Fatal(err)
			}
		})
		if n > c.most {
			t.Errorf("%s: %v allocations a message", name, n)
		}
	}
}

func TestZeroCopy(t *testing.T) {
	var buf connect.Buffer
	in := []byte("x\xffy")
	for _, c := range []connect.Converter{convert.String{}, convert.ByteArray{}} {
		codec := open(t, c)
		d, err := codec.Decode("t", in)
		if err != nil {
			t.Fatal(err)
		}
		out, err := codec.Encode(&buf, "t", d)
		if err != nil || &out[0] != &in[0] || string(out) != string(in) {
			t.Errorf("%T: %q, %v", c, out, err)
		}
	}
}
