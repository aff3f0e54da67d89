package connect

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unsafe"
)

func TestValueIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(Value{}); n != 24 {
		t.Errorf("a Value takes %d bytes, want 24", n)
	}
}

// samples are values of every kind.
func samples() []Value {
	s := NewStruct().Field("a", Int32Schema).Field("b", OptionalStringSchema).MustBuild()
	return []Value{
		Null, Bool(true), Bool(false), Int8(-128), Int16(-1), Int32(math.MinInt32), Int64(math.MaxInt64),
		Float32(1.5), Float64(-0.25), Float64(math.NaN()), String(""), String("é"), Text([]byte("x")), Text(nil),
		Bytes(nil), Bytes([]byte{0, 255}), InstantMilli(-1), Instant(time.Unix(1, 2)),
		(&Decimal{Unscaled: big.NewInt(150), Scale: 2}).Value(), (&Decimal{}).Value(),
		(&Array{}).Value(), (&Array{Elems: []Value{Int8(1), Null}}).Value(),
		(&Map{}).Value(), MapOf(Entry{String("k"), Int64(1)}, Entry{Int8(1), Null}).Value(),
		(&Struct{Schema: s, Slots: []Value{Int32(1), Null}}).Value(),
		(&Struct{}).Value(), (&Struct{Schema: s}).Value(), (&Struct{Slots: []Value{Int8(1)}}).Value(), // not well formed
	}
}

// TestNothingPanics calls everything on everything.
func TestNothingPanics(t *testing.T) {
	schemas := []*Schema{nil, StringSchema, OptionalInt8Schema, DateSchema, NewDecimal(2).MustBuild(),
		NewArray(Int8Schema).MustBuild(), NewMap(StringSchema, OptionalInt64Schema).MustBuild(),
		NewStruct().Field("a", Int32Schema).Field("b", OptionalStringSchema).MustBuild()}
	for _, v := range samples() {
		_, _, _, _ = v.Bool(), v.Int(), v.Float(), v.Str()
		_, _, _ = v.Raw(), v.Instant(), v.Milli()
		_, _, _, _ = v.Struct(), v.Map(), v.Array(), v.Decimal()
		_, _ = v.String(), v.Hash()
		_, _ = AppendJava(nil, v)
		if st := v.Struct(); st != nil {
			st.Get("a")
		}
		if m := v.Map(); m != nil {
			m.Get("k")
		}
		for _, s := range schemas {
			_ = Validate(s, v)
			_ = s.String()
		}
		for i, o := range samples() {
			if v.Equal(o) && v.Hash() != o.Hash() {
				t.Errorf("%v and %v are equal, their hashes are not (%d)", v, o, i)
			}
		}
	}
}

func TestNilIsNull(t *testing.T) {
	for _, v := range []Value{(*Array)(nil).Value(), (*Map)(nil).Value(), (*Struct)(nil).Value(), (*Decimal)(nil).Value()} {
		if !v.IsNull() {
			t.Errorf("nil is %v", v.Kind())
		}
	}
}

func TestEqual(t *testing.T) {
	for i, a := range samples() {
		for j, b := range samples() {
			same := i == j || a.Kind() == b.Kind() && (a.Kind() == KindString || a.Kind() == KindBytes) && string(a.Raw()) == string(b.Raw())
			if a.Equal(b) != same {
				t.Errorf("%v %v equal to %v %v: %v", a.Kind(), a, b.Kind(), b, !same)
			}
		}
	}
	if Float64(0).Equal(Float64(math.Copysign(0, -1))) {
		t.Error("0.0 equals -0.0")
	}
	if (&Decimal{big.NewInt(10), 1}).Value().Equal((&Decimal{big.NewInt(100), 2}).Value()) {
		t.Error("1.0 equals 1.00")
	}
}

