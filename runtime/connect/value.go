package connect

import (
	"math"
	"time"
	"unsafe"
)

// Kind says what a [Value] or a [Schema] holds. The first twelve after
// KindNull are Kafka Connect's schema types; Decimal and Instant are what the
// logical types hold in memory (java.math.BigDecimal and java.util.Date), so
// they are kinds of values and never of schemas.
type Kind uint8

// The kinds.
const (
	KindNull Kind = iota
	KindBool
	KindInt8
	KindInt16
	KindInt32
	KindInt64
	KindFloat32
	KindFloat64
	KindString
	KindBytes
	KindArray
	KindMap
	KindStruct
	KindDecimal
	KindInstant
)

var kindNames = [...]string{
	"null", "boolean", "int8", "int16", "int32", "int64", "float32", "float64",
	"string", "bytes", "array", "map", "struct", "decimal", "instant",
}

// String is Connect's name of the kind, in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "invalid"
}

// Value is one datum of Kafka Connect's data model in 24 bytes: no boxing, no
// allocation for scalars, and text or bytes that alias the buffer they were
// read from. A Value is immutable: nothing that it reaches may be changed once
// it is shared. The zero Value is null.
//
// An accessor asked for another kind than the value's own returns the zero of
// its type; check Kind first where that matters.
type Value struct {
	p    unsafe.Pointer // text and bytes: the first byte; array, map, struct, decimal: the object
	n    uint64         // scalars: the bits; text and bytes: the length; Instant: milliseconds
	sub  uint32         // Instant: nanoseconds within the millisecond; text: 1 where it is known to be plain
	kind Kind
}

// Null is the null value.
var Null Value

// Bool makes a boolean.
func Bool(b bool) Value {
	if b {
		return Value{kind: KindBool, n: 1}
	}
	return Value{kind: KindBool}
}

// Int8 makes an int8.
func Int8(i int8) Value { return Value{kind: KindInt8, n: uint64(i)} }

// Int16 makes an int16.
func Int16(i int16) Value { return Value{kind: KindInt16, n: uint64(i)} }

// Int32 makes an int32.
func Int32(i int32) Value { return Value{kind: KindInt32, n: uint64(i)} }

// Int64 makes an int64.
func Int64(i int64) Value { return Value{kind: KindInt64, n: uint64(i)} }

// IntOf makes an integer of a kind, which keeps as many bits of i as it has. A
// kind that is no integer's gives an int64.
func IntOf(k Kind, i int64) Value {
	switch k {
	case KindInt8:
		return Int8(int8(i))
	case KindInt16:
		return Int16(int16(i))
	case KindInt32:
		return Int32(int32(i))
	}
	return Int64(i)
}

// Float32 makes a float32.
func Float32(f float32) Value {
	return Value{kind: KindFloat32, n: uint64(math.Float32bits(f))}
}

// Float64 makes a float64.
func Float64(f float64) Value { return Value{kind: KindFloat64, n: math.Float64bits(f)} }

// String makes a string without copying it.
func String(s string) Value {
	return Value{kind: KindString, p: unsafe.Pointer(unsafe.StringData(s)), n: uint64(len(s))}
}

// Text makes a string that aliases b. The caller gives b up: it may never be
// written again.
func Text(b []byte) Value {
	return Value{kind: KindString, p: unsafe.Pointer(unsafe.SliceData(b)), n: uint64(len(b))}
}

// PlainText is Text for what is known to be ASCII from the space on without '"'
// and '\\', so that who writes it need not look: nothing of it is escaped in
// JSON, and it is UTF-8.
func PlainText(b []byte) Value {
	v := Text(b)
	v.sub = 1
	return v
}

// IsPlain reports whether it is known that a string is as PlainText says. One
// that is not known to be may be so all the same.
func (v Value) IsPlain() bool { return v.kind == KindString && v.sub == 1 }

// Bytes makes a bytes value that aliases b, which may never be written again.
func Bytes(b []byte) Value {
	return Value{kind: KindBytes, p: unsafe.Pointer(unsafe.SliceData(b)), n: uint64(len(b))}
}

