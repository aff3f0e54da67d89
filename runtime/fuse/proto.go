package fuse

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"kcgen.dev/runtime/connect"
)

// Proto appends a field of Protobuf: its tag, and a value of a kind without parts.
// One that is empty is left out, unless it is always there. An integer is a varint.
func (t *Task) Proto(dst []byte, v connect.Value, k connect.Kind, tag uint64, always bool) []byte {
	if v.Kind() != k {
		t.unfit = true
		return dst
	}
	switch k {
	case connect.KindString, connect.KindBytes:
		return t.protoBytes(dst, v, tag, always)
	case connect.KindFloat32:
		if bits := math.Float32bits(float32(v.Float())); always || bits != 0 {
			return binary.LittleEndian.AppendUint32(binary.AppendUvarint(dst, tag), bits)
		}
		return dst
	case connect.KindFloat64:
		if bits := math.Float64bits(v.Float()); always || bits != 0 {
			return binary.LittleEndian.AppendUint64(binary.AppendUvarint(dst, tag), bits)
		}
		return dst
	}
	n := uint64(v.Int())
	if v.Bool() {
		n = 1
	}
	if n == 0 && !always {
		return dst
	}
	return binary.AppendUvarint(binary.AppendUvarint(dst, tag), n)
}

// protoBytes appends a text or bytes. A text that is no UTF-8 does not fit.
func (t *Task) protoBytes(dst []byte, v connect.Value, tag uint64, always bool) []byte {
	raw := v.Raw()
	if v.Kind() == connect.KindString && !v.IsPlain() && !utf8.Valid(raw) {
		t.unfit = true
	}
	if len(raw) == 0 && !always {
		return dst
	}
	dst = binary.AppendUvarint(binary.AppendUvarint(dst, tag), uint64(len(raw)))
	return append(dst, raw...)
}

// ProtoText is Proto for a record's text.
func (t *Task) ProtoText(dst []byte, r *connect.Record, tag uint64, always bool) []byte {
	return t.protoBytes(dst, r.Value.Value, tag, always)
}

// ProtoTopic is Proto for a record's topic.
func (t *Task) ProtoTopic(dst []byte, r *connect.Record, tag uint64, always bool) []byte {
	return t.protoBytes(dst, connect.String(r.Topic), tag, always)
}
