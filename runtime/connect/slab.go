package connect

// slabSize is how many objects a Slab makes at a time, and half as many as
// values. A kept record keeps its neighbours' objects in memory, so it is no
// larger than amortising needs.
const slabSize = 128

// slabRound is how many values a Slab hands out before Begin begins anew.
const slabRound = 16 * slabSize

// wideSize is how many values the chunks have at the most from which wide
// structs and maps come: 32 KiB, beyond which Go's allocator has a span for each.
const wideSize = 1365

// Slab hands out the parts of structs and maps from chunks, so that a record
// costs a small part of an allocation. Each part is handed out once and never
// used again; a chunk is the collector's when its last part is. Who puts parts of
// a Slab into each other calls Begin before each message. A Slab is for one
// goroutine. The zero Slab is ready.
type Slab struct {
	structs []Struct
	maps    []Map
	arrays  []Array
	values  []Value
	wide    []Value // for more than slabSize/2 at once
	made    int     // values, since the slab began anew
}

// Begin says that what comes next belongs to another message. Parts of a message
// point to each other, and where they stand in two chunks so do these: without a
// border that no message crosses, now and then, each chunk would keep the one
// before it.
func (s *Slab) Begin() {
	if s.made >= slabRound {
		*s = Slab{}
	}
}

// Struct is a struct of this schema, all of its fields null.
func (s *Slab) Struct(schema *Schema) *Struct {
	if len(s.structs) == 0 {
		s.structs = make([]Struct, slabSize)
	}
	st := &s.structs[0]
	s.structs = s.structs[1:]
	st.Schema, st.Slots = schema, s.Values(len(schema.fields))
	return st
}

// Map is a map without entries and with room for n.
func (s *Slab) Map(n int) *Map {
	m := s.newMap()
	m.Keys, m.Vals = s.Values(n)[:0], s.Values(n)[:0]
	return m
}

// MapOf is a map of shared keys, all of its values null.
func (s *Slab) MapOf(keys *KeySet) *Map {
	m := s.newMap()
	m.Keys, m.Vals, m.Shared = keys.keys, s.Values(len(keys.keys)), keys
	return m
}

// MapWith is a map of shared keys with these values, which are the map's from
// now on.
func (s *Slab) MapWith(keys *KeySet, vals []Value) *Map {
	m := s.newMap()
	m.Keys, m.Vals, m.Shared = keys.keys, vals, keys
	return m
}

func (s *Slab) newMap() *Map {
	if len(s.maps) == 0 {
		s.maps = make([]Map, slabSize)
	}
	m := &s.maps[0]
	s.maps = s.maps[1:]
	return m
}

// Array is an array of n nulls.
func (s *Slab) Array(n int) *Array {
	if len(s.arrays) == 0 {
		s.arrays = make([]Array, slabSize)
	}
	a := &s.arrays[0]
	s.arrays = s.arrays[1:]
	a.Elems = s.Values(n)
	return a
}

// Values is n nulls.
func (s *Slab) Values(n int) []Value {
	from := &s.values
	if n > slabSize/2 {
		from = &s.wide
	}
	if n > len(*from) {
		*from = make([]Value, s.chunk(n))
	}
	s.made += n
	v := (*from)[:n:n]
	*from = (*from)[n:]
	return v
}

// chunk is how many values to make where n are asked for. Wide ones come in
// equal pieces, and no more of them than are left of the round.
func (s *Slab) chunk(n int) int {
	if n <= slabSize/2 {
		return 2 * slabSize
	}
	left := slabRound - s.made%slabRound
	return n * max(min(wideSize, left)/n, 1)
}
