package avro

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	twmb "github.com/twmb/avro"

	"kcgen.dev/runtime/connect"
)

// maker makes random schemas and data of them.
type maker struct {
	*rand.Rand
	named int
}

// scalars are the schemas without parts.
var scalars = []*connect.Schema{
	connect.BoolSchema, connect.Int8Schema, connect.Int16Schema, connect.Int32Schema, connect.Int64Schema,
	connect.Float32Schema, connect.Float64Schema, connect.StringSchema, connect.BytesSchema,
	connect.DateSchema, connect.TimeSchema, connect.TimestampSchema, connect.NewDecimal(3).MustBuild(),
}

func (m *maker) schema(depth int) *connect.Schema {
	var b *connect.SchemaBuilder
	switch n := m.IntN(10); {
	case depth == 0 || n < 5:
		s := scalars[m.IntN(len(scalars))]
		b = connect.NewSchema(s.Kind()).Basics(s)
	case n == 5:
		b = connect.NewArray(m.schema(depth - 1))
	case n == 6:
		b = connect.NewMap(connect.StringSchema, m.schema(depth-1))
	case n == 7:
		elem := m.schema(depth - 1)
		m.named++
		b = connect.NewMap(scalars[1+m.IntN(4)], elem).Name(fmt.Sprintf("acme.Entry%d", m.named))
	case n == 8:
		return m.union(depth)
	default:
		return m.record(depth)
	}
	if b = m.extras(b); m.IntN(3) == 0 {
		b.Optional()
	}
	return b.MustBuild()
}

// extras adds what has no meaning for data.
func (m *maker) extras(b *connect.SchemaBuilder) *connect.SchemaBuilder {
	if m.IntN(8) == 0 {
		b.Doc("a \"doc\"\n").Param("k", "v")
	}
	return b
}

func (m *maker) record(depth int) *connect.Schema {
	m.named++
	b := m.extras(connect.NewStruct().Name(fmt.Sprintf("acme.R%d", m.named)))
	for i := range m.IntN(6) {
		b.Field(fmt.Sprintf("f%d", i), m.schema(depth-1))
	}
	if m.IntN(3) == 0 {
		b.Optional()
	}
	return b.MustBuild()
}

// union is never optional: such a field comes back with a parameter that says
// that its default, null, was Avro's.
func (m *maker) union(depth int) *connect.Schema {
	b := connect.NewStruct().Name(nameUnion).Field("int", connect.OptionalInt32Schema).Field("string", connect.OptionalStringSchema).
		Field("boolean", connect.OptionalBoolSchema)
	if depth > 1 {
		m.named++
		name := fmt.Sprintf("U%d", m.named)
		s := connect.NewStruct().Name("acme."+name).Field("x", m.schema(depth-2)).Optional().MustBuild()
		b.Field(name, s)
	}
	return b.MustBuild()
}

func (m *maker) text() string {
	b := make([]rune, m.IntN(12))
	for i := range b {
		b[i] = []rune("abcxyz \"\\\u00e9\u4e16\U0001F600")[m.IntN(12)]
	}
	return string(b)
}

func (m *maker) value(s *connect.Schema) connect.Value {
	if s.IsOptional() && m.IntN(3) == 0 {
		return connect.Null
	}
	switch s.Logical() {
	case connect.LogicalDate:
		return connect.InstantMilli(int64(m.IntN(40000)-10000) * connect.MillisPerDay)
	case connect.LogicalTime:
		return connect.InstantMilli(m.Int64N(connect.MillisPerDay))
	case connect.LogicalTimestamp:
		return connect.InstantMilli(m.Int64N(4e12) - 1e12)
	case connect.LogicalDecimal:
		n := big.NewInt(m.Int64() - math.MaxInt64/2)
		if m.IntN(3) == 0 {
			n.Mul(n, n)
		}
		return (&connect.Decimal{Unscaled: n, Scale: 3}).Value()
	}
	switch s.Kind() {
	case connect.KindBool:
		return connect.Bool(m.IntN(2) == 0)
	case connect.KindInt8:
		return connect.Int8(int8(m.Uint64()))
	case connect.KindInt16:
		return connect.Int16(int16(m.Uint64()))
	case connect.KindInt32:
		return connect.Int32(int32(m.Uint64()) >> m.IntN(32))
	case connect.KindInt64:
		return connect.Int64(int64(m.Uint64()) >> m.IntN(64))
	case connect.KindFloat32:
		return connect.Float32(m.Float32() * 1e6)
	case connect.KindFloat64:
		return connect.Float64(m.NormFloat64())
	case connect.KindString:
		return connect.String(m.text())
	case connect.KindBytes:
		return connect.Bytes([]byte(m.text()))
	}
	return m.parts(s)
}

