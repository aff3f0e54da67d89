package chain_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/convert/avro"
	"kcgen.dev/runtime/predicate"
	"kcgen.dev/runtime/transform"
)

// FuzzProjectSchema is FuzzProject for messages with schemas: an envelope whose
// schema and payload may be anything.
func FuzzProjectSchema(f *testing.F) {
	const schema = `{"type":"struct","name":"s","fields":[{"type":"string","field":"a"},{"type":"int32","optional":true,"field":"b"},` +
		`{"type":"struct","field":"c","fields":[{"type":"array","items":{"type":"string"},"field":"a"}],"optional":true},` +
		`{"type":"bytes","field":"d","optional":true},{"type":"int64","name":"org.apache.kafka.connect.data.Timestamp","version":1,"field":"e","optional":true},` +
		`{"type":"map","keys":{"type":"string"},"values":{"type":"double"},"field":"f","optional":true},{"type":"int32","default":7,"field":"g"}]}`
	for _, s := range []string{
		`{"a":"x","b":1,"c":{"a":["x","y"]},"d":"AA==","e":5,"f":{"x":1.5},"g":1}`, `{"a":"x"}`, `{"g":null,"a":"x"}`, `{"b":1}`, `{"a":1}`, `{"a":"x","b":"y"}`, `{"a":"x","c":{"a":[1]}}`,
		`{"a":"x","c":{}}`, `{"a":"x","c":[]}`, `{"a":"x","d":"!"}`, `{"a":"x","e":1.5}`, `{"a":"x","f":{"x":1e3000000000}}`, `{"a":"x","f":3}`, `{"a":"x","z":[{"y":1}]}`,
		`{ "a" : "x" , "b" : 2 }`, `{"a":"x","a":"y","b":1,"b":true}`, `{"\u0061":"x"}`, `null`, `[]`, `{`, `{"a":"\ud800","b":null}`, "{\"a\":\"x\",\"b\":\xff}", `{"a":"x","c":{"b":{}}}`,
	} {
		for kind := range uint8(8) {
			f.Add(kind, "a,b", "c", schema, s)
		}
		f.Add(uint8(0), "a,e", "c", `{"type":"struct","fields":[{"type":"string","field":"a"},{"type":"string","field":"b"}],"optional":true}`, s)
	}
	f.Fuzz(func(t *testing.T, kind uint8, a, b, schema, payload string) {
		for _, value := range []convert.JSON{
			{SchemasEnable: true}, {SchemasEnable: true, Strict: true}, {SchemasEnable: true, ReplaceNullWithDefault: true}, {SchemasEnable: true, SchemaContent: schema},
		} {
			p, ok := openPair(t, value, stepsOf(kind, a, b))
			if !ok {
				continue
			}
			message := payload
			if value.SchemaContent == "" {
				message = `{"schema":` + schema + `,"payload":` + payload + `}`
			}
			for range 3 { // the first of them has a new schema
				p.try(t, message)
			}
			p.try(t, `{"payload":`+payload+`, "schema" : `+schema+`} `)
			p.try(t, `{ "schema" : `+schema+` , "payload" : `+payload+` } `)
		}
	})
}

// TestProjectSchemasRandom: random data of random schemas, whole and damaged,
// through converters that write the schema with them or in a registry.
func TestProjectSchemasRandom(t *testing.T) {
	random := dice{rand.New(rand.NewPCG(3, 4))}
	for name, value := range map[string]connect.Converter{
		"JSON":          convert.JSON{SchemasEnable: true},
		"JSON defaults": convert.JSON{SchemasEnable: true, ReplaceNullWithDefault: true},
		"Avro":          avroOffline,
	} {
		t.Run(name, func(t *testing.T) {
			tried, less := 0, 0
			for range chains() {
				less += random.chain(t, value, &tried)
			}
			t.Logf("less was made of %d of %d messages", less, tried)
			if less < tried/16 {
				t.Error("too few")
			}
		})
	}
}

// chains is how many random chains are tried.
func chains() int {
	if testing.Short() {
		return 150
	}
	return 600
}

// avroOffline is Avro's converter as it is by default, with a registry in memory.
var avroOffline = avro.Converter{
	SubjectNameStrategy: "TopicNameStrategy", ConnectMetaData: true, FlattenSingletonUnions: true, AvroFailOnTrailingData: true,
}.Offline()

