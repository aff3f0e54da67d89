package protobuf

import (
	"fmt"
	"math"
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"

	"kcgen.dev/runtime/connect"
)

// What stands for fields that are not there. They are shared, as values are
// never changed.
var (
	noElements   = new(connect.Array).Value()
	noEntries    = new(connect.Map).Value()
	emptyMessage = connect.Bytes(nil) // not read yet
)

// readEnum gives an enum's numbers their values.
type readEnum struct {
	*enum
	numbers bool
	dense   []connect.Value // of the small numbers; null: none
	sparse  map[int32]connect.Value
}

func newReadEnum(e *enum, numbers bool) *readEnum {
	r := &readEnum{enum: e, numbers: numbers, sparse: map[int32]connect.Value{}}
	for _, v := range e.values {
		if _, ok := r.value(v.number); ok && !numbers {
			continue // of two names of one number the first counts
		}
		r.add(v)
	}
	return r
}

func (r *readEnum) add(v enumValue) {
	value := connect.String(v.name)
	if r.numbers {
		value = connect.Int32(v.number)
	}
	if v.number < 0 || int(v.number) > 2*len(r.values)+16 {
		r.sparse[v.number] = value
		return
	}
	for len(r.dense) <= int(v.number) {
		r.dense = append(r.dense, connect.Null)
	}
	r.dense[v.number] = value
}

// value is what a number becomes, and whether the enum has it.
func (r *readEnum) value(n int32) (connect.Value, bool) {
	if n >= 0 && int(n) < len(r.dense) {
		if v := r.dense[n]; !v.IsNull() {
			return v, true
		}
	} else if v, ok := r.sparse[n]; ok {
		return v, true
	}
	if r.numbers {
		return connect.Int32(n), false
	}
	return connect.Null, false
}

// read is the value of a number; a number without a name has the name that
// Protobuf for Java gives it. Of a closed enum it is no value at all: ok is
// false.
func (r *readEnum) read(n int32) (v connect.Value, ok bool) {
	v, known := r.value(n)
	switch {
	case known:
		return v, true
	case r.closed:
		return connect.Null, false
	case r.numbers:
		return v, true
	}
	return connect.String("UNKNOWN_ENUM_VALUE_" + r.name + "_" + strconv.Itoa(int(n))), true
}

// number is the value of a field's bits, which have come as a varint or as
// fixed bytes.
func (f *readField) number(bits uint64) (connect.Value, error) {
	switch f.kind {
	case protoreflect.BoolKind:
		return connect.Bool(bits != 0), nil
	case protoreflect.Int32Kind, protoreflect.Sfixed32Kind:
		return f.int32(int32(bits))
	case protoreflect.Sint32Kind:
		return f.int32(int32(zigzag(uint64(uint32(bits)))))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return connect.Int64(int64(uint32(bits))), nil
	case protoreflect.Int64Kind, protoreflect.Uint64Kind, protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		return connect.Int64(int64(bits)), nil
	case protoreflect.Sint64Kind:
		return connect.Int64(zigzag(bits)), nil
	case protoreflect.FloatKind:
		return connect.Float32(math.Float32frombits(uint32(bits))), nil
	case protoreflect.DoubleKind:
		return connect.Float64(math.Float64frombits(bits)), nil
	}
	return connect.Null, fmt.Errorf("%v is no number", f.kind)
}

// int32 is a number of 32 bits as the integer that it is declared to hold.
func (f *readField) int32(n int32) (connect.Value, error) {
	switch f.to {
	case connect.KindInt8:
		if n != int32(int8(n)) {
			return connect.Null, fmt.Errorf("%d is out of the range of int8", n)
		}
		return connect.Int8(int8(n)), nil
	case connect.KindInt16:
		if n != int32(int16(n)) {
			return connect.Null, fmt.Errorf("%d is out of the range of int16", n)
		}
		return connect.Int16(int16(n)), nil
	}
	return connect.Int32(n), nil
}

// defaultOf is the default of a field that holds no message.
func (f *readField) defaultOf(d *field) (connect.Value, error) {
	switch f.kind {
	case protoreflect.StringKind:
		return connect.String(d.def), nil
	case protoreflect.BytesKind:
		return connect.Bytes([]byte(d.def)), nil
	case protoreflect.EnumKind:
		return f.defaultEnum(d)
	}
	if !d.hasDef {
		return f.number(0)
	}
	bits, err := f.parse(d.def)
	if err != nil {
		return connect.Null, fmt.Errorf("default %.40q: %w", d.def, err)
	}
	return f.number(bits)
}

func (f *readField) defaultEnum(d *field) (connect.Value, error) {
	first := d.enum.values[0]
	if d.hasDef {
		first.name = ""
		for _, v := range d.enum.values {
			if v.name == d.def {
				first = v
			}
		}
		if first.name == "" {
			return connect.Null, fmt.Errorf("default %.40q: the enum %s has no such value", d.def, d.enum.full)
		}
	}
	v, _ := f.enum.value(first.number)
	return v, nil
}

// parse reads the text of a default as the bits of the wire.
func (f *readField) parse(s string) (uint64, error) {
	switch f.kind {
	case protoreflect.BoolKind:
		b, err := strconv.ParseBool(s)
		if b {
			return 1, err
		}
		return 0, err
	case protoreflect.FloatKind:
		n, err := strconv.ParseFloat(s, 32)
		return uint64(math.Float32bits(float32(n))), err
	case protoreflect.DoubleKind:
		n, err := strconv.ParseFloat(s, 64)
		return math.Float64bits(n), err
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return strconv.ParseUint(s, 10, 64)
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return strconv.ParseUint(s, 10, 32)
	}
	size := 64
	if f.to != connect.KindInt64 {
		size = 32
	}
	n, err := strconv.ParseInt(s, 10, size)
	if f.kind == protoreflect.Sint32Kind || f.kind == protoreflect.Sint64Kind {
		return uint64(n)<<1 ^ uint64(n>>63), err
	}
	return uint64(n), err
}
