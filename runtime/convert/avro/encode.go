package avro

import (
	"errors"
	"fmt"
	"slices"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/avrobin"
)

// appendValue writes v under its plan.
func appendValue(dst []byte, n *writeNode, v connect.Value) ([]byte, error) {
	if !n.easy || v.Kind() != n.kind {
		return appendOther(dst, n, v)
	}
	if n.union {
		dst = append(dst, n.tag)
	}
	switch n.op {
	case writeString:
		return avrobin.AppendString(dst, v), nil
	case writeInt:
		return avrobin.AppendLong(dst, v.Int()), nil
	case writeBool:
		return avrobin.AppendBool(dst, v.Bool()), nil
	case writeDouble, writeFloatToDouble:
		return avrobin.AppendDouble(dst, v.Float()), nil
	case writeRecord:
		return appendRecord(dst, n, v.Struct())
	}
	return appendRare(dst, n, v)
}

// appendOther writes null, what has a way of its own, and what does not fit.
func appendOther(dst []byte, n *writeNode, v connect.Value) ([]byte, error) {
	switch {
	case n.op == writeAnything:
		return appendAnything(dst, v, 0)
	case v.IsNull() && (n.null < 0 || !n.schema.IsOptional()):
		return dst, errRequired
	case v.IsNull():
		return avrobin.AppendLong(dst, int64(n.null)), nil
	case v.Kind() != n.kind:
		return dst, fmt.Errorf("%v, but the schema says %v", v.Kind(), n.schema)
	case n.op == writeMember:
		return appendMember(dst, n, v.Struct())
	}
	// Of a union of very many types.
	bare := *n
	bare.union, bare.easy = false, true
	return appendValue(avrobin.AppendLong(dst, int64(n.branch)), &bare, v)
}

func appendRare(dst []byte, n *writeNode, v connect.Value) ([]byte, error) {
	switch n.op {
	case writeInstant:
		i, err := avrobin.Instant(n.logical, v.Milli())
		return avrobin.AppendLong(dst, i), err
	case writeBytes, writeRaw, writeFixed:
		return appendBinary(dst, n, v)
	case writeEnum:
		i, ok := n.symbols[v.Str()]
		if !ok {
			return dst, fmt.Errorf("%s is no symbol of the enum", v)
		}
		return avrobin.AppendLong(dst, int64(i)), nil
	case writeArray:
		return appendArray(dst, n, v.Array())
	case writeFloat:
		return avrobin.AppendFloat(dst, float32(v.Float())), nil
	case writeIntToFloat:
		return avrobin.AppendFloat(dst, float32(v.Int())), nil
	case writeIntToDouble:
		return avrobin.AppendDouble(dst, float64(v.Int())), nil
	}
	return appendMap(dst, n, v.Map())
}

// appendBinary writes bytes and decimals, with a length or of a fixed one.
func appendBinary(dst []byte, n *writeNode, v connect.Value) (_ []byte, err error) {
	var buf [40]byte // of the decimals that there are
	raw := v.Raw()
	if d := v.Decimal(); d != nil {
		if raw, err = unscaled(buf[:0], n.schema, d); err != nil {
			return dst, err
		}
	}
	switch {
	case n.op == writeRaw:
		return append(dst, raw...), nil
	case n.op == writeBytes:
		return avrobin.AppendBytes(dst, raw), nil
	case len(raw) == n.size:
		return append(dst, raw...), nil
	case n.logical != connect.LogicalDecimal || len(raw) > n.size:
		return dst, fmt.Errorf("%d bytes, where the schema's fixed size is %d", len(raw), n.size)
	}
	sign := byte(int8(raw[0]) >> 7)
	for range n.size - len(raw) {
		dst = append(dst, sign)
	}
	return append(dst, raw...), nil
}

func appendArray(dst []byte, n *writeNode, a *connect.Array) (_ []byte, err error) {
	if len(a.Elems) > 0 {
		dst = avrobin.AppendLong(dst, int64(len(a.Elems)))
	}
	for i, e := range a.Elems {
		if dst, err = appendValue(dst, n.elem, e); err != nil {
			return dst, at(err, index(i))
		}
	}
	return append(dst, 0), nil
}

func appendMap(dst []byte, n *writeNode, m *connect.Map) (_ []byte, err error) {
	if m.Len() > 0 {
		dst = avrobin.AppendLong(dst, int64(m.Len()))
	}
	for i := range m.Len() {
		e := m.At(i)
		switch {
		case n.key != nil:
			dst, err = appendValue(dst, n.key, e.Key)
		case e.Key.Kind() == connect.KindString:
			dst = avrobin.AppendString(dst, e.Key)
		default:
			err = fmt.Errorf("%v, but keys are strings", e.Key.Kind())
		}
		if err != nil {
			return dst, at(err, "[key of the map]")
		}
		if dst, err = appendValue(dst, n.elem, e.Value); err != nil {
			return dst, at(err, entry(e.Key))
		}
	}
	return append(dst, 0), nil
}

func appendRecord(dst []byte, n *writeNode, s *connect.Struct) (_ []byte, err error) {
	if s.Schema != n.schema {
		if err := sameStruct(n.schema, s); err != nil {
			return dst, err
		}
	}
	for i := range n.fields {
		f := &n.fields[i]
		if f.node == nil {
			dst = append(dst, f.fixed...)
			continue
		}
		v := s.Slots[f.slot]
		if v.IsNull() && f.def != nil {
			v = *f.def
		}
		if dst, err = appendValue(dst, f.node, v); err != nil {
			return dst, at(err, f.name)
		}
	}
	return dst, nil
}

// sameStruct sees to it that a struct is of the schema that its place says.
func sameStruct(want *connect.Schema, s *connect.Struct) error {
	if want.Equal(s.Schema) && len(s.Slots) == len(want.Fields()) {
		return nil
	}
	return fmt.Errorf("a struct of another schema (%v), but the schema says %v", s.Schema, want)
}

// isNull reports whether v is a union's struct that stands for null: none of
// its fields is set.
func (n *writeNode) isNull(v connect.Value) bool {
	if n.op != writeMember || !n.schema.IsOptional() || v.Kind() != connect.KindStruct {
		return false
	}
	return !slices.ContainsFunc(v.Struct().Slots, func(v connect.Value) bool { return !v.IsNull() })
}

// appendMember writes the field that is set of a union's struct.
func appendMember(dst []byte, n *writeNode, s *connect.Struct) ([]byte, error) {
	if s.Schema != n.schema {
		if err := sameStruct(n.schema, s); err != nil {
			return dst, err
		}
	}
	for i, v := range s.Slots {
		if v.IsNull() {
			continue
		}
		dst, err := appendValue(dst, n.members[i], v)
		if err != nil {
			err = at(err, n.schema.Fields()[i].Name)
		}
		return dst, err
	}
	if n.null >= 0 {
		return avrobin.AppendLong(dst, int64(n.null)), nil
	}
	return dst, errors.New("no field of the union's struct is set")
}
