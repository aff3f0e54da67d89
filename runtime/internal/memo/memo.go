// Package memo keeps what was made of keys, such as schemas, so that work is
// done once for each.
package memo

// Memo keeps what was made of a key, most of all for the last one, as records
// in a row have one schema. It is emptied when it is full, so that hostile keys
// cannot fill the memory. Its zero value is ready for use by one goroutine.
type Memo[K comparable, V any] struct {
	Max  int // how many keys are kept; 0: 256
	last K
	v    V
	has  bool // whether there is a last
	all  map[K]V
}

// Get is what is kept of a key.
func (m *Memo[K, V]) Get(key K) (v V, ok bool) {
	if m.has && m.last == key {
		return m.v, true
	}
	if v, ok = m.all[key]; ok {
		m.last, m.v, m.has = key, v, true
	}
	return v, ok
}

// Put keeps it.
func (m *Memo[K, V]) Put(key K, v V) {
	limit := m.Max
	if limit == 0 {
		limit = 256
	}
	if m.all == nil || len(m.all) >= limit {
		m.all = map[K]V{}
	}
	m.all[key] = v
	m.last, m.v, m.has = key, v, true
}

// GetText is Get for a text that is made for the question alone; it allocates
// nothing.
func GetText[V any](m *Memo[string, V], key []byte) (v V, ok bool) {
	v, ok = m.all[string(key)]
	return v, ok
}
