package protobuf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"

	"kcgen.dev/runtime/connect"
)

// write appends whole data: a struct, or the value of a wrapper.
func (p *writePlan) write(dst []byte, v connect.Value) ([]byte, error) {
	if p.schema.Kind() != connect.KindStruct {
		return p.fields[0].append(dst, v)
	}
	if v.Kind() != connect.KindStruct {
		return dst, fmt.Errorf("%v, but a struct is required", v.Kind())
	}
	return p.message(dst, v.Struct())
}

// message appends a struct's fields in the order of their numbers.
func (p *writePlan) message(dst []byte, st *connect.Struct) (_ []byte, err error) {
	if st.Schema != p.schema && !p.takes(st.Schema) || len(st.Slots) != len(p.schema.Fields()) {
		return dst, errors.New("the struct is of another schema than its field")
	}
	for _, f := range p.fields {
		v := st.Slots[f.slot]
		if f.member >= 0 {
			if v, err = f.chosen(v); err != nil {
				return dst, err
			}
		}
		if v.IsNull() {
			if v = f.def; v.IsNull() || f.member >= 0 {
				continue
			}
		}
		if dst, err = f.append(dst, v); err != nil {
			return dst, at(err, f.name)
		}
	}
	return dst, nil
}

// takes reports whether a struct's schema is equal to the plan's. The last that
// was is known by its pointer.
func (p *writePlan) takes(s *connect.Schema) bool {
	if s != p.equal && p.schema.Equal(s) {
		p.equal = s
	}
	return s == p.equal && s != nil
}

// chosen is the field's value in the struct of its oneof, if it is the one that
// is there: the first that is not null, or has a default.
func (f *writeField) chosen(union connect.Value) (connect.Value, error) {
	if union.IsNull() {
		return connect.Null, nil
	}
	u := union.Struct()
	if u == nil || len(u.Slots) != len(f.union.Fields()) {
		return connect.Null, at(errors.New("the oneof is of another schema than its field"), f.name)
	}
	for i := range u.Slots {
		v := u.Slots[i]
		if v.IsNull() && f.defaults != nil {
			v = f.defaults[i]
		}
		if v.IsNull() {
			continue
		}
		if i == f.member {
			return v, nil
		}
		return connect.Null, nil
	}
	return connect.Null, at(errors.New("a oneof none of whose fields is there"), f.name)
}

// append appends a field with its tag. An array or a map is all of its values.
func (f *writeField) append(dst []byte, v connect.Value) ([]byte, error) {
	switch {
	case f.isMap:
		return f.entries(dst, v)
	case f.packed:
		return f.pack(dst, v)
	case f.repeated:
		return f.elements(dst, v)
	case !f.explicit && f.how == asScalar && f.isDefault(v):
		return dst, f.check(v)
	}
	return f.one(binary.AppendUvarint(dst, f.tag), v)
}

// one appends one value.
func (f *writeField) one(dst []byte, v connect.Value) ([]byte, error) {
	switch f.how {
	case asScalar:
		return f.scalar(dst, v)
	case asStruct:
		if v.Kind() != connect.KindStruct {
			return dst, f.wrongKind(v)
		}
		room := f.plan.size
		dst, start := begin(dst, room)
		dst, err := f.plan.message(dst, v.Struct())
		if err != nil {
			return dst, err
		}
		f.plan.size = sizeOfLength(len(dst) - start)
		return end(dst, start, room), nil
	}
	dst, start := begin(dst, 1)
	dst, err := f.small(dst, v)
	return end(dst, start, 1), err
}

// small appends the fields of a message that stands for a value.
func (f *writeField) small(dst []byte, v connect.Value) ([]byte, error) {
	if f.how != asWrapped {
		return f.appendLogical(dst, v)
	}
	if f.isDefault(v) {
		return dst, f.check(v)
	}
	return f.scalar(binary.AppendUvarint(dst, 1<<3|wireOf(f.kind)), v)
}

