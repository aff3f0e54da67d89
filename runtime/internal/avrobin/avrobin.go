// Package avrobin appends values in Avro's binary encoding: what the converter
// and the functions of chains have in common.
package avrobin

import (
	"encoding/binary"
	"math"

	"kcgen.dev/runtime/connect"
)

// AppendBool appends a boolean.
func AppendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// AppendLong appends a number of variable length, an int or a long.
func AppendLong(dst []byte, n int64) []byte {
	if u := uint64(n)<<1 ^ uint64(n>>63); u < 0x80 {
		return append(dst, byte(u))
	}
	return binary.AppendVarint(dst, n)
}

// AppendString appends a string; what is no UTF-8 in it is replaced, as it
// would be in Java.
func AppendString(dst []byte, v connect.Value) []byte {
	raw := v.Raw()
	if !v.IsPlain() && !connect.ValidUTF8(raw) {
		raw = connect.AppendValid(nil, v.Str())
	}
	return append(AppendLong(dst, int64(len(raw))), raw...)
}

// AppendBytes appends bytes, with their length before them.
func AppendBytes(dst, raw []byte) []byte {
	return append(AppendLong(dst, int64(len(raw))), raw...)
}

// AppendFloat appends a float.
func AppendFloat(dst []byte, f float32) []byte {
	return binary.LittleEndian.AppendUint32(dst, math.Float32bits(f))
}

// AppendDouble appends a double.
func AppendDouble(dst []byte, f float64) []byte {
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(f))
}