func (m *maker) parts(s *connect.Schema) connect.Value {
	switch s.Kind() {
	case connect.KindArray:
		a := &connect.Array{Elems: make([]connect.Value, m.IntN(4))}
		for i := range a.Elems {
			a.Elems[i] = m.value(s.Elem())
		}
		return a.Value()
	case connect.KindMap:
		out := &connect.Map{}
		ix := connect.NewMapIndex(out)
		for range m.IntN(4) {
			if k := m.value(s.Key()); ix.Find(k) < 0 {
				out.Put(k, m.value(s.Elem()))
			}
		}
		return out.Value()
	}
	st := &connect.Struct{Schema: s, Slots: make([]connect.Value, len(s.Fields()))}
	if isUnion(s) {
		i := m.IntN(len(s.Fields()))
		f := s.Fields()[i].Schema
		for st.Slots[i].IsNull() {
			st.Slots[i] = m.value(f)
		}
		return st.Value()
	}
	for i, f := range s.Fields() {
		st.Slots[i] = m.value(f.Schema)
	}
	return st.Value()
}

// written is a datum with its schema's text and its bytes.
type written struct {
	datum connect.Datum
	text  string
	data  []byte
}

func (m *maker) written(t *testing.T, s *connect.Schema) written {
	t.Helper()
	return m.writtenValue(t, connect.Datum{Schema: s, Value: m.value(s)})
}

func (m *maker) writtenValue(t *testing.T, d connect.Datum) written {
	t.Helper()
	o, s, w := plainConverter().options(), d.Schema, written{datum: d}
	own, err := o.avroSchema(s)
	if err != nil {
		t.Fatalf("schema %v: %v", s, err)
	}
	if w.text, err = text(own); err != nil {
		t.Fatalf("schema %v: %v", s, err)
	}
	plan, err := o.plan(s, own, own)
	if err != nil {
		t.Fatalf("schema %v: %v", s, err)
	}
	if w.data, err = appendValue(nil, plan, w.datum.Value); err != nil {
		t.Fatalf("value %v: %v", w.datum.Value, err)
	}
	return w
}

// same reads the bytes, which another may have written, and compares.
func (w written) same(t *testing.T, data []byte) {
	t.Helper()
	if rest := w.sameFront(t, data); len(rest) > 0 {
		t.Fatalf("%d bytes are left", len(rest))
	}
}

// sameFront compares what stands in front, and gives what follows.
func (w written) sameFront(t *testing.T, data []byte) []byte {
	t.Helper()
	o := plainConverter().options()
	a, err := parse(w.text, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := o.connectSchema(a)
	if err != nil {
		t.Fatal(err)
	}
	if !s.Equal(w.datum.Schema) {
		t.Fatalf("schema %s\nbecame %v\nof     %v", w.text, s, w.datum.Schema)
	}
	plan, err := o.resolve(a, a, s, true)
	if err != nil {
		t.Fatal(err)
	}
	d := &decoder{}
	d.reset(data, 0)
	v, err := d.value(plan)
	if err != nil {
		t.Fatalf("%x under %s: %v", data, w.text, err)
	}
	if !v.Equal(w.datum.Value) {
		t.Fatalf("%x under %s\nis  %v\nnot %v", data, w.text, v, w.datum.Value)
	}
	return data[d.pos:]
}

// TestRandom writes random data of random schemas, and reads them here and by
// another implementation of Avro, which writes them again.
func TestRandom(t *testing.T) {
	m := &maker{Rand: rand.New(rand.NewPCG(1, 2))}
	for range 2000 {
		m.named = 0
		w := m.written(t, m.record(4))
		w.same(t, w.data)
		other, err := twmb.Parse(w.text)
		if err != nil {
			t.Fatalf("%s: %v", w.text, err)
		}
		if w.datum.Value.IsNull() {
			continue
		}
		var v any
		rest, err := other.Decode(w.data, &v)
		if err != nil || len(rest) > 0 {
			t.Fatalf("%s: %v, %d bytes are left", w.text, err, len(rest))
		}
		again, err := other.AppendEncode(nil, v)
		if err != nil {
			t.Fatalf("%s: %v", w.text, err)
		}
		w.same(t, again)
	}
}