// TestEqualMaps goes over the size from which maps are compared by hash.
func TestEqualMaps(t *testing.T) {
	for n := range 2*smallMap + 2 {
		a, b := &Map{}, &Map{}
		for i := range n {
			a.Put(Int64(int64(i)), String("v"))
		}
		for _, i := range rand.Perm(n) {
			b.Put(a.Keys[i], a.Vals[i])
		}
		if !a.Value().Equal(b.Value()) || a.Value().Hash() != b.Value().Hash() {
			t.Fatalf("%d entries in another order: not equal", n)
		}
		if n > 0 {
			b.Vals[n-1] = String("w")
			if a.Value().Equal(b.Value()) {
				t.Fatalf("%d entries, one of another value: equal", n)
			}
		}
	}
}

func TestMapIndexGrows(t *testing.T) {
	m := &Map{}
	x := NewMapIndex(m)
	for i := range 100 {
		if at := x.Find(Int64(int64(i))); at >= 0 {
			t.Fatalf("found %d at %d before it was there", i, at)
		}
		m.Put(Int64(int64(i)), Null)
		if at := x.Find(Int64(int64(i))); at != i {
			t.Fatalf("found %d at %d", i, at)
		}
	}
}

func TestStringIsBounded(t *testing.T) {
	deep := Null
	for range 100_000 {
		deep = (&Array{Elems: []Value{deep, String(strings.Repeat("ü", 1000))}}).Value()
	}
	long := NewStruct()
	for i := range 1000 {
		long.Field(strings.Repeat("x", 1+i%100)+string(rune('a'+i%26))+time.Duration(i).String(), Int8Schema)
	}
	for _, text := range []string{deep.String(), Bytes(make([]byte, 1<<20)).String(), long.MustBuild().String()} {
		if len(text) > maxText+len("…") {
			t.Errorf("%d bytes of text", len(text))
		}
	}
}

func TestBuild(t *testing.T) {
	s := NewStruct().Name("io.acme.Order").Version(0).Doc("an order").Param("a", "1").Param("b", "2").Param("a", "3").
		Field("id", Int64Schema).Field("lines", NewArray(StringSchema).Optional().MustBuild()).MustBuild()
	if v, ok := s.Version(); v != 0 || !ok {
		t.Errorf("version %d, %v", v, ok)
	}
	if _, ok := StringSchema.Version(); ok {
		t.Error("a schema without a version has one")
	}
	if ps := s.Params(); len(ps) != 2 || ps[0] != (Param{"a", "3"}) || ps[1] != (Param{"b", "2"}) {
		t.Errorf("params %v", ps)
	}
	if s.FieldIndex("lines") != 1 || s.FieldIndex("no") != -1 {
		t.Error("fields are not found")
	}
	if want := "io.acme.Order v0 struct{id:int64 lines:array[string]?}"; s.String() != want {
		t.Errorf("%s, want %s", s, want)
	}
	if scale, ok := NewDecimal(-3).MustBuild().Scale(); scale != -3 || !ok {
		t.Errorf("scale %d, %v", scale, ok)
	}
	if _, ok := NewSchema(KindBytes).Name(DecimalName).Param(ScaleParam, "x").MustBuild().Scale(); ok {
		t.Error(`scale "x" is one`)
	}
}

func TestBuildAgainLeavesTheFirst(t *testing.T) {
	b := NewStruct().Field("a", Int8Schema).Param("p", "1")
	first := b.MustBuild()
	second := b.Field("b", Int8Schema).Param("p", "2").MustBuild()
	if v, _ := first.Param("p"); len(first.Fields()) != 1 || v != "1" || first.FieldIndex("b") != -1 {
		t.Errorf("the first schema became %v", first)
	}
	if len(second.Fields()) != 2 {
		t.Errorf("the second schema is %v", second)
	}
}

