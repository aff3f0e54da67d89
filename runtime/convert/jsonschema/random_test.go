package jsonschema

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

// maker makes random schemas and values.
type maker struct {
	*rand.Rand
	entries int // the most of a map
}

func newMaker(seed uint64) maker { return maker{rand.New(rand.NewPCG(seed, 1)), 3} }

var scalars = []connect.Kind{connect.KindBool, connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64,
	connect.KindFloat32, connect.KindFloat64, connect.KindString, connect.KindBytes}

func (m maker) word() string {
	words := []string{"a", "b", "id", "name", "größe", "key", "value", "type", "x y", "$ref", "😀", "a/b~c", "properties", strings.Repeat("z", m.IntN(20)+1)}
	return words[m.IntN(len(words))]
}

// schema makes a schema; a key of a map is a scalar.
func (m maker) schema(depth int, key bool) *connect.Schema {
	var b *connect.SchemaBuilder
	kind := m.IntN(16)
	if depth <= 0 || key {
		kind = m.IntN(12)
	}
	switch {
	case kind == 9:
		b = connect.NewDecimal(int32(m.IntN(5)))
	case kind == 10:
		b = [](func() *connect.SchemaBuilder){connect.NewDate, connect.NewTime, connect.NewTimestamp}[m.IntN(3)]()
	case kind == 11:
		b = connect.NewSchema(connect.KindString).Param(enumParam, "")
		for range m.IntN(5) + 1 {
			symbol := m.word()
			b.Param(enumParam+"."+symbol, symbol)
		}
		if m.IntN(2) == 0 {
			return b.MustBuild()
		}
		return b.Optional().MustBuild()
	case kind < 9:
		b = connect.NewSchema(scalars[kind])
	case kind == 12:
		b = connect.NewArray(m.schema(depth-1, false))
	case kind == 13:
		key := m.schema(0, true)
		if key.Kind() == connect.KindString && !key.IsOptional() {
			key = connect.StringSchema // all that JSON says of the names of an object
		}
		b = connect.NewMap(key, m.schema(depth-1, false))
	default:
		b = m.structOf(depth)
	}
	m.decorate(b, kind < 9)
	return b.MustBuild()
}

func (m maker) structOf(depth int) *connect.SchemaBuilder {
	b := connect.NewStruct()
	seen := map[string]bool{}
	for range m.IntN(20) {
		if name := m.word(); !seen[name] {
			seen[name] = true
			b.Field(name, m.schema(depth-1, false))
		}
	}
	return b
}

func (m maker) decorate(b *connect.SchemaBuilder, plain bool) {
	if plain && m.IntN(5) == 0 {
		b.Name("io.acme." + m.word())
	}
	if plain && m.IntN(5) == 0 {
		b.Version(int32(m.IntN(9)))
	}
	if m.IntN(5) == 0 {
		b.Doc("About " + m.word())
	}
	if plain && m.IntN(6) == 0 {
		for range m.IntN(5) + 1 {
			b.Param("p."+m.word(), m.word())
		}
	}
	if s, err := b.Build(); err == nil && m.IntN(5) == 0 && s.Kind() != connect.KindStruct {
		if v := m.value(s, 1); plain || s.Logical() != connect.NotLogical {
			b.Default(v)
		}
	}
	if m.IntN(3) == 0 {
		b.Optional()
	}
}

