package main

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse"
)

// orderSchema is what the spec declares of rows, made by itself each time.
func orderSchema() *connect.Schema {
	decimal := func(b *connect.SchemaBuilder) *connect.Schema {
		return b.Name(connect.DecimalName).Version(1).Param("scale", "2").MustBuild()
	}
	return connect.NewStruct().Name("Order").
		Field("id", connect.Int64Schema).Field("customer", connect.StringSchema).Field("note", connect.OptionalStringSchema).
		Field("n8", connect.Int8Schema).Field("n16", connect.NewSchema(connect.KindInt16).Optional().MustBuild()).
		Field("n32", connect.NewSchema(connect.KindInt32).Default(connect.Int32(7)).MustBuild()).
		Field("f32", connect.Float32Schema).Field("f64", connect.NewSchema(connect.KindFloat64).Optional().MustBuild()).
		Field("ok", connect.BoolSchema).Field("raw", connect.OptionalBytesSchema).
		Field("price", decimal(connect.NewSchema(connect.KindBytes))).Field("paid", decimal(connect.NewSchema(connect.KindBytes).Optional())).
		Field("day", connect.DateSchema).
		Field("time", connect.NewSchema(connect.KindInt32).Name(connect.TimeName).Version(1).Optional().MustBuild()).
		Field("at", connect.NewSchema(connect.KindInt64).Name(connect.TimestampName).Version(1).Optional().MustBuild()).
		Field("label", connect.NewSchema(connect.KindString).Optional().Default(connect.String("none")).MustBuild()).
		MustBuild()
}

var orders = orderSchema()

// rowOf is a record of a row of a schema.
func rowOf(s *connect.Schema, slots []connect.Value) connect.Record {
	return connect.Record{Topic: "orders", Value: connect.Datum{Schema: s, Value: (&connect.Struct{Schema: s, Slots: slots}).Value()},
		Timestamp: 1700000000123, Partition: connect.NoPartition, Offset: -1}
}

// random makes a good value of a schema.
func random(r *rand.Rand, s *connect.Schema, text string) connect.Value {
	_, filled := s.Default()
	if (s.IsOptional() || filled) && r.IntN(3) == 0 {
		return connect.Null
	}
	n := int64(r.Uint64()) >> r.IntN(64)
	switch s.Logical() {
	case connect.LogicalDecimal:
		return (&connect.Decimal{Unscaled: new(big.Int).Mul(big.NewInt(n), big.NewInt(int64(r.IntN(1<<20)))), Scale: 2}).Value()
	case connect.LogicalDate:
		return connect.InstantMilli(int64(int32(n)) * connect.MillisPerDay)
	case connect.LogicalTime:
		return connect.InstantMilli(r.Int64N(connect.MillisPerDay + 1))
	case connect.LogicalTimestamp:
		return connect.InstantMilli(n)
	}
	switch s.Kind() {
	case connect.KindBool:
		return connect.Bool(n&1 > 0)
	case connect.KindFloat32:
		return connect.Float32(math.Float32frombits(uint32(n)))
	case connect.KindFloat64:
		return connect.Float64(math.Float64frombits(uint64(n)))
	case connect.KindString:
		if r.IntN(4) == 0 {
			return connect.PlainText([]byte("plain"))
		}
		return connect.String(text)
	case connect.KindBytes:
		return connect.Bytes([]byte(text))
	}
	return connect.IntOf(s.Kind(), n)
}

func randomRow(r *rand.Rand, text string) []connect.Value {
	var slots []connect.Value
	for _, f := range orders.Fields() {
		slots = append(slots, random(r, f.Schema, text))
	}
	return slots
}

// odd are values that fit into few places.
var odd = []connect.Value{
	connect.Null, connect.Bool(true), connect.Int8(-1), connect.Int16(300), connect.Int32(70000), connect.Int64(1 << 40), connect.Float32(0.5), connect.Float64(0.5),
	connect.Float32(float32(math.Copysign(0, -1))), connect.Float64(math.Copysign(0, -1)),
	connect.String("x"), connect.Bytes([]byte("x")), (&connect.Decimal{Unscaled: big.NewInt(5), Scale: 3}).Value(), connect.InstantMilli(-1), connect.InstantMilli(1 << 40),
	connect.InstantMilli(math.MinInt64), (&connect.Array{}).Value(), connect.MapOf().Value(), (&connect.Struct{Schema: orders}).Value(),
}

