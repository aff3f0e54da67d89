package connect

import (
	"hash/maphash"
	"math"
)

// Equal reports whether two values are the same, as equals of Connect's Java
// objects says: of one kind (the int32 1 is not the int64 1), decimals of one
// scale, NaN equal to NaN, 0.0 not equal to -0.0, the order of a map's entries
// without meaning, structs with equal schemas.
func (v Value) Equal(o Value) bool {
	if v.kind != o.kind {
		return false
	}
	switch v.kind {
	case KindString, KindBytes:
		return string(v.Raw()) == string(o.Raw())
	case KindFloat32, KindFloat64:
		return v.n == o.n || math.IsNaN(v.Float()) && math.IsNaN(o.Float())
	case KindDecimal:
		return v.Decimal().Equal(o.Decimal())
	case KindArray:
		return v.p == o.p || equalLists(v.Array().Elems, o.Array().Elems)
	case KindMap:
		return v.p == o.p || equalMaps(v.Map(), o.Map())
	case KindStruct:
		return v.p == o.p || v.Struct().Schema.Equal(o.Struct().Schema) &&
			equalLists(v.Struct().Slots, o.Struct().Slots)
	}
	return v.n == o.n && v.sub == o.sub
}

// Equal reports whether two data have equal schemas and equal values.
func (d Datum) Equal(o Datum) bool { return d.Schema.Equal(o.Schema) && d.Value.Equal(o.Value) }

func equalLists(a, b []Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].Equal(b[i]) {
			return false
		}
	}
	return true
}

func equalMaps(a, b *Map) bool {
	if a.Len() != b.Len() {
		return false
	}
	ix := NewMapIndex(b)
	for i := range a.Len() {
		e := a.At(i)
		i := ix.Find(e.Key)
		if i < 0 || !e.Value.Equal(b.Vals[i]) {
			return false
		}
	}
	return true
}

// seed is one for the process: hashes never leave it.
var seed = maphash.MakeSeed()

// Hash is a hash for tables in memory: equal values have equal hashes. It
// differs from process to process.
func (v Value) Hash() uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	v.hash(&h)
	return h.Sum64()
}

func (v Value) hash(h *maphash.Hash) {
	h.WriteByte(byte(v.kind))
	switch v.kind {
	case KindString, KindBytes:
		maphash.WriteComparable(h, v.n)
		h.Write(v.Raw())
	case KindFloat32, KindFloat64:
		if !math.IsNaN(v.Float()) {
			maphash.WriteComparable(h, v.n)
		}
	case KindDecimal:
		d := v.Decimal()
		maphash.WriteComparable(h, d.Scale)
		if d.Unscaled != nil && d.Unscaled.Sign() != 0 {
			maphash.WriteComparable(h, d.Unscaled.Sign())
			h.Write(d.Unscaled.Bytes())
		}
	case KindArray:
		hashList(h, v.Array().Elems)
	case KindStruct:
		hashList(h, v.Struct().Slots)
	case KindMap:
		var sum uint64 // the order of entries has no meaning
		for i := range v.Map().Len() {
			e := v.Map().At(i)
			sum += e.Key.Hash() ^ e.Value.Hash()<<1
		}
		maphash.WriteComparable(h, sum)
	default:
		maphash.WriteComparable(h, v.n)
		maphash.WriteComparable(h, v.sub)
	}
}

func hashList(h *maphash.Hash, vs []Value) {
	maphash.WriteComparable(h, len(vs))
	for _, v := range vs {
		v.hash(h)
	}
}

// smallMap is how many entries are looked through one by one.
const smallMap = 16

// MapIndex finds the entries of a map by key. It is worth its cost for maps
// that are built or compared whole; for one look-up use Map.Index. Small maps
// need no memory for it.
type MapIndex struct {
	m    *Map
	seen int // entries that are in byHash
	// The first entry of each hash; entries of equal hash are chained in next.
	byHash map[uint64]int
	next   []int
}

// NewMapIndex makes an index of m, which may grow afterwards: appended entries
// are found, provided that none is taken away or given another key.
func NewMapIndex(m *Map) *MapIndex { return &MapIndex{m: m} }

// Find is the place of the entry with this key, or -1.
func (x *MapIndex) Find(key Value) int {
	keys := x.m.Keys
	if len(keys) <= smallMap {
		for i := range keys {
			if keys[i].Equal(key) {
				return i
			}
		}
		return -1
	}
	x.update()
	i, ok := x.byHash[key.Hash()]
	for ok && i >= 0 {
		if keys[i].Equal(key) {
			return i
		}
		i = x.next[i]
	}
	return -1
}

func (x *MapIndex) update() {
	if x.byHash == nil {
		x.byHash = make(map[uint64]int, x.m.Len())
	}
	for ; x.seen < x.m.Len(); x.seen++ {
		h := x.m.Keys[x.seen].Hash()
		first, ok := x.byHash[h]
		if !ok {
			first = -1
		}
		x.next = append(x.next, first)
		x.byHash[h] = x.seen
	}
}
