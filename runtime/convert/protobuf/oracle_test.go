package protobuf

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"regexp"
	"testing"
	"time"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"kcgen.dev/runtime/connect"
)

// metaOption is what Confluent writes without the import that protoc wants.
var metaOption = regexp.MustCompile(`(?s) \[\(confluent\.field_meta\) = \{.*?\}\]`)

// compiled is the first message of a text, as Protobuf's own Go library knows
// it.
func compiled(t testing.TB, text string) protoreflect.MessageDescriptor {
	t.Helper()
	files := map[string]string{"main.proto": metaOption.ReplaceAllString(text, "")}
	for name, known := range known {
		files[name] = known
	}
	c := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(files)})}
	out, err := c.Compile(t.Context(), "main.proto")
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out[0].Messages().Get(0)
}

// random makes schemas and data.
type random struct {
	*rand.Rand
	names int
}

func (r *random) chance(n int) bool { return r.IntN(n) == 0 }

func (r *random) schema(depth int) *connect.Schema {
	r.names++
	b := connect.NewStruct().Name(fmt.Sprintf("p.M%d", r.names))
	for i := range r.IntN(8) {
		b.Field(fmt.Sprintf("f%d", i), r.field(depth))
	}
	if depth < 4 && r.chance(2) {
		b.Optional()
	}
	return b.MustBuild()
}

func (r *random) field(depth int) *connect.Schema {
	if depth > 0 && r.chance(3) {
		switch r.IntN(3) {
		case 0:
			return connect.NewArray(r.element(depth - 1)).MustBuild()
		case 1:
			r.names++
			key := []*connect.Schema{connect.StringSchema, connect.Int32Schema, connect.BoolSchema, connect.Int64Schema}[r.IntN(4)]
			return connect.NewMap(key, r.element(depth-1)).Name(fmt.Sprintf("m%d", r.names)).MustBuild()
		}
		return r.schema(depth - 1)
	}
	return r.scalar()
}

func (r *random) element(depth int) *connect.Schema {
	if depth > 0 && r.chance(2) {
		return r.schema(depth)
	}
	return r.scalar()
}

func (r *random) scalar() *connect.Schema {
	var b *connect.SchemaBuilder
	switch n := r.IntN(15); n {
	case 9:
		b = connect.NewDecimal(int32(r.IntN(5)))
	case 10:
		b = connect.NewDate()
	case 11:
		b = connect.NewTime()
	case 12:
		b = connect.NewTimestamp()
	case 13:
		b = connect.NewSchema(connect.KindInt64).Param(typeParam, kinds64[r.IntN(4)].String())
	case 14:
		b = connect.NewSchema(connect.KindInt32).Param(typeParam, kinds32[1+2*r.IntN(2)].String())
	default:
		b = connect.NewSchema(connect.KindBool + connect.Kind(n))
	}
	if r.chance(3) {
		b.Optional()
	}
	return b.MustBuild()
}

func (r *random) value(s *connect.Schema) connect.Value {
	switch s.Logical() {
	case connect.LogicalDecimal:
		scale, _ := s.Scale()
		n := new(big.Int).Mul(big.NewInt(r.int(64)), big.NewInt(r.int(64)))
		return (&connect.Decimal{Unscaled: n, Scale: scale}).Value()
	case connect.LogicalDate:
		return connect.InstantMilli(int64(r.IntN(60000)-20000) * connect.MillisPerDay)
	case connect.LogicalTime:
		return connect.InstantMilli(r.Int64N(connect.MillisPerDay))
	case connect.LogicalTimestamp:
		return connect.Instant(time.Unix(r.Int64N(1e11)-5e10, r.Int64N(1e9)))
	}
	switch s.Kind() {
	case connect.KindArray:
		a := &connect.Array{}
		for range r.IntN(4) {
			a.Elems = append(a.Elems, r.value(s.Elem()))
		}
		return a.Value()
	case connect.KindMap:
		m := &connect.Map{}
		for range r.IntN(12) {
			m.Put(r.value(s.Key()), r.value(s.Elem()))
		}
		new(decoder).unique(m)
		return m.Value()
	case connect.KindStruct:
		st := &connect.Struct{Schema: s}
		for _, f := range s.Fields() {
			v := r.value(f.Schema)
			if f.Schema.IsOptional() && r.chance(3) {
				v = connect.Null
			}
			st.Slots = append(st.Slots, v)
		}
		return st.Value()
	}
	return r.plain(s.Kind())
}

func (r *random) plain(k connect.Kind) connect.Value {
	switch k {
	case connect.KindBool:
		return connect.Bool(r.chance(2))
	case connect.KindInt8:
		return connect.Int8(int8(r.int(8)))
	case connect.KindInt16:
		return connect.Int16(int16(r.int(16)))
	case connect.KindInt32:
		return connect.Int32(int32(r.int(32)))
	case connect.KindInt64:
		return connect.Int64(r.int(64))
	case connect.KindFloat32:
		return connect.Float32(float32(r.float()))
	case connect.KindFloat64:
		return connect.Float64(r.float())
	case connect.KindBytes:
		return connect.Bytes([]byte(r.text()))
	}
	return connect.String(r.text())
}

