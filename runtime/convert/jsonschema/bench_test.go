package jsonschema

import (
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

// order is a record of about size bytes as JSON.
func order(size int) connect.Datum {
	line := connect.NewStruct().Name("Line").Field("sku", connect.StringSchema).Field("count", connect.Int32Schema).Field("price", connect.Float64Schema).MustBuild()
	s := connect.NewStruct().Name("io.acme.Order").
		Field("id", connect.Int64Schema).
		Field("customer", connect.StringSchema).
		Field("note", connect.OptionalStringSchema).
		Field("paid", connect.BoolSchema).
		Field("at", connect.NewTimestamp().MustBuild()).
		Field("lines", connect.NewArray(line).MustBuild()).MustBuild()
	lines := &connect.Array{}
	for i := range size/100 - 1 {
		st := &connect.Struct{Schema: line, Slots: []connect.Value{connect.String(fmt.Sprint("SKU-0001-AB-", i)), connect.Int32(int32(i)), connect.Float64(19.99)}}
		lines.Elems = append(lines.Elems, st.Value())
	}
	st := &connect.Struct{Schema: s, Slots: []connect.Value{
		connect.Int64(1234567), connect.String(strings.Repeat("Ann Müller ", size/130)), connect.Null, connect.Bool(true),
		connect.InstantMilli(1709210096789), lines.Value(),
	}}
	return connect.Datum{Schema: s, Value: st.Value()}
}

func benchmarks(b *testing.B, run func(b *testing.B, c Converter, d connect.Datum)) {
	for _, size := range []int{200, 1000} {
		for _, validate := range []bool{false, true} {
			name := fmt.Sprintf("%dB", size)
			if validate {
				name += "/validated"
			}
			b.Run(name, func(b *testing.B) {
				run(b, with(func(c *Converter) { c.JSONFailInvalidSchema = validate }), order(size))
			})
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	benchmarks(b, func(b *testing.B, conv Converter, d connect.Datum) {
		c := conv.codec(newFake())
		var buf connect.Buffer
		out, err := c.Encode(&buf, "t", d)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(out)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Encode(&buf, "t", d); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	benchmarks(b, func(b *testing.B, conv Converter, d connect.Datum) {
		c := conv.codec(newFake())
		out := encode(b, c, d)
		b.SetBytes(int64(len(out)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Decode("t", out); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkFirst is what a schema costs when it is met for the first time.
func BenchmarkFirst(b *testing.B) {
	d := order(1000)
	for b.Loop() {
		reg := newFake()
		c := defaults().codec(reg)
		if _, err := c.Decode("t", encode(b, c, d)); err != nil {
			b.Fatal(err)
		}
	}
}
