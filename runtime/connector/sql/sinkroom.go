package sql

// emptied is s without elements, of which its memory holds none. It costs as
// much as there were, whatever s had before.
func emptied[T any](s []T) []T {
	clear(s)
	return s[:0]
}

// rowKeys are the places of rows by their key, or what is done to them.
type rowKeys struct {
	at   map[string]int
	used int // the most at once since the last release
	room int // and ever
}

// roomKept is for how many keys a map is kept whatever it is used for.
const roomKept = 1024

// empty is for other rows.
func (k *rowKeys) empty() {
	if k.at == nil {
		k.at = map[string]int{}
	}
	k.used = max(k.used, len(k.at))
	clear(k.at)
}

// release lets go of the keys. To empty a map costs what it had the most: behind
// a far larger batch than this one it is made anew.
func (k *rowKeys) release() {
	k.empty()
	k.room = max(k.room, k.used)
	if k.room > roomKept && k.used < k.room/16 {
		*k = rowKeys{}
	}
	k.used = 0
}
