package convert_test

import (
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
)

func openHeader(tb testing.TB, c connect.Converter) connect.Codec {
	tb.Helper()
	codec, err := c.Open(connect.RoleHeader)
	if err != nil {
		tb.Fatal(err)
	}
	return codec
}

func TestSimpleHeaderIsForHeaders(t *testing.T) {
	for _, role := range []connect.Role{connect.RoleKey, connect.RoleValue} {
		if _, err := (convert.SimpleHeader{}).Open(role); err == nil {
			t.Errorf("it opens for a %v", role)
		}
	}
}

// TestHeadersKeepDamage: text that is not UTF-8 passes through as it is, where
// Kafka Connect puts U+FFFD.
func TestHeadersKeepDamage(t *testing.T) {
	codec := openHeader(t, convert.SimpleHeader{})
	for _, text := range []string{"\xff\xfe", "a\xc3", "9\xff", "[\xff]", "\"\xed\xa0\x80"} {
		d, err := codec.Decode("t", []byte(text))
		if err != nil || d.Value.Str() != text {
			t.Errorf("%q is read as %v, %v", text, d.Value, err)
			continue
		}
		var buf connect.Buffer
		if b, err := codec.Encode(&buf, "t", d); err != nil || string(b) != text {
			t.Errorf("%q is written as %q, %v", text, b, err)
		}
	}
}

// TestUntypedJSON: what ParseValue finds no common schema for, JSON writes as
// JsonConverter does, with null for the schema. The last is what JsonConverter
// has a NullPointerException for.
func TestUntypedJSON(t *testing.T) {
	for _, c := range []struct{ text, plain, envelope string }{
		{`[1,"a",true]`, `[1,"a",true]`, `{"schema":{"type":"array","items":null,"optional":false},"payload":[1,"a",true]}`},
		{`[]`, `[]`, `{"schema":{"type":"array","items":null,"optional":false},"payload":[]}`},
		{`[null]`, `[null]`, `{"schema":{"type":"array","items":null,"optional":false},"payload":[null]}`},
		{
			`{"a":1,"b":"x"}`, `{"a":1,"b":"x"}`,
			`{"schema":{"type":"map","keys":{"type":"string","optional":false},"values":null,"optional":false},"payload":{"a":1,"b":"x"}}`,
		},
		{`{}`, `{}`, `{"schema":{"type":"map","keys":null,"values":null,"optional":false},"payload":{}}`},
	} {
		d, err := openHeader(t, convert.SimpleHeader{}).Decode("t", []byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		for _, schemas := range []bool{false, true} {
			want := c.plain
			if schemas {
				want = c.envelope
			}
			var buf connect.Buffer
			b, err := openHeader(t, convert.JSON{SchemasEnable: schemas, ReplaceNullWithDefault: true}).Encode(&buf, "t", d)
			if err != nil || string(b) != want {
				t.Errorf("%s is written as %s, %v, want %s", c.text, b, err, want)
			}
		}
	}
}

// FuzzSimpleHeader: nothing panics, and what is read can be written.
func FuzzSimpleHeader(f *testing.F) {
	for _, s := range []string{"", "null", "-1.5e3", `[1,{"a":[null]}]`, "2024-02-29T12:34:56.789Z", `"\"`, "{1:2,}", "1e2147483647", "99:99:99.999Z"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		codec := openHeader(t, convert.SimpleHeader{})
		d, err := codec.Decode("t", data)
		if err != nil {
			t.Fatal(err)
		}
		var buf connect.Buffer
		if _, err := codec.Encode(&buf, "t", d); err != nil {
			t.Fatal(err)
		}
		for _, c := range []connect.Converter{convert.JSON{SchemasEnable: true}, convert.String{}} {
			_, _ = openHeader(t, c).Encode(&buf, "t", d)
		}
	})
}

func BenchmarkSimpleHeaderDecode(b *testing.B) {
	for _, text := range []string{"4bf92f3577b34da6a3ce929d0e0e4736", "application/json", "42", "2024-02-29T12:34:56.789Z"} {
		b.Run(text, func(b *testing.B) {
			codec, data := openHeader(b, convert.SimpleHeader{}), []byte(text)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := codec.Decode("t", data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