// dice chooses.
type dice struct{ *rand.Rand }

// chain tries messages of a few schemas in a random chain.
func (d dice) chain(t *testing.T, value connect.Converter, tried *int) (less int) {
	names := []string{"a,b", "c", "a.b", "d,e", "", "b,c,d,e,f"}
	p, ok := openPair(t, value, append(d.before(), stepsOf(uint8(d.Uint32()), names[d.IntN(6)], names[d.IntN(6)])...))
	if !ok {
		return 0
	}
	writer, err := value.Open(connect.RoleValue)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s := d.schema(3)
		less += d.tryAll(t, p, writer, s, 16, func() connect.Value { return d.value(s) })
		*tried += 16
	}
	return less
}

// tryAll tries n messages of a schema, of which every fourth is damaged.
func (d dice) tryAll(t *testing.T, p pair, writer connect.Codec, s *connect.Schema, n int, value func() connect.Value) (less int) {
	t.Helper()
	var buf connect.Buffer
	for i := range n {
		m, err := writer.Encode(&buf, "t", connect.Datum{Schema: s, Value: value()})
		if err != nil {
			t.Fatal(err)
		}
		message := string(m)
		if i%4 == 3 {
			message = d.damaged(message)
		}
		if p.try(t, message) {
			less++
		}
	}
	return less
}

// before are steps that pass on what they do not touch.
func (d dice) before() (steps []chain.Step) {
	name := func() string { return []string{"a", "b", "c", "d", "a.b", "new"}[d.IntN(6)] }
	version := []string{"V1", "V2"}[d.IntN(2)]
	for range d.IntN(4) {
		step := chain.Step{Do: []connect.Transform{
			transform.MaskField{On: "value", Fields: []string{name()}, FieldSyntaxVersion: version},
			transform.Cast{On: "value", Spec: []string{name() + ":string"}, FieldSyntaxVersion: version},
			transform.TimestampConverter{On: "value", Field: name(), TargetType: "unix", UnixPrecision: "milliseconds", FieldSyntaxVersion: version},
			transform.InsertField{On: "value", StaticField: name(), StaticValue: "x", FieldSyntaxVersion: version},
			transform.HeaderFrom{On: "value", Fields: []string{name()}, Headers: []string{"h"}, Operation: []string{"copy", "move"}[d.IntN(2)], FieldSyntaxVersion: version},
			transform.ValueToKey{Fields: []string{name()}, FieldSyntaxVersion: version},
			transform.ExtractTopic{On: "value", Field: name(), SkipMissingOrNull: true, FieldSyntaxVersion: version},
			transform.SetSchemaMetadata{On: "value", SchemaName: "other", SchemaVersion: 3},
			transform.TombstoneHandler{Behavior: "ignore"},
			transform.Filter{}, transform.Drop{On: "value", SchemaBehavior: "nullify"},
			transform.MessageTimestampRouter{TopicFormat: "${topic}", TopicTimestampFormat: "yyyy", MessageTimestampFormat: "yyyy", MessageTimestampKeys: []string{name(), name()}},
		}[d.IntN(12)]}
		switch d.IntN(8) {
		case 0:
			step.When = predicate.HasHeaderKey{Name: "h"}
		case 1:
			step.Unless = predicate.RecordIsTombstone{}
		}
		if f, ok := step.Do.(transform.Filter); ok {
			step = chain.Step{Do: f, When: predicate.TopicNameMatches{Pattern: "no"}}
		}
		steps = append(steps, step)
	}
	return steps
}

// damaged is a message of which a few bytes are others, or gone.
func (d dice) damaged(m string) string {
	if m == "" {
		return m
	}
	at := len(m) - 1 - d.IntN(len(m))
	switch d.IntN(4) {
	case 0:
		return m[:at]
	case 1:
		return m[:at] + m[min(at+1+d.IntN(3), len(m)):]
	case 2:
		return m[:at] + string(rune(d.IntN(128))) + m[at+1:]
	}
	return m[:at] + []string{"null", "[]", "{}", "1", `"x"`, "\xff", " "}[d.IntN(7)] + m[at:]
}

