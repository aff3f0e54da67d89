package avro

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
)

// vector is what Confluent's own AvroData answered.
type vector struct {
	ID     string            `json:"id"`
	Op     string            `json:"op"`
	Config map[string]string `json:"config"`
	Data   json.RawMessage   `json:"data"`   // with its schema, as JsonConverter writes it
	Schema json.RawMessage   `json:"schema"` // alone
	Writer string            `json:"writer"`
	Reader string            `json:"reader"`
	Text   string            `json:"text"`
	Bytes  *string           `json:"bytes"`
	Error  string            `json:"error"`
}

// deviations are vectors that are answered otherwise, with our answer.
var deviations = map[string]string{
	// Confluent writes the name alone where a second type has it, so that the
	// data cannot be read.
	"two-mapentries-differ": `error: field "n": two types have the name io.confluent.connect.avro.MapEntry`,
	"name-twice-differ":     `error: field "b": two types have the name S`,
	// A default that is no array is no default, and is not marked as one.
	"d-defaults-bad": `null`,
	// Confluent counts null among the fields when it reads, not when it names
	// them, and fails.
	"d-union-gen-1":       `{connect_union_field_1:5 `,
	"d-union-field-gen-1": `{u:{connect_union_field_1:5 `,
	"d-union-gen-2":       `{connect_union_field_1:null connect_union_field_2:"a" `,
	"d-union-field-gen-2": `{u:{connect_union_field_1:null connect_union_field_2:"a" `,
	"d-union-gen-3":       `{connect_union_field_1:null connect_union_field_2:null connect_union_field_3:{a:3} `,
	"d-union-field-gen-3": `{u:{connect_union_field_1:null connect_union_field_2:null connect_union_field_3:{a:3} `,
	"d-union-gen-4":       `connect_union_field_4:"B"}`,
	"d-union-field-gen-4": `connect_union_field_4:"B"}`,
	// Its defaults that are structs make data unreadable ("Mismatching
	// schema"); here the schema is without them.
	"d-union-default-int": `{u:{int:5 string:null}}`,
	"e-add-default":       `{a:5 b:"x" c:null d:[1] e:{y:4} g:"Q"}`,
	// A number beyond int8 is an error, not another number.
	"d-int8-range": `error: 128 is beyond int8`,
	// A default of the wrong type is none, not zero.
	"d-connect-default-bad": `5`,
	// The default of a map with int keys, which Confluent writes but does not
	// read.
	"back-map-default": `{m:map["b":2] a:["z"] e:map[3:4]}`,
	// A hyphen in a namespace: Avro 1.11 reads it, 1.12 does not.
	"back-name-bad": `{a:1}`,
}

func TestVectors(t *testing.T) {
	for _, v := range readVectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			if want, ok := deviations[v.ID]; ok {
				if got := v.answer(t); !strings.Contains(got, want) {
					t.Errorf("got %s, want %s", got, want)
				}
				return
			}
			if v.Op == "encode" {
				v.encode(t)
			} else {
				v.decode(t)
			}
		})
	}
}

// answer is ours, in short.
func (v vector) answer(t *testing.T) (got string) {
	var err error
	if v.Op == "encode" {
		var d connect.Datum
		if d, err = jsonCodec(t).Decode("", v.Data); err == nil {
			got, _, err = encodeDatum(v.options(), d)
		}
	} else {
		var d connect.Datum
		d, err = v.read()
		got = d.Value.String()
	}
	if err != nil {
		return "error: " + err.Error()
	}
	return got
}

