package debezium

// maxKept is how many schemas' results are kept where no option says.
const maxKept = 256

// memo keeps what was made of a key, such as a schema, by pointer: records in a
// row have one. It is emptied when it is full.
type memo[K comparable, V any] struct {
	last K
	out  V
	full bool // whether there is a last
	all  map[K]V
	max  int
}

// find is what is kept of a key.
func (m *memo[K, V]) find(key K) (out V, ok bool) {
	if m.full && m.last == key {
		return m.out, true
	}
	if out, ok = m.all[key]; ok {
		m.last, m.out, m.full = key, out, true
	}
	return out, ok
}

// keep keeps it.
func (m *memo[K, V]) keep(key K, out V) {
	limit := m.max
	if limit == 0 {
		limit = maxKept
	}
	if m.all == nil || len(m.all) >= limit {
		m.all = map[K]V{}
	}
	m.all[key] = out
	m.last, m.out, m.full = key, out, true
}
