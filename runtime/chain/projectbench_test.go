package chain_test

import (
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/transform"
)

// BenchmarkFields decodes data of so many fields, of which a step reads three:
// "whole" is without Project.
func BenchmarkFields(b *testing.B) {
	for _, f := range formats {
		for _, fields := range []int{1, 10, 100, 1000} {
			f.bench(b, fields)
		}
	}
}

// format is a converter, and a message for it of so many fields.
type format struct {
	name    string
	value   connect.Converter
	message func(b *testing.B, fields int) []byte
}

var formats = []format{
	{"JSON", convert.JSON{}, func(_ *testing.B, fields int) []byte {
		var m []string
		for i := range fields {
			m = append(m, fmt.Sprintf(`"field%d":%s`, i, []string{`"some text"`, "12345", "1.5", `{"x":[1,2],"y":"z"}`}[i%4]))
		}
		return []byte("{" + strings.Join(m, ",") + "}")
	}},
	{"JSON with schema", convert.JSON{SchemasEnable: true}, encoded(convert.JSON{SchemasEnable: true})},
	{"Avro", avroOffline, encoded(avroOffline)},
}

// encoded gives messages that a converter writes.
func encoded(c connect.Converter) func(*testing.B, int) []byte {
	part := connect.NewStruct().Name("part").Field("x", connect.NewArray(connect.Int32Schema).MustBuild()).Field("y", connect.OptionalStringSchema).MustBuild()
	return func(b *testing.B, fields int) []byte {
		codec, err := c.Open(connect.RoleValue)
		if err != nil {
			b.Fatal(err)
		}
		build, st := connect.NewStruct().Name("wide"), &connect.Struct{}
		for i := range fields {
			list := &connect.Array{Elems: []connect.Value{connect.Int32(1), connect.Int32(2)}}
			inner := &connect.Struct{Schema: part, Slots: []connect.Value{list.Value(), connect.String("z")}}
			build.Field(fmt.Sprintf("field%d", i), []*connect.Schema{connect.OptionalStringSchema, connect.Int64Schema, connect.Float64Schema, part}[i%4])
			st.Slots = append(st.Slots, []connect.Value{connect.String("some text"), connect.Int64(12345), connect.Float64(1.5), inner.Value()}[i%4])
		}
		st.Schema = build.MustBuild()
		message, err := codec.Encode(&connect.Buffer{}, "t", connect.Datum{Schema: st.Schema, Value: st.Value()})
		if err != nil {
			b.Fatal(err)
		}
		return message
	}
}

func (f format) bench(b *testing.B, fields int) {
	message := f.message(b, fields)
	steps := []chain.Step{{Do: transform.ReplaceField{On: "value", Include: []string{"field0", "field5", "field7"}}}}
	benchPair(b, fmt.Sprintf("%s/%d", f.name, fields), f.value, steps, message)
}

// benchPair has a message read and changed, with Project and without.
func benchPair(b *testing.B, name string, value connect.Converter, steps []chain.Step, message []byte) {
	p, _ := openPair(b, value, steps)
	for _, c := range []struct {
		name string
		*chain.Chain
	}{{"whole", p.whole}, {"less", p.less}} {
		b.Run(name+"/"+c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(message)))
			var d chain.Doing
			once := func() {
				v, err := c.Value.Decode("t", message)
				if err != nil {
					b.Fatal(err)
				}
				r := connect.Record{Topic: "t", Value: v}
				if _, err := c.Transform(&r, &d); err != nil {
					b.Fatal(err)
				}
			}
			once() // what is done once for a schema
			for b.Loop() {
				once()
			}
		})
	}
}

// BenchmarkEnvelope decodes change events of a row of so many columns, of which
// the row alone is taken.
func BenchmarkEnvelope(b *testing.B) {
	row, source := connect.NewStruct().Name("srv.t.Value").Optional(), connect.NewStruct().Name("srv.Source")
	r, from := &connect.Struct{}, &connect.Struct{}
	for i := range 10 {
		row.Field(fmt.Sprintf("column%d", i), connect.OptionalStringSchema)
		r.Slots = append(r.Slots, connect.String("some text"))
		source.Field(fmt.Sprintf("field%d", i), connect.OptionalStringSchema)
		from.Slots = append(from.Slots, connect.String("some text"))
	}
	r.Schema, from.Schema = row.MustBuild(), source.MustBuild()
	s := connect.NewStruct().Name("srv.t.Envelope").Field("before", r.Schema).Field("after", r.Schema).Field("source", from.Schema).
		Field("op", connect.StringSchema).Field("ts_ms", connect.OptionalInt64Schema).MustBuild()
	event := (&connect.Struct{Schema: s, Slots: []connect.Value{connect.Null, r.Value(), from.Value(), connect.String("c"), connect.Int64(7)}}).Value()
	for _, f := range formats[1:] {
		writer, err := f.value.Open(connect.RoleValue)
		if err != nil {
			b.Fatal(err)
		}
		message, err := writer.Encode(&connect.Buffer{}, "t", connect.Datum{Schema: s, Value: event})
		if err != nil {
			b.Fatal(err)
		}
		benchPair(b, f.name, f.value, []chain.Step{{Do: extract}}, message)
	}
}
