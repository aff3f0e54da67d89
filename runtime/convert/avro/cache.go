package avro

// cache keeps what was made of a key, most of all for the last key, as records
// in a row have one schema. It is emptied when it is full.
type cache[K comparable, V any] struct {
	max  int
	last K
	v    V
	has  bool
	all  map[K]V
}

func (c *cache[K, V]) get(k K) (v V, ok bool) {
	if c.has && c.last == k {
		return c.v, true
	}
	if v, ok = c.all[k]; ok {
		c.last, c.v, c.has = k, v, true
	}
	return v, ok
}

func (c *cache[K, V]) put(k K, v V) {
	if c.all == nil || len(c.all) >= c.max {
		c.all = map[K]V{}
	}
	c.all[k] = v
	c.last, c.v, c.has = k, v, true
}