func TestBuildErrors(t *testing.T) {
	for want, b := range map[string]*SchemaBuilder{
		`field "a" twice`:                NewStruct().Field("a", Int8Schema).Field("a", Int8Schema),
		"field 0 has no name":            NewStruct().Field("", Int8Schema),
		`field "a" has no schema`:        NewStruct().Field("a", nil),
		"int8 has no fields":             NewSchema(KindInt8).Field("a", Int8Schema),
		"int8 has no elements":           NewSchema(KindInt8).Elem(Int8Schema),
		"array has no keys":              NewArray(Int8Schema).Key(Int8Schema),
		"without the schema of its elem": NewSchema(KindArray),
		"without the schema of its keys": NewSchema(KindMap).Elem(Int8Schema),
		"decimal is no type of schemas":  NewSchema(KindDecimal),
		"null is no type of schemas":     NewSchema(KindNull),
		"invalid is no type of schemas":  NewSchema(99),
		"default: connect: validate":     NewSchema(KindInt8).Default(String("x")),
	} {
		if s, err := b.Build(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("built %v, %v; want the error %q", s, err, want)
		}
	}
	_, err := NewStruct().Field("", Int8Schema).Field("a", nil).Field("b", Int8Schema).Field("b", Int8Schema).Build()
	if n := strings.Count(err.Error(), "\n"); n != 2 {
		t.Errorf("want three errors in %q", err)
	}
}

// TestSchemaEqual changes one thing at a time.
func TestSchemaEqual(t *testing.T) {
	base := func() *SchemaBuilder {
		return NewStruct().Name("n").Version(1).Doc("d").Param("p", "1").Param("q", "2").Field("a", NewArray(Int8Schema).MustBuild())
	}
	a := base().MustBuild()
	if b := NewStruct().Name("n").Version(1).Doc("d").Param("q", "2").Param("p", "1").Field("a", NewArray(Int8Schema).MustBuild()).MustBuild(); !a.Equal(b) {
		t.Error("not equal with parameters in another order")
	}
	for what, b := range map[string]*SchemaBuilder{
		"name": base().Name("m"), "version": base().Version(2), "doc": base().Doc(""), "param": base().Param("p", "2"),
		"params": base().Param("r", ""), "optional": base().Optional(), "field": base().Field("b", Int8Schema),
		"elem": NewStruct().Name("n").Version(1).Doc("d").Param("p", "1").Param("q", "2").Field("a", NewArray(Int16Schema).MustBuild()),
	} {
		if s := b.MustBuild(); a.Equal(s) || s.Equal(a) {
			t.Errorf("equal with another %s", what)
		}
	}
	if NewSchema(KindInt8).Version(0).MustBuild().Equal(Int8Schema) {
		t.Error("version 0 equals none")
	}
	if NewSchema(KindInt8).Default(Int8(0)).MustBuild().Equal(Int8Schema) || a.Equal(nil) || !(*Schema)(nil).Equal(nil) {
		t.Error("default or nil")
	}
}

