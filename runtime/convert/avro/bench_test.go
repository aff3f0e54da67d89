package avro

import (
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

// benchRecords are orders of about 200 bytes and 1 KB.
func benchRecords() map[string]connect.Datum {
	line := connect.NewStruct().Name("acme.Line").Field("sku", connect.StringSchema).Field("count", connect.Int32Schema).
		Field("price", connect.Float64Schema).Field("note", connect.OptionalStringSchema).MustBuild()
	order := connect.NewStruct().Name("acme.Order").
		Field("id", connect.Int64Schema).Field("customer", connect.StringSchema).Field("paid", connect.BoolSchema).
		Field("total", connect.Float64Schema).Field("note", connect.OptionalStringSchema).Field("at", connect.TimestampSchema).
		Field("state", connect.StringSchema).Field("lines", connect.NewArray(line).MustBuild()).
		Field("tags", connect.NewMap(connect.StringSchema, connect.StringSchema).MustBuild()).MustBuild()
	record := func(lines, text int) connect.Datum {
		a := &connect.Array{}
		for i := range lines {
			l := structOf(line, connect.String(fmt.Sprintf("sku-%08d", i)), connect.Int32(3), connect.Float64(9.99), connect.String(strings.Repeat("n", 12)))
			a.Elems = append(a.Elems, l.Value)
		}
		m := connect.MapOf(connect.Entry{Key: connect.String("region"), Value: connect.String("eu-north")}, connect.Entry{Key: connect.String("channel"), Value: connect.String("web")})
		return structOf(order, connect.Int64(123456789), connect.String("customer-000042"), connect.Bool(true), connect.Float64(1234.5),
			connect.String(strings.Repeat("x", text)), connect.InstantMilli(1_700_000_000_000), connect.String("shipped"), a.Value(), m.Value())
	}
	return map[string]connect.Datum{"200B": record(2, 40), "1KB": record(20, 150)}
}

func benchCodec(b *testing.B) connect.Codec {
	_, at := newFakeRegistry(b)
	c := plainConverter()
	c.SchemaRegistry = at
	return open(b, c)
}

func BenchmarkEncode(b *testing.B) {
	for name, d := range benchRecords() {
		b.Run(name, func(b *testing.B) {
			c := benchCodec(b)
			buf := &connect.Buffer{}
			b.SetBytes(int64(len(mustEncode(b, c, d))))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Encode(buf, "orders", d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, d := range benchRecords() {
		b.Run(name, func(b *testing.B) {
			c := benchCodec(b)
			data := mustEncode(b, c, d)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Decode("orders", data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
