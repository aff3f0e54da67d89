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
	m.Put(pair[0], pair[1])
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
	place := d.placeFew
	if m.Len() > fewEntries {
		place = d.placeMany
		if d.keys == nil || len(d.keys) > 1000 {
			d.keys = map[mapKey]int{}
		}
		clear(d.keys)
	}
	n := 0
	for i, key := range m.Keys {
		at := place(m.Keys[:n], key)
		m.Keys[at], m.Vals[at] = key, m.Vals[i]
		n = max(n, at+1)
	}
	m.Keys, m.Vals = m.Keys[:n], m.Vals[:n]
}

// placeFew is where a key stands among those before it, or behind them.
func (*decoder) placeFew(before []connect.Value, key connect.Value) int {
	for i := range before {
		if before[i].Equal(key) {
			return i
		}
	}
	return len(before)
}

// placeMany is placeFew for many keys.
func (d *decoder) placeMany(before []connect.Value, key connect.Value) int {
	k := keyOf(key)
	at, again := d.keys[k]
	if !again {
		at = len(before)
		d.keys[k] = at
	}
	return at
}