func TestValidate(t *testing.T) {
	line := NewStruct().Field("sku", StringSchema).Field("n", NewSchema(KindInt32).Default(Int32(1)).MustBuild()).MustBuild()
	order := NewStruct().Field("lines", NewArray(line).MustBuild()).
		Field("by", NewMap(StringSchema, Float64Schema).Optional().MustBuild()).MustBuild()
	lineOf := func(sku, n Value) Value { return (&Struct{line, []Value{sku, n}}).Value() }
	orderOf := func(by Value, lines ...Value) Value {
		return (&Struct{order, []Value{(&Array{lines}).Value(), by}}).Value()
	}
	good := lineOf(String("x"), Null) // null where a default stands in
	for _, c := range []struct {
		s    *Schema
		v    Value
		want string
	}{
		{order, orderOf(Null, good), ""},
		{nil, Int8(1), ""},
		{StringSchema, Null, "validate value: null, but string is required"},
		{Int32Schema, Int64(1), "validate value: int64, but the schema says int32"},
		{TimestampSchema, Int64(1), "int64, but the schema says org.apache.kafka.connect.data.Timestamp v1 int64"},
		{TimestampSchema, InstantMilli(1), ""},
		{NewDecimal(1).MustBuild(), (&Decimal{}).Value(), ""},
		{order, orderOf(Null, good, lineOf(Null, Null)), "field lines[1].sku: null, but string is required"},
		{order, orderOf(MapOf(Entry{String("k"), String("x")}).Value()), `field by["k"]: string, but the schema says float64`},
		{order, orderOf(MapOf(Entry{Int8(1), Float64(1)}).Value()), "field by[key of the map]: int8"},
		{order, orderOf(Null, (&Struct{line, nil}).Value()), "field lines[0]: a struct with 0 slots for 2 fields"},
		{order, orderOf(Null, (&Struct{}).Value()), "a struct of another schema (schemaless)"},
	} {
		switch err := Validate(c.s, c.v); {
		case c.want == "" && err != nil:
			t.Errorf("%v: %v", c.v, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%v: %v, want %q", c.v, err, c.want)
		}
	}
}

func TestSlabHandsOutOnce(t *testing.T) {
	var slab Slab
	s := NewStruct().Field("a", Int64Schema).Field("b", Int64Schema).MustBuild()
	var structs []*Struct
	var maps []*Map
	var arrays []*Array
	for i := range 1000 {
		st, m, a := slab.Struct(s), slab.Map(2), slab.Array(3)
		for _, v := range append(st.Slots, a.Elems...) {
			if !v.IsNull() {
				t.Fatal("a slot that is not null")
			}
		}
		n := Int64(int64(i))
		st.Slots[0], st.Slots[1], a.Elems[2] = n, n, n
		m.Put(n, n)
		m.Put(n, n)
		structs, maps, arrays = append(structs, st), append(maps, m), append(arrays, a)
	}
	for i := range structs {
		n := int64(i)
		if structs[i].Slots[1].Int() != n || maps[i].Keys[1].Int() != n || arrays[i].Elems[2].Int() != n {
			t.Fatalf("the parts of %d were handed out twice", i)
		}
	}
	grown := slab.Map(1)
	neighbour := slab.Map(1)
	grown.Put(Null, Null)
	grown.Put(Int8(1), Int8(1))
	if !neighbour.Keys[:1][0].IsNull() || !neighbour.Vals[:1][0].IsNull() {
		t.Error("a map that grew wrote into its neighbour")
	}
	if big := slab.Map(1000); cap(big.Vals) != 1000 {
		t.Errorf("room for %d", cap(big.Vals))
	}
}

func TestBuffer(t *testing.T) {
	var b Buffer
	var all [][]byte
	for i := range 3000 {
		n := []int{1, 100, 2000, 40_000}[i%4]
		s := b.Start()
		for range n {
			s = append(s, byte(i))
		}
		all = append(all, b.Finish(s))
	}
	for i, s := range all {
		for _, c := range s {
			if c != byte(i) {
				t.Fatalf("result %d was written over", i)
			}
		}
		if cap(s) != len(s) {
			t.Fatalf("result %d could grow into the next", i)
		}
	}
}

// TestBufferGrowsOutOnce holds the cost of messages that do not fit what is
// left of a chunk.
func TestBufferGrowsOutOnce(t *testing.T) {
	for _, size := range []int{2000, 10_000, 20_000, 27_000, 60_000, 100_000, 200_000} {
		var b Buffer
		allocs := testing.AllocsPerRun(2000, func() {
			s := b.Start()
			for len(s) < size { // piece by piece, as converters do
				s = append(s, "a piece of a message, which is as long as a name and a value"...)
			}
			b.Finish(s)
		})
		if most := float64(size) / chunkSize; allocs > most+1 || size < chunkSize/4 && allocs > 0 {
			t.Errorf("%v allocations a message of %d bytes", allocs, size)
		}
	}
}