func readVectors(t testing.TB) (out []vector) {
	f, err := os.Open("testdata/avrodata.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

func (v vector) options() *options {
	on := func(name string) bool { return v.Config[name] == "true" }
	return Converter{
		EnhancedAvroSchemaSupport: on("enhanced.avro.schema.support"),
		GeneralizedSumTypeSupport: on("generalized.sum.type.support"),
		ConnectMetaData:           v.Config["connect.meta.data"] != "false",
		ScrubInvalidNames:         on("scrub.invalid.names"),
		DiscardTypeDocDefault:     on("discard.type.doc.default"),
		AllowOptionalMapKeys:      on("allow.optional.map.keys"),
		FlattenSingletonUnions:    v.Config["flatten.singleton.unions"] != "false",
		IgnoreDefaultForNullables: on("ignore.default.for.nullables"),
	}.options()
}

func jsonCodec(t testing.TB) connect.Codec {
	c, err := convert.JSON{SchemasEnable: true}.Open(connect.RoleValue)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (v vector) encode(t *testing.T) {
	d, err := jsonCodec(t).Decode("", v.Data)
	var got, schemaText string
	if err == nil {
		got, schemaText, err = encodeDatum(v.options(), d)
	}
	switch {
	case err != nil && v.Error == "":
		t.Fatalf("got error %v, want none", err)
	case err == nil && v.Error != "":
		t.Fatalf("got %s, want error %s", got, v.Error)
	case err != nil:
		return
	case schemaText != v.Text:
		t.Errorf("schema:\n got %s\nwant %s", schemaText, v.Text)
	}
	if v.Bytes == nil && got != "null" || v.Bytes != nil && got != *v.Bytes {
		t.Errorf("bytes:\n got %s\nwant %s", got, v.wantBytes())
	}
}

func (v vector) wantBytes() string {
	if v.Bytes == nil {
		return "null"
	}
	return *v.Bytes
}

// encodeDatum gives the bytes in hex, and the schema's text.
func encodeDatum(o *options, d connect.Datum) (got, schemaText string, err error) {
	own, err := o.avroSchema(d.Schema)
	if err != nil {
		return "", "", err
	}
	if schemaText, err = text(own); err != nil {
		return "", "", err
	}
	plan, err := o.plan(d.Schema, own, own)
	if err != nil {
		return "", "", err
	}
	if plan.isNull(d.Value) {
		return "null", schemaText, nil
	}
	if d.Value.IsNull() && (d.Schema == nil || d.Schema.IsOptional()) {
		return "null", schemaText, nil
	}
	raw, err := appendValue(nil, plan, d.Value)
	return hex.EncodeToString(raw), schemaText, err
}

func (v vector) decode(t *testing.T) {
	d, err := v.read()
	switch {
	case err != nil && v.Error == "":
		t.Fatalf("got error %v, want none", err)
	case err == nil && v.Error != "":
		t.Fatalf("got %v, want error %s", d.Value, v.Error)
	case err != nil:
		return
	}
	want := v.Data
	if v.Bytes == nil {
		want = []byte(`{"schema":` + string(v.Schema) + `,"payload":null}`)
		d.Schema = required(d.Schema)
	}
	if string(want) == "null" {
		if !d.Value.IsNull() {
			t.Fatalf("got %v, want null", d.Value)
		}
		return
	}
	got, err := jsonCodec(t).Encode(&connect.Buffer{}, "", d)
	if v.Bytes == nil {
		got, err = schemaJSON(t, d.Schema)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !sameText(got, want) {
		t.Errorf("data:\n got %s\nwant %s", got, want)
	}
}

// schemaJSON is the schema in JsonConverter's form.
func schemaJSON(t testing.TB, s *connect.Schema) ([]byte, error) {
	b := connect.NewArray(s)
	full, err := jsonCodec(t).Encode(&connect.Buffer{}, "", connect.Datum{Schema: b.MustBuild(), Value: (&connect.Array{}).Value()})
	if err != nil {
		return nil, err
	}
	var e struct {
		Schema struct{ Items json.RawMessage }
	}
	if err := json.Unmarshal(full, &e); err != nil {
		return nil, err
	}
	return []byte(`{"schema":` + string(e.Schema.Items) + `,"payload":null}`), nil
}

func sameText(a, b []byte) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return bytes.Equal(a, b)
	}
	return reflect.DeepEqual(x, y)
}

// read does what a codec does with the message.
func (v vector) read() (connect.Datum, error) {
	o := v.options()
	w, err := parse(v.Writer, nil)
	if err != nil {
		return connect.Datum{}, err
	}
	r := w
	if v.Reader != "" {
		if r, err = parse(v.Reader, nil); err != nil {
			return connect.Datum{}, err
		}
	}
	if r.kind == kindNull {
		return connect.Datum{}, nil
	}
	s, err := o.connectSchema(r)
	if err != nil || v.Bytes == nil {
		return connect.Datum{Schema: s}, err
	}
	plan, err := o.resolve(w, r, s, false)
	if err != nil {
		return connect.Datum{}, err
	}
	data, err := hex.DecodeString(*v.Bytes)
	if err != nil {
		return connect.Datum{}, err
	}
	c := &codec{options: o}
	val, err := c.read(&reader{schema: s, plan: plan, raw: w.kind == kindBytes}, data, 5)
	return connect.Datum{Schema: s, Value: val}, err
}
