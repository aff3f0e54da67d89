package convert_test

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
)

// BenchmarkEach is each converter but JSON, both ways.
func BenchmarkEach(b *testing.B) {
	text := connect.Datum{Schema: connect.StringSchema, Value: connect.String(line)}
	for _, c := range []struct {
		name string
		c    connect.Converter
		role connect.Role
		d    connect.Datum
	}{
		{"String", convert.String{}, connect.RoleValue, text},
		{"String-UTF-16", convert.String{Encoding: "UTF-16"}, connect.RoleValue, text},
		{"String-struct", convert.String{}, connect.RoleValue, mixedStruct()},
		{"ByteArray", convert.ByteArray{}, connect.RoleValue, connect.Datum{Schema: connect.BytesSchema, Value: connect.Bytes([]byte(line))}},
		{"Boolean", convert.Boolean{}, connect.RoleValue, connect.Datum{Schema: connect.BoolSchema, Value: connect.Bool(true)}},
		{"Short", convert.Short{}, connect.RoleValue, connect.Datum{Schema: connect.Int16Schema, Value: connect.Int16(5)}},
		{"Integer", convert.Integer{}, connect.RoleValue, connect.Datum{Schema: connect.Int32Schema, Value: connect.Int32(5)}},
		{"Long", convert.Long{}, connect.RoleValue, connect.Datum{Schema: connect.Int64Schema, Value: connect.Int64(5)}},
		{"Float", convert.Float{}, connect.RoleValue, connect.Datum{Schema: connect.Float32Schema, Value: connect.Float32(5)}},
		{"Double", convert.Double{}, connect.RoleValue, connect.Datum{Schema: connect.Float64Schema, Value: connect.Float64(5)}},
		{"SimpleHeader", convert.SimpleHeader{}, connect.RoleHeader, text},
		{"SimpleHeader-number", convert.SimpleHeader{}, connect.RoleHeader, connect.Datum{Schema: connect.Float64Schema, Value: connect.Float64(19.99)}},
	} {
		codec, err := c.c.Open(c.role)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name+"/encode", func(b *testing.B) {
			var buf connect.Buffer
			b.ReportAllocs()
			for b.Loop() {
				if _, err := codec.Encode(&buf, "t", c.d); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"/decode", func(b *testing.B) {
			var buf connect.Buffer
			bytes, err := codec.Encode(&buf, "t", c.d)
			if err != nil {
				b.Fatal(err)
			}
			bytes = []byte(strings.Clone(string(bytes)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := codec.Decode("t", bytes); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
