package cdc

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"

	"kcgen.dev/runtime/connect"
)

// javaWriter writes the objects that keys are made of.
type javaWriter struct {
	out     []byte
	handles map[string]uint32 // of classes and texts that were written
	next    uint32
}

// head begins a stream.
func (w *javaWriter) head() {
	w.out = append(w.out, 0xac, 0xed, 0, 5)
	w.handles = map[string]uint32{}
}

func (w *javaWriter) null() { w.out = append(w.out, tcNull) }

func (w *javaWriter) uint16(n int)    { w.out = binary.BigEndian.AppendUint16(w.out, uint16(n)) }
func (w *javaWriter) uint32(n uint32) { w.out = binary.BigEndian.AppendUint32(w.out, n) }
func (w *javaWriter) uint64(n uint64) { w.out = binary.BigEndian.AppendUint64(w.out, n) }

// name is a text without a mark.
func (w *javaWriter) name(s string) {
	w.uint16(len(s))
	w.out = append(w.out, s...)
}

// refer refers to what was written under a name; false: nothing was, and it has
// the next handle from now on.
func (w *javaWriter) refer(name string) bool {
	if h, ok := w.handles[name]; ok {
		w.out = append(w.out, tcReference)
		w.uint32(baseHandle + h)
		return true
	}
	w.handles[name] = w.next
	w.next++
	return false
}

// class describes a class; fields are told by their kinds and names.
func (w *javaWriter) class(c *javaType) {
	if c == nil {
		w.null()
		return
	}
	if w.referClass(c) {
		return
	}
	w.out = append(w.out, c.flags)
	w.uint16(len(c.fields))
	for _, f := range c.fields {
		w.out = append(w.out, f.kind)
		w.name(f.name)
		if f.class != "" {
			w.text(f.class)
		}
	}
	w.out = append(w.out, tcEnd)
	w.class(c.super)
}

func (w *javaWriter) referClass(c *javaType) bool {
	if w.refer("class " + c.name) {
		return true
	}
	w.out = append(w.out, tcClassDesc)
	w.name(c.name)
	w.uint64(c.version)
	return false
}

// text is a text with its mark.
func (w *javaWriter) text(s string) {
	if w.refer("text " + s) {
		return
	}
	w.out = appendJavaString(w.out, s)
}

func (w *javaWriter) object(c *javaType) {
	w.out = append(w.out, tcObject)
	w.class(c)
	w.next++
}

// array is an Object[] of plain values.
func (w *javaWriter) array(all []any) {
	w.out = append(w.out, tcArray)
	w.class(objectArray)
	w.next++
	w.uint32(uint32(len(all)))
	for _, v := range all {
		w.value(v)
	}
}

func (w *javaWriter) value(v any) {
	switch v := v.(type) {
	case nil:
		w.null()
	case string:
		w.text(v)
	case []byte:
		w.bytes(v)
	case bool:
		w.object(boolType)
		if v {
			w.out = append(w.out, 1)
		} else {
			w.out = append(w.out, 0)
		}
	case int16:
		w.object(shortType)
		w.uint16(int(v))
	case int32:
		w.object(integerType)
		w.uint32(uint32(v))
	case int64:
		w.object(longType)
		w.uint64(uint64(v))
	case float32:
		w.object(floatType)
		w.uint32(math.Float32bits(v))
	case float64:
		w.object(doubleType)
		w.uint64(math.Float64bits(v))
	case *connect.Decimal:
		w.decimal(v)
	default:
		w.text(fmt.Sprint(v))
	}
}

func (w *javaWriter) bytes(b []byte) {
	w.out = append(w.out, tcArray)
	w.class(byteArray)
	w.next++
	w.uint32(uint32(len(b)))
	w.out = append(w.out, b...)
}

// decimal is a BigDecimal around a BigInteger.
func (w *javaWriter) decimal(d *connect.Decimal) {
	n := d.Unscaled
	if n == nil {
		n = new(big.Int)
	}
	w.object(decimalType)
	w.uint32(uint32(d.Scale))
	w.object(bigIntegerType)
	w.uint32(^uint32(0)) // bitCount, and the next: not known
	w.uint32(^uint32(0))
	w.uint32(^uint32(1))
	w.uint32(^uint32(1))
	w.uint32(uint32(int32(n.Sign())))
	w.bytes(n.Bytes())
	w.out = append(w.out, tcEnd, tcEnd)
}

// javaType is the description of a class that is written.
type javaType struct {
	name    string
	version uint64
	flags   byte
	fields  []javaTypeField
	super   *javaType
}

type javaTypeField struct {
	kind        byte
	name, class string
}

func boxType(name string, version uint64, kind byte, super *javaType) *javaType {
	return &javaType{"java.lang." + name, version, 2, []javaTypeField{{kind, "value", ""}}, super}
}

// The classes of keys, with the versions that Java gives them.
var (
	objectArray    = &javaType{"[Ljava.lang.Object;", 0x90ce589f1073296c, 2, nil, nil}
	byteArray      = &javaType{"[B", 0xacf317f8060854e0, 2, nil, nil}
	numberType     = &javaType{"java.lang.Number", 0x86ac951d0b94e08b, 2, nil, nil}
	boolType       = boxType("Boolean", 0xcd207280d59cfaee, 'Z', nil)
	shortType      = boxType("Short", 0x684d37133460da52, 'S', numberType)
	integerType    = boxType("Integer", 0x12e2a0a4f7818738, 'I', numberType)
	longType       = boxType("Long", 0x3b8be490cc8f23df, 'J', numberType)
	floatType      = boxType("Float", 0xdaedc9a2db3cf0ec, 'F', numberType)
	doubleType     = boxType("Double", 0x80b3c24a296bfb04, 'D', numberType)
	decimalType    = &javaType{"java.math.BigDecimal", 0x54c71557f981284f, 3, []javaTypeField{{'I', "scale", ""}, {'L', "intVal", "Ljava/math/BigInteger;"}}, numberType}
	bigIntegerType = &javaType{"java.math.BigInteger", 0x8cfc9f1fa93bfb1d, 3, []javaTypeField{
		{'I', "bitCount", ""}, {'I', "bitLength", ""}, {'I', "firstNonzeroByteNum", ""}, {'I', "lowestSetBit", ""}, {'I', "signum", ""}, {'[', "magnitude", "[B"},
	}, numberType}
)
