package convert_test

import (
	"testing"
	"unicode/utf8"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
)

var jsonSeeds = []string{
	``, `null`, `01.5e3`, `{"a":[1,{"b":null}],"a":"x\u00e9\ud83d"}`, `[1e400,-0,-0.0,9223372036854775808]`, "\xEF\xBB\xBF1",
	`{"schema":{"type":"struct","fields":[{"type":"int8","field":"a"},{"type":"map","keys":{"type":"int64"},"values":{"type":"bytes"},"field":"m"}]},"payload":{"a":1,"m":[[1,"YQ=="]]}}`,
	`{"schema":{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"},"default":"AQ=="},"payload":1.25}`,
	`{"schema":{"type":"array","items":{"type":"int32","name":"org.apache.kafka.connect.data.Date"}},"payload":{"x":1,"y":2}}`,
	`{"schema":{"type":"int32","name":"org.apache.kafka.connect.data.Time"},"payload":86400000}`,
}

// FuzzJSONDecode: nothing panics; what is read is written again, and read as
// what it was; strict reads nothing that is not read without it, and the same.
func FuzzJSONDecode(f *testing.F) {
	for _, s := range jsonSeeds {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, envelope bool) {
		conv := convert.JSON{SchemasEnable: envelope}
		codec := open(t, conv)
		d, err := codec.Decode("t", data)
		exact, strictErr := open(t, strict(conv)).Decode("t", data)
		if err != nil {
			if strictErr == nil {
				t.Fatalf("strict reads what is no JSON: %v", exact.Value)
			}
			return
		}
		var buf connect.Buffer
		text, err := codec.Encode(&buf, "t", d)
		if err != nil {
			if strictErr == nil && d.Schema == nil {
				t.Fatalf("%v is not written: %v", d.Value, err)
			}
			return // what was read with a loss need not fit its schema
		}
		back, err := codec.Decode("t", text)
		if err != nil {
			t.Fatalf("%s is not read: %v", text, err)
		}
		again, err := codec.Encode(&buf, "t", back)
		if err != nil || string(again) != string(text) {
			t.Fatalf("%s became %s, %v", text, again, err)
		}
	})
}

// FuzzJSONString: what is written is good JSON, and reads as Java reads the
// string.
func FuzzJSONString(f *testing.F) {
	for _, s := range []string{"", "12345678\"", "é😀\xff\xed\xa0\x80", "\x00\x1f\x7f\u2028"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		codec := open(t, strict(plain))
		var buf connect.Buffer
		text, err := codec.Encode(&buf, "t", connect.Datum{Value: connect.String(s)})
		if err != nil {
			t.Fatal(err)
		}
		d, err := codec.Decode("t", text)
		if want := string(connect.AppendValid(nil, s)); err != nil || d.Value.Str() != want {
			t.Fatalf("%q is written %s and read %q, %v", s, text, d.Value.Str(), err)
		}
	})
}

// FuzzStringDecode: nothing panics, text is UTF-8 unless it is passed through,
// and what an encoding can hold comes back.
func FuzzStringDecode(f *testing.F) {
	f.Add([]byte("a\x00\xd8\xdc"))
	sets := []string{"UTF-8", "US-ASCII", "ISO-8859-1", "UTF-16", "UTF-16BE", "UTF-16LE"}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, set := range sets {
			codec := open(t, convert.String{Encoding: set})
			d, err := codec.Decode("t", data)
			if err != nil {
				t.Fatal(err)
			}
			if set != "UTF-8" && !utf8.ValidString(d.Value.Str()) {
				t.Errorf("%s: %q is not UTF-8", set, d.Value.Str())
			}
			var buf connect.Buffer
			out, err := codec.Encode(&buf, "t", d)
			if err != nil {
				t.Fatal(err)
			}
			back, err := codec.Decode("t", out)
			if err != nil || set != "US-ASCII" && !back.Equal(d) {
				t.Errorf("%s: %q became %q, %v", set, d.Value.Str(), back.Value.Str(), err)
			}
		}
	})
}

// FuzzByteArrayDecode: bytes come back.
func FuzzByteArrayDecode(f *testing.F) {
	f.Add([]byte{0, 255})
	f.Fuzz(func(t *testing.T, data []byte) {
		codec := open(t, convert.ByteArray{})
		d, err := codec.Decode("t", data)
		if err != nil {
			t.Fatal(err)
		}
		var buf connect.Buffer
		if out, err := codec.Encode(&buf, "t", d); err != nil || string(out) != string(data) || (out == nil) != (data == nil) {
			t.Errorf("%q became %q, %v", data, out, err)
		}
	})
}
