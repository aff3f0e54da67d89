package avro

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"kcgen.dev/runtime/connect"
)

// decoder reads one message after the other.
type decoder struct {
	data  []byte
	pos   int
	base  int // what stands before data in the message
	slots int // that may still be made of this message
	slab  connect.Slab
}

// The slots that a message may be read into: some for free, and more with its
// length. Records of no bytes at all, and defaults, would need no data else.
const (
	freeSlots    = 1 << 16
	slotsPerByte = 64
)

func (d *decoder) reset(data []byte, base int) {
	d.data, d.pos, d.base = data, 0, base
	d.slab.Begin()
	d.slots = freeSlots + slotsPerByte*len(data)
}

// dataError is what is wrong with data, and the way to it, innermost first.
// The way is put together only when there is an error.
type dataError struct {
	path  []string
	cause string
}

func (e *dataError) Error() string {
	if len(e.path) == 0 {
		return e.cause
	}
	var b strings.Builder
	b.WriteString("field ")
	for i := len(e.path) - 1; i >= 0; i-- {
		if b.Len() > len("field ") && e.path[i][0] != '[' {
			b.WriteByte('.')
		}
		b.WriteString(e.path[i])
		if b.Len() > 256 {
			b.WriteString("…")
			break
		}
	}
	return b.String() + ": " + e.cause
}

// at adds a step to the way of err.
func at(err error, step string) error {
	e, ok := err.(*dataError)
	if !ok {
		e = &dataError{cause: err.Error()}
	}
	e.path = append(e.path, step)
	return e
}

func index(i int) string { return "[" + strconv.Itoa(i) + "]" }

func entry(key connect.Value) string { return "[" + key.String() + "]" }

// errorf is an error at the place where d stands.
func (d *decoder) errorf(format string, args ...any) error {
	return &dataError{cause: fmt.Sprintf(format, args...) + " (byte " + strconv.Itoa(d.base+d.pos) + " of the message)"}
}

func (d *decoder) short(what string) error {
	return d.errorf("the data end within %s", what)
}

// spend takes slots from what the message may need.
func (d *decoder) spend(n int) error {
	if d.slots -= n; d.slots < 0 {
		return d.errorf("so few bytes cannot hold so much data")
	}
	return nil
}

// long reads a number of variable length.
func (d *decoder) long() (int64, error) {
	if d.pos < len(d.data) && d.data[d.pos] < 0x80 {
		b := d.data[d.pos]
		d.pos++
		return int64(b>>1) ^ -int64(b&1), nil
	}
	n, size := binary.Varint(d.data[d.pos:])
	switch {
	case size == 0:
		return 0, d.short("a number")
	case size < 0:
		return 0, d.errorf("number of more than 64 bits")
	}
	d.pos += size
	return n, nil
}

// take reads n bytes.
func (d *decoder) take(n int, what string) ([]byte, error) {
	if n > len(d.data)-d.pos {
		return nil, d.errorf("%s of %d bytes, but %d are left", what, n, len(d.data)-d.pos)
	}
	b := d.data[d.pos : d.pos+n : d.pos+n]
	d.pos += n
	return b, nil
}

// bytes reads a length, and as many bytes.
func (d *decoder) bytes(what string) ([]byte, error) {
	if rest := d.data[d.pos:]; len(rest) > 0 && rest[0]&0x81 == 0 { // mostly fewer than 64
		if n := int(rest[0]>>1) + 1; n <= len(rest) {
			d.pos += n
			return rest[1:n:n], nil
		}
	}
	n, err := d.long()
	if err != nil {
		return nil, err
	}
	if n < 0 || n > int64(len(d.data)-d.pos) {
		return nil, d.errorf("%s of %d bytes, but %d are left", what, n, len(d.data)-d.pos)
	}
	return d.take(int(n), what)
}

// validText is a string; what is no UTF-8 in it is replaced, as Java does.
func validText(b []byte) connect.Value {
	if connect.ValidUTF8(b) {
		return connect.Text(b)
	}
	return connect.Text(connect.AppendValid(nil, string(b)))
}

func (d *decoder) value(n *readNode) (v connect.Value, err error) {
	err = d.into(n, &v)
	return v, err
}

// into reads a value into its place.
func (d *decoder) into(n *readNode, out *connect.Value) (err error) {
	if n.op == readOptional && d.pos < len(d.data) && int(d.data[d.pos]) == 2*(1-n.size) {
		d.pos++ // not null, the usual case
		n = n.elem
	}
	switch n.op {
	case readString:
		b, err := d.bytes("string")
		if err != nil {
			return err
		}
		if *out = connect.Text(b); !connect.ValidUTF8(b) {
			*out = validText(b)
		}
		return nil
	case readOptional:
		return d.optional(n, out)
	case readInt, readLong:
		*out, err = d.integer(n)
	case readDouble:
		b, err := d.take(8, "double")
		if err != nil {
			return err
		}
		*out = connect.Float64(math.Float64frombits(binary.LittleEndian.Uint64(b)))
		return nil
	case readRecord:
		*out, err = d.record(n)
	case readArray:
		*out, err = d.array(n.min, n.elem, 0)
	case readBool:
		*out, err = d.bool()
	case readNull:
	default:
		*out, err = d.rare(n)
	}
	return err
}

// optional reads a union of null and one type.
func (d *decoder) optional(n *readNode, out *connect.Value) error {
	i, err := d.long()
	switch {
	case err != nil:
		return err
	case i == int64(n.size):
		return nil // null
	case i == int64(1-n.size):
		return d.into(n.elem, out)
	}
	return d.errorf("type %d of a union of 2", i)
}

