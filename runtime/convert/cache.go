package convert

// The bounds of a cache: entries (schemas.cache.size's default) and bytes of
// keys.
const (
	maxEntries = 1000
	maxBytes   = 8 << 20
)

// cache keeps what was made of a key, most of all for the last key, as records
// in a row have one schema. It is emptied when it is full.
type cache[K comparable, V any] struct {
	last K
	v    V
	has  bool
	all  map[K]V
	size int
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

// put keeps v; size is what the key weighs in bytes.
func (c *cache[K, V]) put(k K, v V, size int) {
	if c.all == nil || len(c.all) >= maxEntries || c.size+size > maxBytes {
		c.all, c.size = map[K]V{}, 0
	}
	c.all[k] = v
	c.size += size
	c.last, c.v, c.has = k, v, true
}