func rows(t testing.TB) (out []*plain) {
	for _, p := range open(t) {
		if strings.HasPrefix(p.name, "row") {
			out = append(out, p)
		}
	}
	if len(out) < 10 {
		t.Fatalf("%d chains of structs", len(out))
	}
	return out
}

// TestOddRows: what does not fit is the chain's, in each slot.
func TestOddRows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, p := range rows(t) {
		for slot := range orders.Fields() {
			for _, v := range odd {
				slots := randomRow(r, "größe")
				slots[slot] = v
				p.check(t, rowOf(orders, slots))
			}
		}
	}
}

// TestOtherStructs: what is no row of the schema is the chain's.
func TestOtherStructs(t *testing.T) {
	renamed := connect.NewStruct().Basics(orders).Name("Other")
	wider := connect.NewStruct().Basics(orders)
	for _, f := range orders.Fields() {
		renamed.Field(f.Name, f.Schema)
		wider.Field(f.Name, f.Schema)
	}
	other, wide := renamed.MustBuild(), wider.Field("more", connect.OptionalStringSchema).MustBuild()
	for name, c := range map[string]struct {
		change func(*connect.Record)
		bare   bool // whether functions of bare layouts take it
	}{
		"null":        {func(r *connect.Record) { r.Value.Value = connect.Null }, false},
		"text":        {func(r *connect.Record) { *r = line("x") }, false},
		"no schema":   {func(r *connect.Record) { r.Value.Schema = nil }, false},
		"two schemas": {func(r *connect.Record) { r.Value.Schema = orderSchema() }, false},
		"key":         {func(r *connect.Record) { r.Key.Value = connect.String("k") }, false},
		"key schema":  {func(r *connect.Record) { r.Key.Schema = connect.OptionalStringSchema }, false},
		"header":      {func(r *connect.Record) { r.Headers = []connect.Header{{Key: "h"}} }, false},
		"a slot less": {func(r *connect.Record) { *r = rowOf(orders, r.Value.Value.Struct().Slots[1:]) }, false},
		"a field more": {func(r *connect.Record) {
			*r = rowOf(wide, append(r.Value.Value.Struct().Slots, connect.Null))
		}, false},
		"another name": {func(r *connect.Record) { *r = rowOf(other, r.Value.Value.Struct().Slots) }, true},
	} {
		for _, p := range rows(t) {
			r := rowOf(orders, randomRow(rand.New(rand.NewPCG(3, 4)), "x"))
			c.change(&r)
			bare := p.name != "row-schema" && p.name != "row-keys" && !strings.HasSuffix(p.name, "-avro") && !strings.HasSuffix(p.name, "-schema")
			if took := p.check(t, r); took != (c.bare && bare) {
				t.Errorf("%s: took a record with %s: %v", p.name, name, took)
			}
		}
	}
}

// TestEqualSchema: an equal schema at another place is the same.
func TestEqualSchema(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, p := range rows(t) {
		for range 3 {
			if !p.check(t, rowOf(orderSchema(), randomRow(r, "x"))) || !p.check(t, rowOf(orders, randomRow(r, "x"))) {
				t.Errorf("%s takes no row", p.name)
			}
		}
	}
}

// FuzzStruct compares functions of structs and chains.
func FuzzStruct(f *testing.F) {
	for seed, s := range []string{"", "plain", "quote \" slash \\ ", "\x00\x1f\u2028", "größe", "😀", "\xff\xc3(", strings.Repeat("long ", 300)} {
		for i := range 8 {
			f.Add(uint64(seed*8+i), s, "orders")
		}
	}
	f.Add(uint64(1), "x", `to"pic`)
	all := rows(f)
	f.Fuzz(func(t *testing.T, seed uint64, text, topic string) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		good := randomRow(rnd, text)
		bad := randomRow(rnd, text)
		bad[rnd.IntN(len(bad))] = odd[rnd.IntN(len(odd))]
		for _, p := range all {
			r := rowOf(orders, good)
			r.Topic = topic
			if _, _, err := p.write(r); err == nil && !p.check(t, r) {
				t.Errorf("%s does not take %v", p.name, r.Value.Value)
			}
			r = rowOf(orders, bad)
			r.Topic = topic
			p.check(t, r)
		}
	})
}