func (m maker) value(s *connect.Schema, depth int) connect.Value {
	if s.IsOptional() && m.IntN(4) == 0 {
		return connect.Null
	}
	switch s.Logical() {
	case connect.LogicalDecimal:
		scale, _ := s.Scale()
		return decimal((m.Int64()>>m.IntN(60)-1<<30)/10*10+1, scale) // a default as a number loses its last zeros
	case connect.LogicalDate:
		return connect.InstantMilli(int64(m.IntN(40000)-20000) * connect.MillisPerDay)
	case connect.LogicalTime:
		return connect.InstantMilli(m.Int64N(connect.MillisPerDay))
	case connect.LogicalTimestamp:
		return connect.InstantMilli(m.Int64N(1 << 42))
	}
	switch s.Kind() {
	case connect.KindBool:
		return connect.Bool(m.IntN(2) == 0)
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		return connect.IntOf(s.Kind(), int64(m.Uint64()>>m.IntN(64)))
	case connect.KindFloat32:
		return connect.Float32(float32(m.NormFloat64() * float64(m.IntN(1000000))))
	case connect.KindFloat64:
		return connect.Float64(m.NormFloat64() * float64(m.IntN(1000000)) / 64)
	case connect.KindString:
		if isEnum(s) {
			all := symbols(s, enumParam)
			return connect.String(all[m.IntN(len(all))])
		}
		return connect.String(strings.Repeat(m.word()+"\n\"", m.IntN(3)))
	case connect.KindBytes:
		return connect.Bytes([]byte(m.word()))
	case connect.KindArray:
		a := &connect.Array{}
		for range m.IntN(3) {
			a.Elems = append(a.Elems, m.value(s.Elem(), depth+1))
		}
		return a.Value()
	case connect.KindMap:
		return m.mapOf(s, depth)
	}
	st := &connect.Struct{Schema: s}
	for _, f := range s.Fields() {
		st.Slots = append(st.Slots, m.value(f.Schema, depth+1))
	}
	return st.Value()
}

func (m maker) mapOf(s *connect.Schema, depth int) connect.Value {
	out := &connect.Map{}
	index := connect.NewMapIndex(out)
	for range m.IntN(m.entries + 1) {
		if k := m.value(s.Key(), depth); index.Find(k) < 0 {
			out.Put(k, m.value(s.Elem(), depth+1))
		}
	}
	return out.Value()
}

// TestRandom: what is written is valid under its schema, and is read as what
// it was, under an equal schema.
func TestRandom(t *testing.T) {
	for seed := range uint64(2000) {
		m := newMaker(seed)
		s := m.schema(3, false)
		d := connect.Datum{Schema: s, Value: m.value(s, 0)}
		c := with(func(c *Converter) {
			c.JSONFailInvalidSchema, c.Strict, c.JSONIndentOutput = true, m.IntN(2) == 0, m.IntN(2) == 0
			c.ObjectAdditionalProperties = m.IntN(2) == 0
			c.DecimalFormat = []string{"BASE64", "NUMERIC"}[m.IntN(2)]
		})
		reg := newFake()
		out, err := c.codec(reg).Encode(new(connect.Buffer), "t", d)
		if err != nil {
			t.Fatalf("seed %d: %v\n%v", seed, err, d.Value)
		}
		if out == nil {
			continue
		}
		got, err := c.codec(reg).Decode("t", out)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s\n%s", seed, err, out, reg.byID[1].Text)
		}
		if want := filled(d); !same(got, want) {
			t.Fatalf("seed %d:\n%s\n%s\ngot  %v\nwant %v\ngot  %v\nwant %v", seed, out, reg.byID[1].Text, got.Schema, want.Schema, got.Value, want.Value)
		}
	}
}

func same(a, b connect.Datum) bool {
	return fmt.Sprint(a.Schema) == fmt.Sprint(b.Schema) && a.Schema.Equal(b.Schema) && a.Value.Equal(b.Value)
}

// filled is d with the defaults that take the place of nulls when it is
// written.
func filled(d connect.Datum) connect.Datum {
	return connect.Datum{Schema: d.Schema, Value: fill(d.Schema, d.Value)}
}

func fill(s *connect.Schema, v connect.Value) connect.Value {
	if def, ok := s.Default(); ok && v.IsNull() {
		return def
	}
	switch v.Kind() {
	case connect.KindArray:
		a := &connect.Array{}
		for _, e := range v.Array().Elems {
			a.Elems = append(a.Elems, fill(s.Elem(), e))
		}
		return a.Value()
	case connect.KindMap:
		out := &connect.Map{}
		index := connect.NewMapIndex(out)
		for i := range v.Map().Len() {
			e := v.Map().At(i)
			k, v := fill(s.Key(), e.Key), fill(s.Elem(), e.Value)
			if i := index.Find(k); i >= 0 {
				out.Vals[i] = v
			} else {
				out.Put(k, v)
			}
		}
		return out.Value()
	case connect.KindStruct:
		st := &connect.Struct{Schema: s}
		for i, f := range s.Fields() {
			st.Slots = append(st.Slots, fill(f.Schema, v.Struct().Slots[i]))
		}
		return st.Value()
	}
	return v
}
