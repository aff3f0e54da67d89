package jsonschema

import (
	"math/big"
	"testing"

	"kcgen.dev/runtime/connect"
)

func decimal(unscaled int64, scale int32) connect.Value {
	return (&connect.Decimal{Unscaled: big.NewInt(unscaled), Scale: scale}).Value()
}

// orderText is in the order of a HashMap.
const orderText = `{"type":"object","title":"io.acme.Order","description":"An order.","connect.version":3,"properties":{"note":{"connect.index":1,"oneOf":[{"type":"null"},{"type":"string"}]},"price":{"type":"string","title":"org.apache.kafka.connect.data.Decimal","connect.index":2,"connect.version":1,"connect.type":"bytes","connect.parameters":{"scale":"2"}},"counts":{"type":"object","connect.index":4,"connect.type":"map","additionalProperties":{"type":"integer","connect.type":"int32"}},"id":{"type":"integer","connect.index":0,"connect.type":"int64"},"tags":{"type":"array","connect.index":3,"items":{"type":"string"}}}}`

// TestDescribe: the JSON Schema of Connect schemas, as Confluent's converter
// writes it.
func TestDescribe(t *testing.T) {
	schema := func(b *connect.SchemaBuilder) *connect.Schema { return b.MustBuild() }
	color := schema(connect.NewSchema(connect.KindString).Param(enumParam, "").Param(enumParam+".red", "red").Param(enumParam+".green", "green"))
	order := connect.NewStruct().Name("io.acme.Order").Version(3).Doc("An order.").
		Field("id", connect.Int64Schema).
		Field("note", connect.OptionalStringSchema).
		Field("price", schema(connect.NewDecimal(2))).
		Field("tags", schema(connect.NewArray(connect.StringSchema))).
		Field("counts", schema(connect.NewMap(connect.StringSchema, connect.Int32Schema)))
	for _, test := range []struct {
		name   string
		schema *connect.Schema
		want   string
		set    func(*Converter)
	}{
		{"bool", connect.BoolSchema, `{"type":"boolean"}`, nil},
		{"int8", schema(connect.NewSchema(connect.KindInt8)), `{"type":"integer","connect.type":"int8"}`, nil},
		{"string", connect.StringSchema, `{"type":"string"}`, nil},
		{"bytes", connect.BytesSchema, `{"type":"string","connect.type":"bytes"}`, nil},
		{"float32 with default", schema(connect.NewSchema(connect.KindFloat32).Default(connect.Float32(1))), `{"type":"number","default":1,"connect.type":"float32"}`, nil},
		{"float64 with a small default", schema(connect.NewSchema(connect.KindFloat64).Default(connect.Float64(1e-4))), `{"type":"number","default":0.00010,"connect.type":"float64"}`, nil},
		{"optional", connect.OptionalStringSchema, `{"oneOf":[{"type":"null"},{"type":"string"}]}`, nil},
		{"date", schema(connect.NewDate()), `{"type":"integer","title":"org.apache.kafka.connect.data.Date","connect.version":1,"connect.type":"int32"}`, nil},
		{"decimal", schema(connect.NewDecimal(2).Default(decimal(150, 2))), `{"type":"string","title":"org.apache.kafka.connect.data.Decimal","default":"AJY=","connect.version":1,"connect.type":"bytes","connect.parameters":{"scale":"2"}}`, nil},
		{"decimal as a number", schema(connect.NewDecimal(2).Default(decimal(150, 2))), `{"type":"number","title":"org.apache.kafka.connect.data.Decimal","default":1.5,"connect.version":1,"connect.type":"bytes","connect.parameters":{"scale":"2"}}`,
			func(c *Converter) { c.DecimalFormat = "NUMERIC" }},
		{"enum", color, `{"enum":["red","green"]}`, nil},
		{"map of ints", schema(connect.NewMap(connect.Int32Schema, connect.StringSchema)),
			`{"type":"array","connect.type":"map","items":{"type":"object","properties":{"value":{"type":"string","connect.index":1},"key":{"type":"integer","connect.index":0,"connect.type":"int32"}}}}`, nil},
		{"closed struct", schema(connect.NewStruct().Field("a", connect.BoolSchema)),
			`{"type":"object","additionalProperties":false,"properties":{"a":{"connect.index":0,"type":"boolean"}}}`, func(c *Converter) { c.ObjectAdditionalProperties = false }},
		{"union", schema(connect.NewStruct().Name(oneOfName).Optional().Field(oneOfName+".field.0", connect.OptionalStringSchema).Field(oneOfName+".field.1", connect.OptionalInt64Schema)),
			`{"oneOf":[{"type":"null"},{"type":"string","connect.index":0},{"type":"integer","connect.index":1,"connect.type":"int64"}]}`, nil},
		{"struct", schema(order), orderText, nil},
		{"optional struct", schema(order.Optional()), `{"oneOf":[{"type":"null"},` + orderText + `]}`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := defaults()
			if test.set != nil {
				test.set(&c)
			}
			got, err := c.codec(nil).w.text(test.schema)
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