// TestLayout: two schemas have one layout where they are equal, and only there.
func TestLayout(t *testing.T) {
	str := func() *connect.SchemaBuilder { return connect.NewSchema(connect.KindString) }
	all := []*connect.Schema{
		connect.StringSchema, connect.OptionalStringSchema, connect.BytesSchema, connect.Int8Schema, connect.TimestampSchema, connect.DateSchema, orders,
		str().Name("n").MustBuild(), str().Doc("n").MustBuild(), str().Name("n").Version(1).MustBuild(), str().Name("n v1").MustBuild(),
		str().Param("n", "m").MustBuild(), str().Param("n", "").Param("m", "").MustBuild(), str().Default(connect.String("n")).MustBuild(),
		str().Default(connect.String(`"n" "m"`)).MustBuild(), str().Name(`n" doc "m`).MustBuild(), str().Name("\xff").MustBuild(), str().Name("\xfe").MustBuild(),
		connect.NewSchema(connect.KindFloat64).Default(connect.Float64(0)).MustBuild(), connect.NewSchema(connect.KindFloat64).Default(connect.Float64(math.Copysign(0, -1))).MustBuild(),
		connect.NewDecimal(1).MustBuild(), connect.NewDecimal(2).MustBuild(), connect.NewDecimal(2).Default((&connect.Decimal{Unscaled: big.NewInt(50), Scale: 2}).Value()).MustBuild(),
		connect.NewArray(connect.StringSchema).MustBuild(), connect.NewArray(connect.OptionalStringSchema).MustBuild(), connect.NewArray(connect.StringSchema).Optional().MustBuild(),
		connect.NewMap(connect.StringSchema, connect.StringSchema).MustBuild(), connect.NewMap(connect.StringSchema, connect.OptionalStringSchema).MustBuild(),
		connect.NewStruct().MustBuild(), connect.NewStruct().Field("a", connect.StringSchema).MustBuild(), connect.NewStruct().Field("b", connect.StringSchema).MustBuild(),
		connect.NewStruct().Field("a", connect.StringSchema).Field("b", connect.StringSchema).MustBuild(),
		connect.NewStruct().Field(`a":string "b`, connect.StringSchema).MustBuild(), connect.NewStruct().Field("b", connect.StringSchema).Field("a", connect.StringSchema).MustBuild(),
		connect.NewStruct().Field("a", connect.NewStruct().Field("b", connect.StringSchema).MustBuild()).MustBuild(),
	}
	for i, a := range all {
		one, err := fuse.Layout(a, false)
		if err != nil {
			t.Errorf("%v: %v", a, err)
		}
		for _, b := range all[:i] {
			if other, _ := fuse.Layout(b, false); other == one {
				t.Errorf("%v and %v have the layout %s", a, b, one)
			}
		}
	}
	list := connect.NewArray(connect.StringSchema).Default((&connect.Array{}).Value()).MustBuild()
	if text, err := fuse.Layout(connect.NewStruct().Field("a", list).MustBuild(), false); err == nil {
		t.Errorf("a default of a list has the layout %s", text)
	}
}

// BenchmarkStruct measures functions of structs beside their chains.
func BenchmarkStruct(b *testing.B) {
	price := (&connect.Decimal{Unscaled: big.NewInt(1999), Scale: 2}).Value()
	r := rowOf(orders, []connect.Value{
		connect.Int64(123456), connect.String("a customer's name"), connect.String("leave it at the door, please"), connect.Int8(1), connect.Int16(20), connect.Int32(300),
		connect.Float32(0.5), connect.Float64(12.5), connect.Bool(true), connect.Null, price, connect.Null, connect.InstantMilli(19_000 * connect.MillisPerDay),
		connect.InstantMilli(36_000_000), connect.InstantMilli(1_700_000_000_000), connect.Null,
	})
	for _, p := range rows(b) {
		b.Run(p.name+"/chain", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = p.write(r)
			}
		})
		b.Run(p.name+"/fused", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := r
				if _, _, ok := p.fused(p.task, &r); !ok {
					b.Fatal("the function does not take it")
				}
			}
		})
	}
}