// int is a number of any size up to so many bits.
func (r *random) int(bits int) int64 { return int64(r.Uint64()) >> (64 - bits + r.IntN(bits)) }

func (r *random) float() float64 {
	return []float64{0, math.Copysign(0, -1), 1.5, math.Inf(1), math.Inf(-1), -3e30, 7}[r.IntN(7)]
}

func (r *random) text() string {
	const all = "aé€😀 \x00z"
	runes := []rune(all)
	var out []rune
	for range r.IntN(200) >> r.IntN(8) {
		out = append(out, runes[r.IntN(len(runes))])
	}
	return string(out)
}

// TestRandom writes random data of random schemas, has Protobuf's own library
// read and write them, and reads them back.
func TestRandom(t *testing.T) {
	for seed := range uint64(300) {
		r := &random{Rand: rand.New(rand.NewPCG(seed, 0))}
		c := defaults
		c.OptionalForNullables, c.WrapperForNullables = r.chance(3), r.chance(3)
		s := r.schema(3)
		w := c.newWriter(s)
		if w.err != nil {
			t.Fatalf("seed %d: %v: %v", seed, s, w.err)
		}
		checkRandom(t, fmt.Sprintf("seed %d", seed), c, w, func() connect.Value { return r.value(s) })
	}
}

func checkRandom(t *testing.T, name string, c Converter, w *writer, next func() connect.Value) {
	t.Helper()
	desc := compiled(t, w.own.Text)
	plan := planOf(t, c, w.own.Text)
	back := c.newWriter(plan.schema)
	if back.err != nil {
		t.Fatalf("%s: the schema that is read is not written: %v\n%s", name, back.err, w.own.Text)
	}
	for range 5 {
		v := next()
		data, err := w.plan.write(nil, v)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		m := dynamicpb.NewMessage(desc)
		if err := proto.Unmarshal(data, m); err != nil {
			t.Fatalf("%s: Protobuf's library refuses %x: %v\n%s", name, data, err, w.own.Text)
		}
		if len(m.GetUnknown()) > 0 {
			t.Fatalf("%s: %x has unknown fields", name, data)
		}
		again, err := proto.Marshal(m)
		if err != nil || len(again) != len(data) {
			t.Fatalf("%s: Protobuf's library writes %d bytes (%v), we %d\n%s", name, len(again), err, len(data), w.own.Text)
		}
		got, err := new(decoder).read(plan, again, again)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if why := differ(v, got); why != "" {
			t.Fatalf("%s: %s\nwrote %s\nread  %s\n%s", name, why, show(v), show(got), w.own.Text)
		}
		if c.WrapperForNullables {
			continue // elements are read as optional, and those are written as wrappers
		}
		if written, err := back.plan.write(nil, got); err != nil || len(written) != len(data) {
			t.Fatalf("%s: what was read is written as %d bytes (%v), not as %d\n%s\n%s", name, len(written), err, len(data), w.own.Text, back.own.Text)
		}
	}
}

// differ says where data that were read are not those that were written. A null
// may have become its type's default, as without presence there is none.
func differ(want, got connect.Value) string {
	if want.IsNull() {
		return ""
	}
	switch want.Kind() {
	case connect.KindArray:
		a, b := want.Array().Elems, got.Array().Elems
		if len(a) != len(b) {
			return fmt.Sprintf("%d elements became %d", len(a), len(b))
		}
		for i := range a {
			if why := differ(a[i], b[i]); why != "" {
				return fmt.Sprintf("[%d] %s", i, why)
			}
		}
		return ""
	case connect.KindMap:
		return differMaps(want.Map(), got.Map())
	case connect.KindStruct:
		for i, f := range want.Struct().Schema.Fields() {
			if why := differ(want.Struct().Slots[i], got.Struct().Get(f.Name)); why != "" {
				return f.Name + " " + why
			}
		}
		return ""
	}
	if isInt(want) && isInt(got) && want.Int() == got.Int() {
		return "" // a wrapper does not say that its int32 holds an int8
	}
	if !want.Equal(got) {
		return fmt.Sprintf("%v %s became %v %s", want.Kind(), show(want), got.Kind(), show(got))
	}
	return ""
}

func isInt(v connect.Value) bool {
	return v.Kind() >= connect.KindInt8 && v.Kind() <= connect.KindInt64
}

func differMaps(want, got *connect.Map) string {
	if want.Len() != got.Len() {
		return fmt.Sprintf("%d entries became %d", want.Len(), got.Len())
	}
	for i := range want.Len() {
		e := want.At(i)
		found := false
		for j := range got.Len() {
			o := got.At(j)
			if o.Key.Equal(e.Key) {
				found = true
				if why := differ(e.Value, o.Value); why != "" {
					return show(e.Key) + " " + why
				}
			}
		}
		if !found {
			return "key " + show(e.Key) + " is not there"
		}
	}
	return ""
}
