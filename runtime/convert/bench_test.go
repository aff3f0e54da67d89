package convert_test

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
)

var line = strings.Repeat("2026-11-20T23:11:04Z INFO request served ", 3)[:100]

func open(tb testing.TB, c connect.Converter) connect.Codec {
	tb.Helper()
	codec, err := c.Open(connect.RoleValue)
	if err != nil {
		tb.Fatal(err)
	}
	return codec
}

// smallStruct is what HoistField and InsertField make of a line, about 120
// bytes as JSON.
func smallStruct() connect.Datum {
	s := connect.NewStruct().Field("line", connect.StringSchema).Field("site", connect.OptionalStringSchema).MustBuild()
	st := &connect.Struct{Schema: s, Slots: []connect.Value{connect.String(line), connect.String("eu")}}
	return connect.Datum{Schema: s, Value: st.Value()}
}

// smallMap is the same without a schema.
func smallMap() connect.Datum {
	m := connect.MapOf(
		connect.Entry{Key: connect.String("line"), Value: connect.String(line)},
		connect.Entry{Key: connect.String("site"), Value: connect.String("eu")},
	)
	return connect.Datum{Value: m.Value()}
}

func mixedStruct() connect.Datum {
	s := connect.NewStruct().Name("io.acme.Order").
		Field("id", connect.Int64Schema).Field("price", connect.Float64Schema).
		Field("note", connect.OptionalStringSchema).Field("at", connect.TimestampSchema).
		Field("tags", connect.NewArray(connect.StringSchema).MustBuild()).MustBuild()
	tags := &connect.Array{Elems: []connect.Value{connect.String("a"), connect.String("grün")}}
	st := &connect.Struct{Schema: s, Slots: []connect.Value{
		connect.Int64(1234567), connect.Float64(19.99), connect.Null, connect.InstantMilli(1709210096789), tags.Value(),
	}}
	return connect.Datum{Schema: s, Value: st.Value()}
}

func benchEncode(b *testing.B, c connect.Converter, d connect.Datum) {
	codec := open(b, c)
	var buf connect.Buffer
	out, err := codec.Encode(&buf, "t", d)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(out)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := codec.Encode(&buf, "t", d); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStringEncode(b *testing.B) {
	benchEncode(b, convert.String{}, connect.Datum{Schema: connect.StringSchema, Value: connect.String(line)})
}

func BenchmarkByteArrayEncode(b *testing.B) {
	benchEncode(b, convert.ByteArray{}, connect.Datum{Schema: connect.BytesSchema, Value: connect.Bytes([]byte(line))})
}

func BenchmarkJSONEncode(b *testing.B) {
	plain, schemas := convert.JSON{ReplaceNullWithDefault: true}, convert.JSON{SchemasEnable: true, ReplaceNullWithDefault: true}
	b.Run("struct", func(b *testing.B) { benchEncode(b, plain, smallStruct()) })
	b.Run("map", func(b *testing.B) { benchEncode(b, plain, smallMap()) })
	b.Run("mixed", func(b *testing.B) { benchEncode(b, plain, mixedStruct()) })
	b.Run("schemas", func(b *testing.B) { benchEncode(b, schemas, mixedStruct()) })
}

func BenchmarkJSONDecode(b *testing.B) {
	for _, c := range []struct {
		name    string
		schemas bool
		data    connect.Datum
	}{{"map", false, smallMap()}, {"mixed", false, mixedStruct()}, {"schemas", true, mixedStruct()}} {
		b.Run(c.name, func(b *testing.B) {
			codec := open(b, convert.JSON{SchemasEnable: c.schemas})
			var buf connect.Buffer
			text, err := codec.Encode(&buf, "t", c.data)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := codec.Decode("t", text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
