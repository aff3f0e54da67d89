package protobuf

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"

	"kcgen.dev/runtime/connect"
)

// decoder reads messages by their plans.
type decoder struct {
	slab connect.Slab
	data []byte // the whole of what is read, for errors
	room int    // values that may still be made
	keys map[mapKey]int
}

// minRoom is how many values any data may become; more, where the data are
// long. A field of two bytes can stand for a struct of a thousand nulls.
const minRoom = 4 << 20

// read reads a whole message, which begins at rest within data.
func (d *decoder) read(f *readField, data, rest []byte) (connect.Value, error) {
	d.slab.Begin()
	d.data, d.room = data, minRoom+2*len(data)
	v, err := d.build(f, rest)
	d.data = nil
	return v, err
}

// take uses up room.
func (d *decoder) take(n int) error {
	if d.room -= n; d.room < 0 {
		return fmt.Errorf("the data hold more than %d values", minRoom)
	}
	return nil
}

// build makes of the bytes of a message what it stands for.
func (d *decoder) build(f *readField, b []byte) (connect.Value, error) {
	switch f.how {
	case asStruct:
		if err := d.take(len(f.plan.fields) + 2); err != nil {
			return connect.Null, err
		}
		st := d.slab.Struct(f.schema)
		err := d.message(f.plan, st.Slots, b)
		return st.Value(), err
	case asWrapped:
		return d.wrapped(f.inner, b)
	}
	v, err := f.logical(b)
	if err != nil {
		return v, atByte(err, d.data, b)
	}
	return v, nil
}

// message reads a message into slots. Messages within it are read at the end:
// the parts of one may come apart, and are then one message put together.
func (d *decoder) message(p *readPlan, slots []connect.Value, b []byte) error {
	copy(slots, p.initial)
	apart := false
	for rest := b; len(rest) > 0; {
		number, wire, next, err := takeTag(rest)
		if err != nil {
			return atByte(err, d.data, rest)
		}
		f := p.by(number)
		if f == nil || wire != f.wire && (wire != delimited || !f.repeated) {
			if next, err = skip(next, number, wire, 0); err != nil {
				return atByte(err, d.data, rest)
			}
			rest = next
			continue
		}
		switch {
		case f.repeated:
			next, err = d.repeated(f, slots, next, wire)
		case f.how != asScalar:
			var part []byte
			if part, next, err = takeBytes(next); err == nil {
				apart = d.keep(f, slots, part) || apart
			}
		default:
			next, err = d.scalar(f, slots, next)
		}
		if err != nil {
			return at(atByte(err, d.data, rest), f.name)
		}
		rest = next
	}
	if apart {
		p.gather(slots, b)
	}
	return d.finish(p, slots, b)
}

// scalar reads one value that is no message.
func (d *decoder) scalar(f *readField, slots []connect.Value, b []byte) ([]byte, error) {
	v, rest, ok, err := f.value(b)
	if err == nil && ok {
		*d.place(f, slots) = v
	}
	return rest, err
}

// value reads one value that is no message. ok is false for a number that a
// closed enum has no value for: it is as if it was not there.
func (f *readField) value(b []byte) (v connect.Value, rest []byte, ok bool, err error) {
	if f.wire == delimited {
		data, rest, err := takeBytes(b)
		if err != nil {
			return v, b, false, err
		}
		if f.kind == protoreflect.BytesKind {
			return connect.Bytes(data), rest, true, nil
		}
		if !connect.ValidUTF8(data) {
			return v, b, false, errUTF8
		}
		return connect.Text(data), rest, true, nil
	}
	bits, rest, err := takeBits(b, f.wire)
	if err != nil {
		return v, b, false, err
	}
	if f.kind == protoreflect.EnumKind {
		v, ok = f.enum.read(int32(bits))
		return v, rest, ok, nil
	}
	v, err = f.number(bits)
	return v, rest, true, err
}

var errUTF8 = errors.New("a string that is not UTF-8")

// place is where a field's value goes. The other fields of a oneof are emptied.
func (d *decoder) place(f *readField, slots []connect.Value) *connect.Value {
	for _, s := range f.siblings {
		slots[s] = connect.Null
	}
	if f.member < 0 {
		return &slots[f.slot]
	}
	u := slots[f.slot].Struct()
	if u == nil {
		u = d.slab.Struct(f.union)
		slots[f.slot] = u.Value()
	}
	for i := range u.Slots {
		if i != f.member {
			u.Slots[i] = connect.Null
		}
	}
	return &u.Slots[f.member]
}

// keep puts a message's bytes in its place, as bytes. It reports whether there
// were some already.
func (d *decoder) keep(f *readField, slots []connect.Value, part []byte) (apart bool) {
	place := d.place(f, slots)
	if before := place.Raw(); len(before) > 0 {
		return len(part) > 0
	}
	*place = connect.Bytes(part)
	return false
}

// finish reads the messages within a message, and checks what must be there.
func (d *decoder) finish(p *readPlan, slots []connect.Value, b []byte) error {
	for _, f := range p.late {
		place := &slots[f.slot]
		if f.member >= 0 {
			u := place.Struct()
			if u == nil {
				continue
			}
			place = &u.Slots[f.member]
		}
		if place.IsNull() {
			continue
		}
		v, err := d.build(f, place.Raw())
		if err != nil {
			return at(err, f.name)
		}
		*place = v
	}
	for _, f := range p.maps {
		if m := slots[f.slot].Map(); m.Len() > 1 {
			d.unique(m)
		}
	}
	for _, f := range p.required {
		if slots[f.slot].IsNull() {
			return at(atByte(errors.New("it is required, and not there"), d.data, b), f.name)
		}
	}
	return nil
}

// gather puts the parts of messages together that came apart.
func (p *readPlan) gather(slots []connect.Value, b []byte) {
	parts := map[*readField][]byte{}
	for len(b) > 0 {
		number, wire, rest, _ := takeTag(b) // it was read before, without an error
		f := p.by(number)
		if f != nil && wire == f.wire && !f.repeated {
			for _, other := range p.late {
				if other != f && other.shares(f) {
					delete(parts, other)
				}
			}
			if f.how != asScalar {
				part, _, _ := takeBytes(rest)
				parts[f] = append(parts[f], part...)
			}
		}
		b, _ = skip(rest, number, wire, 0)
	}
	for f, whole := range parts {
		place := &slots[f.slot]
		if f.member >= 0 {
			place = &place.Struct().Slots[f.member]
		}
		*place = connect.Bytes(whole)
	}
}

// shares reports whether two fields are of one oneof.
func (f *readField) shares(o *readField) bool {
	if f.member >= 0 || o.member >= 0 {
		return f.member >= 0 && o.member >= 0 && f.slot == o.slot
	}
	for _, s := range f.siblings {
		if s == o.slot {
			return true
		}
	}
	return false
}

// wrapped reads the value in a wrapper.
func (d *decoder) wrapped(inner *readField, b []byte) (connect.Value, error) {
	v := inner.absent
	for rest := b; len(rest) > 0; {
		number, wire, next, err := takeTag(rest)
		if err == nil && number == uint64(inner.parts[0]) && wire == inner.wire {
			v, next, _, err = inner.value(next)
		} else if err == nil {
			next, err = skip(next, number, wire, 0)
		}
		if err != nil {
			return v, atByte(err, d.data, rest)
		}
		rest = next
	}
	return v, nil
}