// Instant makes a point in time: what Date, Time and Timestamp hold, and
// java.util.Date. It keeps nanoseconds, which the original does not.
func Instant(t time.Time) Value {
	ns := t.Nanosecond()
	return Value{kind: KindInstant, n: uint64(t.Unix()*1000 + int64(ns/1e6)), sub: uint32(ns % 1e6)}
}

// InstantMilli makes a point in time of milliseconds since the epoch, as
// java.util.Date holds them; any number will do.
func InstantMilli(ms int64) Value { return Value{kind: KindInstant, n: uint64(ms)} }

// ptr is the one way by which an object becomes part of a value.
func ptr[T Array | Map | Struct | Decimal](p *T) unsafe.Pointer { return unsafe.Pointer(p) }

// Kind says what the value holds.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether the value is null.
func (v Value) IsNull() bool { return v.kind == KindNull }

// Bool is the boolean.
func (v Value) Bool() bool { return v.kind == KindBool && v.n != 0 }

// Int is the integer of any of the four sizes.
func (v Value) Int() int64 {
	if v.kind >= KindInt8 && v.kind <= KindInt64 {
		return int64(v.n)
	}
	return 0
}

// Float is the floating-point number of either size.
func (v Value) Float() float64 {
	switch v.kind {
	case KindFloat32:
		return float64(math.Float32frombits(uint32(v.n)))
	case KindFloat64:
		return math.Float64frombits(v.n)
	}
	return 0
}

// Str is the text of a string. It aliases the value: keep a copy
// (strings.Clone) of what outlives the record by long.
func (v Value) Str() string {
	if v.kind != KindString {
		return ""
	}
	return unsafe.String((*byte)(v.p), int(v.n))
}

// Raw is the bytes of a string or of a bytes value, aliased: read only. It is
// nil for any other kind, and never nil for those two.
func (v Value) Raw() []byte {
	if v.kind != KindString && v.kind != KindBytes {
		return nil
	}
	if v.n == 0 {
		return []byte{}
	}
	return unsafe.Slice((*byte)(v.p), int(v.n))
}

// Instant is the point in time, in UTC.
func (v Value) Instant() time.Time {
	if v.kind != KindInstant {
		return time.Time{}
	}
	return time.UnixMilli(int64(v.n)).Add(time.Duration(v.sub)).UTC()
}

// Milli is the point in time in milliseconds since the epoch.
func (v Value) Milli() int64 {
	if v.kind != KindInstant {
		return 0
	}
	return int64(v.n)
}

// Struct is the struct, or nil.
func (v Value) Struct() *Struct {
	if v.kind != KindStruct {
		return nil
	}
	return (*Struct)(v.p)
}

// Map is the map, or nil.
func (v Value) Map() *Map {
	if v.kind != KindMap {
		return nil
	}
	return (*Map)(v.p)
}

// Array is the array, or nil.
func (v Value) Array() *Array {
	if v.kind != KindArray {
		return nil
	}
	return (*Array)(v.p)
}

// Decimal is the decimal, or nil.
func (v Value) Decimal() *Decimal {
	if v.kind != KindDecimal {
		return nil
	}
	return (*Decimal)(v.p)
}

// Array is a list of values.
type Array struct{ Elems []Value }

// Value makes a value of a; nil is null.
func (a *Array) Value() Value {
	if a == nil {
		return Null
	}
	return Value{kind: KindArray, p: ptr(a)}
}

// Struct is a record of named fields: its schema, and one slot a field in the
// schema's order.
type Struct struct {
	Schema *Schema
	Slots  []Value
}

// Value makes a value of s; nil is null.
func (s *Struct) Value() Value {
	if s == nil {
		return Null
	}
	return Value{kind: KindStruct, p: ptr(s)}
}

// Get is the value of the named field; null where there is no such field.
func (s *Struct) Get(name string) Value {
	if i := s.Schema.FieldIndex(name); i >= 0 && i < len(s.Slots) {
		return s.Slots[i]
	}
	return Null
}