// schema is one of a struct.
func (d dice) schema(depth int) *connect.Schema {
	b := connect.NewStruct().Name(fmt.Sprintf("acme.R%d", d.Uint64()))
	for i := range d.IntN(7) {
		b.Field(string(rune('a'+i)), d.field(depth-1))
	}
	if d.IntN(4) == 0 {
		b.Optional()
	}
	return b.MustBuild()
}

func (d dice) field(depth int) *connect.Schema {
	scalars := []*connect.Schema{
		connect.BoolSchema, connect.Int8Schema, connect.Int16Schema, connect.Int32Schema, connect.Int64Schema, connect.Float32Schema,
		connect.Float64Schema, connect.StringSchema, connect.BytesSchema, connect.DateSchema, connect.TimeSchema, connect.TimestampSchema,
		connect.NewDecimal(2).MustBuild(), connect.StringSchema, connect.Int64Schema,
	}
	var b *connect.SchemaBuilder
	switch kind := d.IntN(12); {
	case depth > 0 && kind == 0:
		b = connect.NewArray(d.field(depth - 1))
	case depth > 0 && kind == 1:
		b = connect.NewMap(connect.StringSchema, d.field(depth-1))
	case depth > 0 && kind == 2:
		b = connect.NewMap(connect.Int32Schema, d.field(depth-1)).Name(fmt.Sprintf("acme.M%d", d.Uint64()))
	case depth > 0 && kind < 5:
		return d.schema(depth)
	default:
		s := scalars[d.IntN(len(scalars))]
		if b = connect.NewSchema(s.Kind()).Basics(s); d.IntN(5) == 0 {
			b.Default(d.scalar(s))
		}
	}
	if d.IntN(3) == 0 {
		b.Optional()
	}
	return b.MustBuild()
}

func (d dice) value(s *connect.Schema) connect.Value {
	if s.IsOptional() && d.IntN(4) == 0 {
		return connect.Null
	}
	switch s.Kind() {
	case connect.KindArray:
		a := &connect.Array{}
		for range d.IntN(4) {
			a.Elems = append(a.Elems, d.value(s.Elem()))
		}
		return a.Value()
	case connect.KindMap:
		m := &connect.Map{}
		for i := range d.IntN(4) {
			key := connect.Int32(int32(i))
			if s.Key().Kind() == connect.KindString {
				key = connect.String(string(rune('a' + i)))
			}
			m.Put(key, d.value(s.Elem()))
		}
		return m.Value()
	case connect.KindStruct:
		st := &connect.Struct{Schema: s}
		for _, f := range s.Fields() {
			st.Slots = append(st.Slots, d.value(f.Schema))
		}
		return st.Value()
	}
	return d.scalar(s)
}

func (d dice) scalar(s *connect.Schema) connect.Value {
	switch s.Logical() {
	case connect.LogicalDate:
		return connect.InstantMilli(int64(d.IntN(40000)) * connect.MillisPerDay)
	case connect.LogicalTime:
		return connect.InstantMilli(d.Int64N(connect.MillisPerDay))
	case connect.LogicalTimestamp:
		return connect.InstantMilli(d.Int64N(4e12))
	case connect.LogicalDecimal:
		return (&connect.Decimal{Unscaled: big.NewInt(d.Int64()), Scale: 2}).Value()
	}
	switch s.Kind() {
	case connect.KindBool:
		return connect.Bool(d.IntN(2) == 0)
	case connect.KindInt8:
		return connect.Int8(int8(d.Uint32()))
	case connect.KindInt16:
		return connect.Int16(int16(d.Uint32()))
	case connect.KindInt32:
		return connect.Int32(int32(d.Uint32()) >> d.IntN(32))
	case connect.KindInt64:
		return connect.Int64(int64(d.Uint64()) >> d.IntN(64))
	case connect.KindFloat32:
		return connect.Float32(float32(d.NormFloat64()))
	case connect.KindFloat64:
		return connect.Float64(d.NormFloat64())
	case connect.KindBytes:
		return connect.Bytes([]byte(d.text()))
	}
	return connect.String(d.text())
}

func (d dice) text() string {
	return []string{"", "x", "some text", "grün", "a\"b\\c\n", "日本語"}[d.IntN(6)]
}
