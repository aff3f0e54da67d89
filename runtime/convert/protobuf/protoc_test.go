package protobuf

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/servertest"
)

// metaFile declares the options that Confluent writes. Its programs know them
// without an import; protoc does not.
const metaFile = meta + `
import "google/protobuf/descriptor.proto";
extend google.protobuf.FieldOptions { Meta field_meta = 1088; }`

// protocCase is a message that was written, for protoc's code to read.
func protocCase(number int, w *writer, data []byte) servertest.ProtobufCase {
	files := maps.Clone(known)
	files["confluent/meta.proto"] = metaFile
	for name := range files {
		if strings.HasPrefix(name, "google/protobuf/") {
			delete(files, name) // protoc has its own
		}
	}
	// A program may know a name once, so that each case has its package.
	pkg := fmt.Sprintf("case%d", number)
	text := strings.Replace(w.own.Text, "syntax = \"proto3\";\n", "syntax = \"proto3\";\nimport \"confluent/meta.proto\";\n", 1)
	if i := strings.Index(text, "package "); i >= 0 {
		text = text[:i] + "package " + pkg + text[i+strings.Index(text[i:], ";"):]
	} else {
		text = strings.Replace(text, "import", "package "+pkg+";\nimport", 1)
	}
	files[pkg+".proto"] = text
	return servertest.ProtobufCase{Files: files, Main: pkg + ".proto", Message: w.made.root.name, Data: data}
}

// fullValue is a value of the schema of every kind.
func fullValue() connect.Datum {
	s := full()
	line := func(sku string, count connect.Value) connect.Value {
		return (&connect.Struct{Schema: s.Fields()[16].Schema, Slots: []connect.Value{connect.String(sku), count}}).Value()
	}
	array := func(v ...connect.Value) connect.Value { return (&connect.Array{Elems: v}).Value() }
	slots := []connect.Value{
		connect.Int8(-8), connect.Int16(1600), connect.Int32(-32), connect.Int64(1 << 53), connect.Float32(1.5), connect.Float64(-2.5e300), connect.Bool(true),
		connect.String("añ€😀"), connect.Bytes([]byte{0, 255}), (&connect.Decimal{Unscaled: big.NewInt(-12345), Scale: 2}).Value(),
		connect.Instant(time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)), connect.InstantMilli(3_723_004), connect.Instant(time.Date(1969, 12, 31, 23, 59, 59, 123456789, time.UTC)),
		array(connect.String("a"), connect.String("")), array(connect.Int64(-1), connect.Int64(0), connect.Int64(300)),
		connect.MapOf(connect.Entry{Key: connect.String("k"), Value: connect.Int32(1)}, connect.Entry{Key: connect.String(""), Value: connect.Int32(0)}).Value(),
		line("x", connect.Int32(3)), array(line("y", connect.Null), line("", connect.Int32(-1))),
		(&connect.Struct{Schema: s.Fields()[18].Schema, Slots: []connect.Value{connect.Int32(9)}}).Value(),
	}
	return connect.Datum{Schema: s, Value: (&connect.Struct{Schema: s, Slots: slots}).Value()}
}

// fullJSON is what protoc's code reads of it.
const fullJSON = `{
	"i8": -8, "i16": 1600, "i32": -32, "i64": "9007199254740992", "f32": 1.5, "f64": -2.5e300, "flag": true, "text": "añ€😀", "raw": "AP8=",
	"price": {"value": "z8c=", "precision": 5, "scale": 2}, "day": {"year": 2024, "month": 2, "day": 29},
	"time": {"hours": 1, "minutes": 2, "seconds": 3, "nanos": 4000000}, "at": "1969-12-31T23:59:59.123456789Z", "tags": ["a", ""], "numbers": ["-1", "0", "300"],
	"counts": [{"key": "k", "value": 1}, {}], "line": {"sku": "x", "count": 3}, "lines": [{"sku": "y"}, {"count": -1}], "nested": {"x": 9}
}`

// TestProtoc has code that protoc generated read what we write, and reads what
// it writes.
func TestProtoc(t *testing.T) {
	d := fullValue()
	first := defaults.newWriter(d.Schema)
	data, err := first.plan.write(nil, d.Value)
	if err != nil {
		t.Fatal(err)
	}
	writers, values := []*writer{first}, []connect.Value{d.Value}
	cases := []servertest.ProtobufCase{protocCase(0, first, data)}
	convs := []Converter{defaults}
	for seed := uint64(1); seed <= 40; seed++ {
		r := &random{Rand: rand.New(rand.NewPCG(seed, 1))}
		c := defaults
		c.OptionalForNullables, c.WrapperForNullables = r.chance(3), r.chance(3)
		s := r.schema(3)
		w, v := c.newWriter(s), r.value(s)
		data, err := w.plan.write(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		writers, values, convs = append(writers, w), append(values, v), append(convs, c)
		cases = append(cases, protocCase(len(cases), w, data))
	}
	back, texts := servertest.Protoc(t, cases)
	for i := range cases {
		plan := planOf(t, convs[i], writers[i].own.Text)
		got, err := new(decoder).read(plan, back[i], back[i])
		if err != nil {
			t.Fatalf("case %d: %v", i, err)
		}
		if why := differ(values[i], got); why != "" {
			t.Errorf("case %d: %s\n%s", i, why, writers[i].own.Text)
		}
	}
	var got, want any
	if err := json.Unmarshal([]byte(texts[0]), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(fullJSON), &want); err != nil {
		t.Fatal(err)
	}
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("protoc's code reads\n%s\nwant\n%s", g, w)
	}
}
