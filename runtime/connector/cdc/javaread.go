package cdc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"kcgen.dev/runtime/connect"
)

// The marks of Java's serial form (java.io.ObjectStreamConstants).
const (
	tcNull       = 0x70
	tcReference  = 0x71
	tcClassDesc  = 0x72
	tcObject     = 0x73
	tcString     = 0x74
	tcArray      = 0x75
	tcBlock      = 0x77
	tcEnd        = 0x78
	tcLongString = 0x7c
	baseHandle   = 0x7e0000
	writeMethod  = 1 // of a class: it has written data of its own
)

// maxJavaDepth is how deep objects may be in each other.
const maxJavaDepth = 16

var errShort = errors.New("it ends too soon")

// javaReader reads the objects that keys are made of.
type javaReader struct {
	in      []byte
	handles []any
	depth   int
}

// javaClass is the description of a class.
type javaClass struct {
	name   string
	flags  byte
	fields []javaField
	super  *javaClass
}

type javaField struct {
	kind byte
	name string
}

// stream reads the one object of a stream.
func (r *javaReader) stream() (any, error) {
	if head, err := r.take(4); err != nil || string(head) != "\xac\xed\x00\x05" {
		return nil, errors.New("it does not begin as Java's serial form")
	}
	return r.object()
}

func (r *javaReader) take(n int) ([]byte, error) {
	if n < 0 || n > len(r.in) {
		return nil, errShort
	}
	b := r.in[:n]
	r.in = r.in[n:]
	return b, nil
}

// number reads n bytes, big-endian; it is 0 where they are not there, and what
// comes next fails.
func (r *javaReader) number(n int) (v uint64, err error) {
	b, err := r.take(n)
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v, err
}

func (r *javaReader) object() (any, error) {
	if r.depth++; r.depth > maxJavaDepth {
		return nil, errors.New("it is too deep")
	}
	defer func() { r.depth-- }()
	mark, err := r.number(1)
	if err != nil {
		return nil, err
	}
	switch mark {
	case tcNull:
		return nil, nil
	case tcReference:
		return r.reference()
	case tcString, tcLongString:
		s, err := r.text(mark)
		r.handles = append(r.handles, s)
		return s, err
	case tcArray:
		return r.array()
	case tcObject:
		return r.instance()
	}
	return nil, fmt.Errorf("mark %#x is none of a key", mark)
}

func (r *javaReader) reference() (any, error) {
	h, err := r.number(4)
	if err != nil || h < baseHandle || h-baseHandle >= uint64(len(r.handles)) {
		return nil, errors.New("it refers to what is not there")
	}
	return r.handles[h-baseHandle], nil
}

func (r *javaReader) text(mark uint64) (string, error) {
	size := 2
	if mark == tcLongString {
		size = 8
	}
	n, err := r.number(size)
	if err != nil || n > uint64(len(r.in)) {
		return "", errShort
	}
	b, err := r.take(int(n))
	return fromModifiedUTF8(b), err
}

// class reads the description of a class; nil is none.
func (r *javaReader) class() (*javaClass, error) {
	if r.depth++; r.depth > maxJavaDepth {
		return nil, errors.New("it is too deep")
	}
	defer func() { r.depth-- }()
	mark, err := r.number(1)
	switch {
	case err != nil:
		return nil, err
	case mark == tcNull:
		return nil, nil
	case mark == tcReference:
		v, err := r.reference()
		if c, ok := v.(*javaClass); ok {
			return c, nil
		}
		return nil, errors.Join(err, errors.New("it refers to no class"))
	case mark != tcClassDesc:
		return nil, fmt.Errorf("mark %#x is no class", mark)
	}
	return r.newClass()
}

func (r *javaReader) newClass() (*javaClass, error) {
	c := &javaClass{}
	var err error
	if c.name, err = r.text(tcString); err != nil {
		return nil, err
	}
	if _, err = r.take(8); err != nil { // its version
		return nil, err
	}
	r.handles = append(r.handles, c)
	head, err := r.take(3)
	if err != nil {
		return nil, err
	}
	c.flags = head[0]
	for range binary.BigEndian.Uint16(head[1:]) {
		if err := r.field(c); err != nil {
			return nil, err
		}
	}
	if _, err := r.annotation(); err != nil {
		return nil, err
	}
	c.super, err = r.class()
	return c, err
}

func (r *javaReader) field(c *javaClass) error {
	kind, err := r.number(1)
	if err != nil {
		return err
	}
	name, err := r.text(tcString)
	if err != nil {
		return err
	}
	if kind == 'L' || kind == '[' {
		if _, err := r.object(); err != nil { // its type
			return err
		}
	}
	c.fields = append(c.fields, javaField{byte(kind), name})
	return nil
}

// annotation reads what stands to the next end, and gives its plain bytes.
func (r *javaReader) annotation() (data []byte, err error) {
	for len(r.in) > 0 {
		switch r.in[0] {
		case tcEnd:
			r.in = r.in[1:]
			return data, nil
		case tcBlock:
			r.in = r.in[1:]
			n, err := r.number(1)
			if err != nil {
				return nil, err
			}
			b, err := r.take(int(n))
			if err != nil {
				return nil, err
			}
			data = append(data, b...)
		default:
			if _, err := r.object(); err != nil {
				return nil, err
			}
		}
	}
	return nil, errShort
}

