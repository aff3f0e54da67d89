package convert_test

import (
	"math"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
)

// TestPrimitiveRoundTrip: what is written is read as what it was, sign of zero
// and NaN included.
func TestPrimitiveRoundTrip(t *testing.T) {
	for _, c := range []struct {
		conv   connect.Converter
		values []connect.Value
	}{
		{convert.Boolean{}, []connect.Value{connect.Bool(true), connect.Bool(false), connect.Null}},
		{convert.Short{}, []connect.Value{connect.Int16(math.MinInt16), connect.Int16(-1), connect.Int16(258), connect.Null}},
		{convert.Integer{}, []connect.Value{connect.Int32(math.MinInt32), connect.Int32(-1), connect.Int32(16909060), connect.Null}},
		{convert.Long{}, []connect.Value{connect.Int64(math.MinInt64), connect.Int64(-1), connect.Int64(1 << 40), connect.Null}},
		{convert.Float{}, []connect.Value{connect.Float32(float32(math.Copysign(0, -1))), connect.Float32(float32(math.NaN())), connect.Float32(math.MaxFloat32), connect.Null}},
		{convert.Double{}, []connect.Value{connect.Float64(math.Copysign(0, -1)), connect.Float64(math.NaN()), connect.Float64(math.SmallestNonzeroFloat64), connect.Null}},
	} {
		codec := open(t, c.conv)
		var buf connect.Buffer
		for _, v := range c.values {
			b, err := codec.Encode(&buf, "t", connect.Datum{Value: v})
			if err != nil {
				t.Errorf("%T does not write %v: %v", c.conv, v, err)
				continue
			}
			if d, err := codec.Decode("t", b); err != nil || !d.Value.Equal(v) || d.Schema == nil || !d.Schema.IsOptional() {
				t.Errorf("%T reads %v %v as %v %v, %v", c.conv, v.Kind(), v, d.Schema, d.Value, err)
			}
		}
	}
}

// TestPrimitiveSchema: numbers go by the data alone, booleans by their schema
// too.
func TestPrimitiveSchema(t *testing.T) {
	var buf connect.Buffer
	if b, err := open(t, convert.Long{}).Encode(&buf, "t", connect.Datum{Schema: connect.StringSchema, Value: connect.Int64(1)}); err != nil || len(b) != 8 {
		t.Errorf("an int64 under another schema: %x, %v", b, err)
	}
	if _, err := open(t, convert.Boolean{}).Encode(&buf, "t", connect.Datum{Schema: connect.OptionalStringSchema}); err == nil {
		t.Error("a null under a string's schema is a boolean")
	}
	if _, err := open(t, convert.Integer{}).Encode(&buf, "t", connect.Datum{Schema: connect.DateSchema, Value: connect.InstantMilli(0)}); err == nil {
		t.Error("a Date is an int32, which Kafka Connect refuses")
	}
}

func BenchmarkLongEncode(b *testing.B) {
	benchEncode(b, convert.Long{}, connect.Datum{Schema: connect.Int64Schema, Value: connect.Int64(1 << 40)})
}
