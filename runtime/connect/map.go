package connect

// Entry is one pair of a [Map].
type Entry struct{ Key, Value Value }

// Map is a map that keeps the order in which its entries came: Keys[i] has the
// value Vals[i]. Keys are unique, which whoever builds the map sees to.
type Map struct {
	Keys []Value
	Vals []Value
	// Shared is set where many maps have these very keys. What depends on the
	// keys alone (where a name stands, how it is written) is then found out
	// once, and kept under this pointer.
	Shared *KeySet
}

// KeySet are the keys that maps share, in their order. It never changes.
type KeySet struct{ keys []Value }

// NewKeySet makes the keys of maps that have the same ones; keys are unique,
// and the slice is the set's from now on.
func NewKeySet(keys []Value) *KeySet { return &KeySet{keys[:len(keys):len(keys)]} }

// Keys are the keys, in order; they are not to be changed.
func (s *KeySet) Keys() []Value { return s.keys }

// MapOf makes a map of entries with different keys.
func MapOf(entries ...Entry) *Map {
	m := &Map{Keys: make([]Value, 0, len(entries)), Vals: make([]Value, 0, len(entries))}
	for _, e := range entries {
		m.Put(e.Key, e.Value)
	}
	return m
}

// Value makes a value of m; nil is null.
func (m *Map) Value() Value {
	if m == nil {
		return Null
	}
	return Value{kind: KindMap, p: ptr(m)}
}

// Len is the number of entries; a nil map has none.
func (m *Map) Len() int {
	if m == nil {
		return 0
	}
	return len(m.Vals)
}

// At is the entry at place i.
func (m *Map) At(i int) Entry { return Entry{m.Keys[i], m.Vals[i]} }

// Put appends an entry, whose key the map does not have yet. A map that is
// built here has keys of its own from then on.
func (m *Map) Put(key, value Value) {
	// Shared keys have no room behind them, so that append copies them.
	m.Keys, m.Vals, m.Shared = append(m.Keys, key), append(m.Vals, value), nil
}

// Index is the place of the string key, or -1.
func (m *Map) Index(key string) int {
	for i, k := range m.Keys {
		if k.kind == KindString && k.Str() == key {
			return i
		}
	}
	return -1
}

// Get is the value of the string key; null where there is none.
func (m *Map) Get(key string) Value {
	if i := m.Index(key); i >= 0 {
		return m.Vals[i]
	}
	return Null
}
