package transform_test

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/transform"
)

func openAll(tb testing.TB, ts ...connect.Transform) (out []connect.Apply) {
	tb.Helper()
	for _, t := range ts {
		apply, err := t.Open()
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, apply)
	}
	return out
}

var logChain = []connect.Transform{
	transform.HoistField{On: "value", Field: "line"},
	transform.InsertField{On: "value", StaticField: "site", StaticValue: "eu"},
}

var line = connect.String(strings.Repeat("2026-11-20T23:11:04Z INFO request served ", 3)[:100])

func benchChain(b *testing.B, schema *connect.Schema, after func(*connect.Record)) {
	chain := openAll(b, logChain...)
	r := &connect.Record{Topic: "t", Partition: connect.NoPartition, Timestamp: connect.NoTimestamp, Offset: -1}
	b.ReportAllocs()
	for b.Loop() {
		r.Value = connect.Datum{Schema: schema, Value: line}
		for _, apply := range chain {
			if _, err := apply(r); err != nil {
				b.Fatal(err)
			}
		}
		after(r)
	}
}

func BenchmarkHoistInsert(b *testing.B) {
	nothing := func(*connect.Record) {}
	b.Run("struct", func(b *testing.B) { benchChain(b, connect.StringSchema, nothing) })
	b.Run("map", func(b *testing.B) { benchChain(b, nil, nothing) })
}

func BenchmarkHoistInsertJSON(b *testing.B) {
	codec, err := convert.JSON{}.Open(connect.RoleValue)
	if err != nil {
		b.Fatal(err)
	}
	var buf connect.Buffer
	encode := func(r *connect.Record) {
		if _, err := codec.Encode(&buf, r.Topic, r.Value); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("struct", func(b *testing.B) { benchChain(b, connect.StringSchema, encode) })
	b.Run("map", func(b *testing.B) { benchChain(b, nil, encode) })
}
