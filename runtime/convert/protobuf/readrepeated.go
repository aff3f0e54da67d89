package protobuf

import (
	"math"

	"kcgen.dev/runtime/connect"
)

// repeated reads an element, a pack of them, or an entry of a map. b begins
// behind the tag.
func (d *decoder) repeated(f *readField, slots []connect.Value, b []byte, wire uint64) ([]byte, error) {
	switch {
	case f.isMap:
		return d.entry(f, slots, b)
	case wire != f.wire:
		return d.packed(f, slots, b)
	}
	a := slots[f.slot].Array()
	if a == noElements.Array() {
		a = d.array(f, slots, run(b, f.num, wire))
	}
	if err := d.take(1); err != nil {
		return b, err
	}
	if f.how == asScalar {
		v, rest, ok, err := f.value(b)
		if err == nil && ok {
			a.Elems = append(a.Elems, v)
		}
		return rest, err
	}
	data, rest, err := takeBytes(b)
	if err != nil {
		return b, err
	}
	v, err := d.build(f, data)
	a.Elems = append(a.Elems, v)
	return rest, err
}

// array begins an array with room for n elements.
func (d *decoder) array(f *readField, slots []connect.Value, n int) *connect.Array {
	a := d.slab.Array(n)
	a.Elems = a.Elems[:0]
	slots[f.slot] = a.Value()
	return a
}

// packed reads a pack of numbers.
func (d *decoder) packed(f *readField, slots []connect.Value, b []byte) ([]byte, error) {
	pack, rest, err := takeBytes(b)
	if err != nil || len(pack) == 0 {
		return rest, err
	}
	n := count(pack, f.wire)
	if err := d.take(n); err != nil {
		return b, err
	}
	a := slots[f.slot].Array()
	if a == noElements.Array() {
		a = d.array(f, slots, n)
	}
	for len(pack) > 0 {
		v, more, ok, err := f.value(pack)
		if err != nil {
			return b, atByte(err, d.data, pack)
		}
		if ok {
			a.Elems = append(a.Elems, v)
		}
		pack = more
	}
	return rest, nil
}

// count is how many numbers a pack holds.
func count(pack []byte, wire uint64) (n int) {
	switch wire {
	case fixed32:
		return len(pack) / 4
	case fixed64:
		return len(pack) / 8
	}
	for _, c := range pack {
		if c < 0x80 {
			n++
		}
	}
	return n
}

// run is how many values of a field follow each other, the one at b included.
func run(b []byte, number, wire uint64) int {
	for n := 1; ; n++ {
		rest, err := skip(b, number, wire, 0)
		if err != nil || len(rest) == 0 {
			return n
		}
		again, w, next, err := takeTag(rest)
		if err != nil || again != number || w != wire {
			return n
		}
		b = next
	}
}

// entry reads an entry of a map.
func (d *decoder) entry(f *readField, slots []connect.Value, b []byte) ([]byte, error) {
	data, rest, err := takeBytes(b)
	if err != nil {
		return b, err
	}
	if err := d.take(2); err != nil {
		return b, err
	}
	m := slots[f.slot].Map()
	if m == noEntries.Map() {
		m = d.slab.Map(run(b, f.num, delimited))
		slots[f.slot] = m.Value()
	}
	var pair [2]connect.Value
	if err := d.message(f.plan, pair[:], data); err != nil {
		return b, err
	}
	m.Entries = append(m.Entries, connect.Entry{Key: pair[0], Value: pair[1]})
	return rest, nil
}

// mapKey is a map's key as Go compares it.
type mapKey struct {
	bits uint64
	text string
}

func keyOf(v connect.Value) mapKey {
	switch v.Kind() {
	case connect.KindString:
		return mapKey{text: v.Str()}
	case connect.KindBytes:
		return mapKey{text: string(v.Raw())}
	case connect.KindBool:
		if v.Bool() {
			return mapKey{bits: 1}
		}
		return mapKey{}
	case connect.KindFloat32, connect.KindFloat64:
		return mapKey{bits: math.Float64bits(v.Float())}
	}
	return mapKey{bits: uint64(v.Int())}
}

// fewEntries is up to how many entries each key is compared with each.
const fewEntries = 8

// unique drops entries whose key comes again: the last one counts.
func (d *decoder) unique(m *connect.Map) {
	if len(m.Entries) <= fewEntries {
		m.Entries = uniqueFew(m.Entries)
		return
	}
	if d.keys == nil {
		d.keys = map[mapKey]int{}
	}
	clear(d.keys)
	out := m.Entries[:0]
	for _, e := range m.Entries {
		key := keyOf(e.Key)
		if i, again := d.keys[key]; again {
			out[i] = e
			continue
		}
		d.keys[key] = len(out)
		out = append(out, e)
	}
	m.Entries = out
	if len(d.keys) > 1000 {
		d.keys = nil
	}
}

func uniqueFew(all []connect.Entry) []connect.Entry {
	out := all[:0]
next:
	for _, e := range all {
		for i := range out {
			if out[i].Key.Equal(e.Key) {
				out[i] = e
				continue next
			}
		}
		out = append(out, e)
	}
	return out
}