// begin leaves room for a length of so many bytes.
func begin(dst []byte, room int) (out []byte, start int) {
	for range room {
		dst = append(dst, 0)
	}
	return dst, len(dst)
}

// end puts the length of what was appended from start on into the room before
// it. Where it does not fit, which is rare, all of that moves.
func end(dst []byte, start, room int) []byte {
	n := len(dst) - start
	size := sizeOfLength(n)
	for range size - room {
		dst = append(dst, 0)
	}
	if size != room {
		copy(dst[start+size-room:], dst[start:start+n])
		dst = dst[:start+size-room+n]
	}
	binary.PutUvarint(dst[start-room:], uint64(n))
	return dst
}

// sizeOfLength is how many bytes a length takes.
func sizeOfLength(n int) int { return (bits.Len(uint(n)|1) + 6) / 7 }

// scalar appends one value that is no message, without its tag.
func (f *writeField) scalar(dst []byte, v connect.Value) ([]byte, error) {
	if err := f.check(v); err != nil {
		return dst, err
	}
	switch f.kind {
	case protoreflect.StringKind, protoreflect.BytesKind:
		raw := v.Raw()
		return append(binary.AppendUvarint(dst, uint64(len(raw))), raw...), nil
	case protoreflect.FloatKind:
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(v.Float()))), nil
	case protoreflect.DoubleKind:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Float())), nil
	case protoreflect.BoolKind:
		if v.Bool() {
			return append(dst, 1), nil
		}
		return append(dst, 0), nil
	case protoreflect.EnumKind:
		n, err := f.enum.number(v)
		return binary.AppendUvarint(dst, uint64(int64(n))), err
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind:
		return binary.LittleEndian.AppendUint32(dst, uint32(v.Int())), nil
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		return binary.LittleEndian.AppendUint64(dst, uint64(v.Int())), nil
	case protoreflect.Sint32Kind, protoreflect.Sint64Kind:
		return binary.AppendVarint(dst, v.Int()), nil
	case protoreflect.Uint32Kind:
		return binary.AppendUvarint(dst, uint64(uint32(v.Int()))), nil
	}
	return binary.AppendUvarint(dst, uint64(v.Int())), nil
}

// check refuses a value of another kind than the schema's, and what the field
// cannot hold.
func (f *writeField) check(v connect.Value) error {
	if v.Kind() != f.want {
		return f.wrongKind(v)
	}
	switch f.kind {
	case protoreflect.StringKind:
		if !utf8.ValidString(v.Str()) {
			return errUTF8
		}
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		if n := v.Int(); f.want == connect.KindInt64 && n != int64(uint32(n)) {
			return fmt.Errorf("%d is out of the range of %v", n, f.kind)
		}
	}
	return nil
}

func (f *writeField) wrongKind(v connect.Value) error {
	return fmt.Errorf("%v, but %v is required", v.Kind(), f.want)
}

// isDefault reports whether a value is what a field without a presence of its
// own is when it is not there.
func (f *writeField) isDefault(v connect.Value) bool {
	switch v.Kind() {
	case connect.KindString:
		if f.enum != nil {
			n, ok := f.enum.numbers[v.Str()]
			return ok && n == f.enum.def
		}
		return v.Str() == ""
	case connect.KindBytes:
		return len(v.Raw()) == 0
	case connect.KindBool:
		return !v.Bool()
	case connect.KindFloat32, connect.KindFloat64:
		return math.Float64bits(v.Float()) == 0 // -0 is not
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		if f.enum != nil {
			return v.Int() == int64(f.enum.def)
		}
		return v.Int() == 0
	}
	return false
}

// number is the number of an enum's value. A number that the enum has no name
// for is written as it is; a name must be one of its names.
func (e *writeEnum) number(v connect.Value) (int32, error) {
	if v.Kind() == connect.KindInt32 {
		return int32(v.Int()), nil
	}
	n, ok := e.numbers[v.Str()]
	if !ok {
		return 0, fmt.Errorf("%q is no value of the enum %s", short(v.Str()), e.name)
	}
	return n, nil
}