func (r *javaReader) array() (any, error) {
	c, err := r.class()
	if err != nil || c == nil {
		return nil, errors.Join(err, errors.New("an array has no class"))
	}
	at := len(r.handles)
	r.handles = append(r.handles, nil)
	n, err := r.number(4)
	if err != nil || n > uint64(len(r.in)) {
		return nil, errShort
	}
	switch c.name {
	case "[B":
		b, err := r.take(int(n))
		r.handles[at] = b
		return b, err
	case "[Ljava.lang.Object;":
		all := make([]any, 0, n)
		for range n {
			v, err := r.object()
			if err != nil {
				return nil, err
			}
			all = append(all, v)
		}
		r.handles[at] = all
		return all, nil
	}
	return nil, fmt.Errorf("arrays of class %q are in no key", c.name)
}

// javaObject is an object: its fields, and what its classes wrote of their own.
type javaObject struct {
	fields map[string]any
	data   []byte
}

func (r *javaReader) instance() (any, error) {
	c, err := r.class()
	if err != nil || c == nil {
		return nil, errors.Join(err, errors.New("an object has no class"))
	}
	at := len(r.handles)
	r.handles = append(r.handles, nil)
	o := javaObject{fields: map[string]any{}}
	if err := r.parts(c, &o); err != nil {
		return nil, err
	}
	v, err := o.value(c.name)
	r.handles[at] = v
	return v, err
}

// parts reads the fields of a class, those of the class above first.
func (r *javaReader) parts(c *javaClass, o *javaObject) error {
	if c.super != nil {
		if err := r.parts(c.super, o); err != nil {
			return err
		}
	}
	if c.flags&^(writeMethod|2) != 0 {
		return fmt.Errorf("class %q writes itself, and is not known", c.name)
	}
	for _, f := range c.fields {
		v, err := r.fieldValue(f.kind)
		if err != nil {
			return err
		}
		o.fields[f.name] = v
	}
	if c.flags&writeMethod != 0 {
		data, err := r.annotation()
		o.data = append(o.data, data...)
		return err
	}
	return nil
}

func (r *javaReader) fieldValue(kind byte) (any, error) {
	size := map[byte]int{'B': 1, 'Z': 1, 'S': 2, 'C': 2, 'I': 4, 'F': 4, 'J': 8, 'D': 8}[kind]
	if size == 0 {
		return r.object()
	}
	n, err := r.number(size)
	switch kind {
	case 'B':
		return int16(int8(n)), err
	case 'Z':
		return n != 0, err
	case 'S':
		return int16(n), err
	case 'C':
		return string(rune(n)), err
	case 'I':
		return int32(n), err
	case 'F':
		return math.Float32frombits(uint32(n)), err
	case 'D':
		return math.Float64frombits(n), err
	}
	return int64(n), err
}

// value is what an object of a class stands for.
func (o *javaObject) value(class string) (any, error) {
	switch class {
	case "java.lang.Integer", "java.lang.Long", "java.lang.Short", "java.lang.Byte", "java.lang.Boolean",
		"java.lang.Float", "java.lang.Double", "java.lang.Character":
		return o.fields["value"], nil
	case "java.math.BigInteger":
		sign, _ := o.fields["signum"].(int32)
		magnitude, _ := o.fields["magnitude"].([]byte)
		n := new(big.Int).SetBytes(magnitude)
		if sign < 0 {
			n.Neg(n)
		}
		return &connect.Decimal{Unscaled: n}, nil
	case "java.math.BigDecimal":
		scale, _ := o.fields["scale"].(int32)
		n, ok := o.fields["intVal"].(*connect.Decimal)
		if !ok {
			return nil, errors.New("a BigDecimal has no digits")
		}
		return &connect.Decimal{Unscaled: n.Unscaled, Scale: scale}, nil
	case "java.util.UUID":
		hi, _ := o.fields["mostSigBits"].(int64)
		lo, _ := o.fields["leastSigBits"].(int64)
		h, l := uint64(hi), uint64(lo)
		return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", h>>32, h>>16&0xffff, h&0xffff, l>>48, l&0xffffffffffff), nil
	case "java.sql.Timestamp", "java.util.Date", "java.sql.Date", "java.sql.Time":
		if len(o.data) < 8 {
			return nil, errShort
		}
		nanos, _ := o.fields["nanos"].(int32)
		at := time.UnixMilli(int64(binary.BigEndian.Uint64(o.data))).UTC()
		if nanos != 0 {
			at = at.Truncate(time.Second).Add(time.Duration(nanos))
		}
		return at, nil
	}
	return nil, fmt.Errorf("class %q is in no key that is known", class)
}

// fromModifiedUTF8 reads Java's UTF-8, in which zero has two bytes and what is
// beyond 16 bits is two characters.
func fromModifiedUTF8(b []byte) string {
	units := make([]uint16, 0, len(b))
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case c < 0x80:
			units = append(units, uint16(c))
			i++
		case c&0xe0 == 0xc0 && i+1 < len(b):
			units = append(units, uint16(c&0x1f)<<6|uint16(b[i+1]&0x3f))
			i += 2
		case c&0xf0 == 0xe0 && i+2 < len(b):
			units = append(units, uint16(c&0xf)<<12|uint16(b[i+1]&0x3f)<<6|uint16(b[i+2]&0x3f))
			i += 3
		default:
			units = append(units, utf8.RuneError)
			i++
		}
	}
	return string(utf16.Decode(units))
}
