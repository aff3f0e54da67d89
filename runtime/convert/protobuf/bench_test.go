package protobuf

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

// record is a record whose message takes about 200 bytes: with lines, 1 KB.
func record(lines int) connect.Datum {
	line := connect.NewStruct().Name("io.acme.Line").
		Field("sku", connect.StringSchema).
		Field("count", connect.Int32Schema).
		Field("price", connect.Float64Schema).
		Field("note", connect.OptionalStringSchema).MustBuild()
	s := connect.NewStruct().Name("io.acme.Order").
		Field("id", connect.Int64Schema).
		Field("customer", connect.StringSchema).
		Field("email", connect.OptionalStringSchema).
		Field("total", connect.NewDecimal(2).MustBuild()).
		Field("at", connect.TimestampSchema).
		Field("paid", connect.BoolSchema).
		Field("street", connect.StringSchema).
		Field("city", connect.StringSchema).
		Field("numbers", connect.NewArray(connect.Int32Schema).MustBuild()).
		Field("tags", connect.NewMap(connect.StringSchema, connect.StringSchema).Name("tags").MustBuild()).
		Field("lines", connect.NewArray(line).MustBuild()).MustBuild()
	tags := connect.MapOf(connect.Entry{Key: connect.String("channel"), Value: connect.String("web")}, connect.Entry{Key: connect.String("site"), Value: connect.String("eu")})
	array := &connect.Array{Elems: make([]connect.Value, lines)}
	for i := range array.Elems {
		array.Elems[i] = (&connect.Struct{Schema: line, Slots: []connect.Value{
			connect.String(fmt.Sprintf("sku-%06d", i)), connect.Int32(int32(i)), connect.Float64(9.5), connect.String("a note of some length, as people write them, and more"),
		}}).Value()
	}
	return connect.Datum{Schema: s, Value: (&connect.Struct{Schema: s, Slots: []connect.Value{
		connect.Int64(123456789), connect.String("Ada Lovelace"), connect.String("ada.lovelace@example.com"),
		(&connect.Decimal{Unscaled: big.NewInt(1234567), Scale: 2}).Value(), connect.InstantMilli(1700000000123), connect.Bool(true),
		connect.String("12 Saint James's Square"), connect.String("London"),
		(&connect.Array{Elems: []connect.Value{connect.Int32(1), connect.Int32(200), connect.Int32(30000)}}).Value(),
		tags.Value(), array.Value(),
	}}).Value()}
}

var benchmarks = []struct {
	name  string
	datum connect.Datum
}{{"200B", record(1)}, {"1KB", record(11)}}

// known as registered, without a registry.
func benchCodec(b *testing.B, d connect.Datum) (*codec, []byte) {
	b.Helper()
	c := &codec{Converter: usual(), writers: map[*connect.Schema]*writer{}, readers: map[readerKey]*reader{}}
	w := c.writerOf(d.Schema)
	if w.err != nil {
		b.Fatal(w.err)
	}
	h, err := c.newHead(w, w.own)
	if err != nil {
		b.Fatal(err)
	}
	w.topic, w.head = "t", h
	data, err := c.Encode(new(connect.Buffer), "t", d)
	if err != nil {
		b.Fatal(err)
	}
	c.reader = &reader{topic: "t", prefix: h.bytes, plan: planOf(b, c.Converter, w.own.Text)}
	return c, data
}

func BenchmarkEncode(b *testing.B) {
	for _, bb := range benchmarks {
		b.Run(bb.name, func(b *testing.B) {
			c, data := benchCodec(b, bb.datum)
			var buf connect.Buffer
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Encode(&buf, "t", bb.datum); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, bb := range benchmarks {
		b.Run(bb.name, func(b *testing.B) {
			c, data := benchCodec(b, bb.datum)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Decode("t", data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSchema is what a new schema costs, each way.
func BenchmarkSchema(b *testing.B) {
	d := record(1)
	text := defaults.newWriter(d.Schema).own.Text
	b.Run("generate", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if w := defaults.newWriter(d.Schema); w.err != nil || !strings.HasPrefix(w.own.Text, "syntax") {
				b.Fatal(w.err)
			}
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ParseSchema(text, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}