func (d *decoder) rare(n *readNode) (connect.Value, error) {
	switch n.op {
	case readIntToFloat, readIntToDouble:
		i, err := d.long()
		if n.op == readIntToFloat {
			return connect.Float32(float32(i)), err
		}
		return connect.Float64(float64(i)), err
	case readFloat, readFloatToDouble:
		b, err := d.take(4, "float")
		if err != nil {
			return connect.Null, err
		}
		f := math.Float32frombits(binary.LittleEndian.Uint32(b))
		if n.op == readFloatToDouble {
			return connect.Float64(float64(f)), nil
		}
		return connect.Float32(f), nil
	case readBytes, readFixed:
		return d.binary(n)
	case readUnion:
		return d.union(n)
	case readEnum:
		return d.enum(n)
	case readMap:
		return d.entries(n.min, func() (connect.Entry, error) { return d.mapEntry(n) })
	case readEntries:
		return d.entries(n.min, func() (connect.Entry, error) { return d.pair(n) })
	case readAnything:
		return d.anything(0)
	}
	return connect.Null, d.errorf("%v", n.err)
}

func (d *decoder) bool() (connect.Value, error) {
	b, err := d.take(1, "boolean")
	if err != nil {
		return connect.Null, err
	}
	if b[0] > 1 {
		d.pos--
		return connect.Null, d.errorf("boolean of 0x%02x", b[0])
	}
	return connect.Bool(b[0] == 1), nil
}

// integer reads a number into the schema's type, or what the logical type
// says.
func (d *decoder) integer(n *readNode) (connect.Value, error) {
	i, err := d.long()
	if err != nil {
		return connect.Null, err
	}
	if n.op == readInt && i != int64(int32(i)) {
		return connect.Null, d.errorf("%d is no int", i)
	}
	if n.logical == connect.NotLogical {
		switch n.kind {
		case connect.KindInt64:
			return connect.Int64(i), nil
		case connect.KindInt32:
			return connect.Int32(int32(i)), nil
		}
	}
	v, err := integer(n.schema, i)
	if err != nil {
		return v, d.errorf("%v", err)
	}
	return v, nil
}

// binary reads bytes, fixed ones too, and decimals.
func (d *decoder) binary(n *readNode) (connect.Value, error) {
	var b []byte
	var err error
	if n.op == readFixed {
		b, err = d.take(n.size, "fixed")
	} else {
		b, err = d.bytes("bytes")
	}
	if err != nil || n.logical != connect.LogicalDecimal {
		return connect.Bytes(b), err
	}
	v, err := bytesValue(n.schema, b)
	if err != nil {
		return v, d.errorf("a decimal without bytes")
	}
	return v, nil
}

func (d *decoder) enum(n *readNode) (connect.Value, error) {
	i, err := d.long()
	if err != nil {
		return connect.Null, err
	}
	if i < 0 || i >= int64(len(n.symbols)) {
		return connect.Null, d.errorf("symbol %d of an enum of %d", i, len(n.symbols))
	}
	if v := n.symbols[i]; !v.IsNull() {
		return v, nil
	}
	return connect.Null, d.errorf("the reader's enum has no symbol %q, nor a default", n.names[i])
}

// union reads which type is there, and that.
func (d *decoder) union(n *readNode) (connect.Value, error) {
	var i int64
	var err error
	if n.size >= 0 {
		if i, err = d.long(); err != nil {
			return connect.Null, err
		}
	}
	if i < 0 || i >= int64(len(n.branches)) {
		return connect.Null, d.errorf("type %d of a union of %d", i, len(n.branches))
	}
	b := &n.branches[i]
	v, err := d.value(b.node)
	if b.schema == nil || err != nil {
		return v, err
	}
	if err := d.spend(len(b.schema.Fields())); err != nil {
		return v, err
	}
	st := d.slab.Struct(b.schema)
	st.Slots[b.slot] = v
	return st.Value(), nil
}

func (d *decoder) record(n *readNode) (connect.Value, error) {
	if err := d.spend(1 + len(n.schema.Fields())); err != nil {
		return connect.Null, err
	}
	st := d.slab.Struct(n.schema)
	for i := range n.fields {
		f := &n.fields[i]
		if f.slot < 0 {
			if err := d.skip(f.skip, 0); err != nil {
				return connect.Null, at(err, f.name)
			}
			continue
		}
		if err := d.into(f.node, &st.Slots[f.slot]); err != nil {
			return connect.Null, at(err, f.name)
		}
	}
	for i := range n.defaults {
		st.Slots[n.defaults[i].slot] = n.defaults[i].value
	}
	return st.Value(), nil
}

// whole reads a message that is bytes and nothing else, which have no length.
func (d *decoder) whole(n *readNode) (connect.Value, error) {
	b := d.data
	if n.op == readUnion { // the reader has them in a union of more types
		v, err := d.whole(n.branches[0].node)
		if err != nil || n.branches[0].schema == nil {
			return v, err
		}
		st := d.slab.Struct(n.branches[0].schema)
		st.Slots[n.branches[0].slot] = v
		return st.Value(), nil
	}
	if n.op == readString {
		return validText(b), nil
	}
	if n.logical != connect.LogicalDecimal {
		return connect.Bytes(b), nil
	}
	v, err := bytesValue(n.schema, b)
	if err != nil {
		return v, d.errorf("a decimal without bytes")
	}
	return v, nil
}
