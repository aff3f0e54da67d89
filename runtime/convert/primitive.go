package convert

import (
	"encoding/binary"
	"fmt"
	"math"

	"kcgen.dev/runtime/connect"
)

var (
	_ connect.Converter = Boolean{}
	_ connect.Converter = Short{}
	_ connect.Converter = Integer{}
	_ connect.Converter = Long{}
	_ connect.Converter = Float{}
	_ connect.Converter = Double{}
)

// Open gives the codec; it has no state and no errors.
func (Boolean) Open(connect.Role) (connect.Codec, error) { return booleanCodec{}, nil }

// Open gives the codec; it has no state and no errors.
func (Short) Open(connect.Role) (connect.Codec, error) { return short, nil }

// Open gives the codec; it has no state and no errors.
func (Integer) Open(connect.Role) (connect.Codec, error) { return integer, nil }

// Open gives the codec; it has no state and no errors.
func (Long) Open(connect.Role) (connect.Codec, error) { return long, nil }

// Open gives the codec; it has no state and no errors.
func (Float) Open(connect.Role) (connect.Codec, error) { return float32s, nil }

// Open gives the codec; it has no state and no errors.
func (Double) Open(connect.Role) (connect.Codec, error) { return float64s, nil }

// numberCodec writes numbers of one type, big-endian. It goes by the data alone
// and not by their schema, as Kafka Connect's NumberConverter does.
type numberCodec struct {
	schema *connect.Schema // of what is read; its kind is the one that is written
	append func([]byte, connect.Value) []byte
	read   func([]byte) connect.Value
	size   int // in bytes
}

var (
	short = &numberCodec{
		connect.OptionalInt16Schema,
		func(dst []byte, v connect.Value) []byte { return binary.BigEndian.AppendUint16(dst, uint16(v.Int())) },
		func(b []byte) connect.Value { return connect.Int16(int16(binary.BigEndian.Uint16(b))) },
		2,
	}
	integer = &numberCodec{
		connect.OptionalInt32Schema,
		func(dst []byte, v connect.Value) []byte { return binary.BigEndian.AppendUint32(dst, uint32(v.Int())) },
		func(b []byte) connect.Value { return connect.Int32(int32(binary.BigEndian.Uint32(b))) },
		4,
	}
	long = &numberCodec{
		connect.OptionalInt64Schema,
		func(dst []byte, v connect.Value) []byte { return binary.BigEndian.AppendUint64(dst, uint64(v.Int())) },
		func(b []byte) connect.Value { return connect.Int64(int64(binary.BigEndian.Uint64(b))) },
		8,
	}
	float32s = &numberCodec{
		connect.OptionalFloat32Schema,
		func(dst []byte, v connect.Value) []byte {
			return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(v.Float())))
		},
		func(b []byte) connect.Value {
			return connect.Float32(math.Float32frombits(binary.BigEndian.Uint32(b)))
		},
		4,
	}
	float64s = &numberCodec{
		connect.OptionalFloat64Schema,
		func(dst []byte, v connect.Value) []byte {
			return binary.BigEndian.AppendUint64(dst, math.Float64bits(v.Float()))
		},
		func(b []byte) connect.Value {
			return connect.Float64(math.Float64frombits(binary.BigEndian.Uint64(b)))
		},
		8,
	}
)

func (c *numberCodec) Encode(buf *connect.Buffer, _ string, d connect.Datum) ([]byte, error) {
	switch d.Value.Kind() {
	case connect.KindNull:
		return nil, nil
	case c.schema.Kind():
		return buf.Finish(c.append(buf.Start(), d.Value)), nil
	}
	return nil, fmt.Errorf("convert: write %v: the data are %v", c.schema.Kind(), d.Value.Kind())
}

func (c *numberCodec) Decode(_ string, data []byte) (connect.Datum, error) {
	d := connect.Datum{Schema: c.schema}
	switch {
	case data == nil:
		return d, nil
	case len(data) != c.size:
		return connect.Datum{}, fmt.Errorf("convert: read %v: %d bytes, want %d", c.schema.Kind(), len(data), c.size)
	}
	d.Value = c.read(data)
	return d, nil
}

// booleanCodec writes one byte, 0 or 1. It minds the schema too, as Kafka
// Connect's BooleanConverter does.
type booleanCodec struct{}

// The two messages there are; they are never written.
var falseByte, trueByte = []byte{0}, []byte{1}

func (booleanCodec) Encode(_ *connect.Buffer, _ string, d connect.Datum) ([]byte, error) {
	if d.Schema != nil && d.Schema.Kind() != connect.KindBool {
		return nil, fmt.Errorf("convert: write boolean: the data's schema says %v", d.Schema.Kind())
	}
	switch d.Value.Kind() {
	case connect.KindNull:
		return nil, nil
	case connect.KindBool:
		if d.Value.Bool() {
			return trueByte, nil
		}
		return falseByte, nil
	}
	return nil, fmt.Errorf("convert: write boolean: the data are %v", d.Value.Kind())
}

func (booleanCodec) Decode(_ string, data []byte) (connect.Datum, error) {
	d := connect.Datum{Schema: connect.OptionalBoolSchema}
	switch {
	case data == nil:
		return d, nil
	case len(data) != 1:
		return connect.Datum{}, fmt.Errorf("convert: read boolean: %d bytes, want 1", len(data))
	case data[0] > 1:
		return connect.Datum{}, fmt.Errorf("convert: read boolean: a byte of %d, want 0 or 1", data[0])
	}
	d.Value = connect.Bool(data[0] == 1)
	return d, nil
}
