package fuse

import (
	"strings"

	"kcgen.dev/runtime/connect"
)

// The bounds of what is remembered of maps' keys.
const (
	maxLayouts = 16   // of one object
	maxInner   = 64   // objects of a message
	maxKeys    = 1024 // of an object whose keys are remembered
	maxOwn     = 64   // of one whose keys are not
)

// layout remembers which keys an object's maps had lately: a stream has few such
// sets of keys, and maps share theirs.
type layout struct {
	known []*connect.KeySet
	last  int // of the message before
	leads leads
}

// learns reports whether it remembers more keys.
func (l *layout) learns() bool { return l != nil && len(l.known) < maxLayouts }

// layouts are those of the objects in a message, in the order in which they
// begin.
type layouts struct {
	all []*layout
	at  int
}

// next is the layout of the next object; nil where there are too many.
func (l *layouts) next() *layout {
	if l.at == maxInner {
		return nil
	}
	if l.at == len(l.all) {
		l.all = append(l.all, &layout{})
	}
	l.at++
	return l.all[l.at-1]
}

// object is a map that is being made. As long as its keys are those of a map
// before it, they are compared and not made.
type object struct {
	layout *layout
	slab   *connect.Slab
	guess  []connect.Value // the keys that it probably has
	set    *connect.KeySet // of the guess; nil: it has keys of its own
	vals   []connect.Value // with a guess, as many
	n      int             // how many there are so far
	own    []connect.Value // the keys, without a guess
}

func (o *object) begin(l *layout, slab *connect.Slab) {
	o.layout, o.slab, o.n, o.own = l, slab, 0, nil
	o.set, o.guess, o.vals = nil, nil, nil
	if l != nil && l.last < len(l.known) {
		o.take(l.known[l.last])
	}
}

// take goes on with the guess that a set makes.
func (o *object) take(set *connect.KeySet) {
	before := o.vals[:o.n]
	o.set, o.guess = set, set.Keys()
	o.vals = o.slab.Values(len(o.guess))
	copy(o.vals, before)
}

// put puts a value under the next key; false where the key is there.
func (o *object) put(name string, v connect.Value) bool {
	if o.n < len(o.guess) && o.guess[o.n].Str() == name {
		o.vals[o.n] = v
		o.n++
		return true
	}
	return o.other(name, v)
}

// add is put, unless the key is there.
func (o *object) add(name string, v connect.Value) bool {
	if o.n < len(o.guess) && o.guess[o.n].Str() == name {
		o.vals[o.n] = v
		o.n++
		return true
	}
	return o.has(name) || o.other(name, v)
}

func (o *object) keys() []connect.Value {
	if o.set != nil {
		return o.guess[:o.n]
	}
	return o.own
}

func (o *object) has(name string) bool {
	for _, k := range o.keys() {
		if k.Str() == name {
			return true
		}
	}
	return false
}

// other puts a value under a key that was not expected.
func (o *object) other(name string, v connect.Value) bool {
	if o.n >= maxKeys || o.n >= maxOwn && !o.layout.learns() || o.has(name) {
		return false
	}
	if set := o.find(name, o.n+1); set != nil {
		o.take(set)
		o.vals[o.n] = v
		o.n++
		return true
	}
	if o.set != nil || o.own == nil {
		o.own = append(make([]connect.Value, 0, o.n+8), o.guess[:o.n]...)
		o.vals = append(make([]connect.Value, 0, o.n+8), o.vals[:o.n]...)
		o.set, o.guess = nil, nil
	}
	o.own, o.vals = append(o.own, connect.String(name)), append(o.vals, v)
	o.n++
	return true
}

// find is a set that begins with the keys so far and this one: so many at the
// least.
func (o *object) find(name string, n int) *connect.KeySet {
	if o.layout == nil {
		return nil
	}
	for i, set := range o.layout.known {
		if keys := set.Keys(); len(keys) >= n && keys[n-1].Str() == name && same(keys, o.keys()) {
			o.layout.last = i
			return set
		}
	}
	return nil
}

// same reports whether keys begin with these.
func same(keys, begin []connect.Value) bool {
	for i, k := range begin {
		if keys[i].Str() != k.Str() {
			return false
		}
	}
	return true
}

// end is the map.
func (o *object) end() (connect.Value, bool) {
	if o.set == nil || o.n < len(o.guess) {
		o.settle()
	}
	if o.set == nil {
		m := o.slab.Map(0)
		m.Keys, m.Vals = o.own, o.vals
		return m.Value(), true
	}
	return o.slab.MapWith(o.set, o.vals).Value(), true
}

// settle finds the keys of a map that has other keys than expected among those
// that are known, or learns them.
func (o *object) settle() {
	keys := o.keys()
	if o.layout != nil {
		for i, set := range o.layout.known {
			if len(set.Keys()) == len(keys) && same(set.Keys(), keys) {
				o.layout.last = i
				o.set, o.vals = set, o.vals[:o.n:o.n]
				return
			}
		}
	}
	vals := o.vals[:o.n:o.n]
	if !o.layout.learns() {
		o.own, o.vals, o.set = append([]connect.Value(nil), keys...), vals, nil
		return
	}
	own := make([]connect.Value, 0, len(keys))
	for _, k := range keys {
		own = append(own, kept(k.Str()))
	}
	o.layout.last = len(o.layout.known)
	o.set, o.vals = connect.NewKeySet(own), vals
	o.layout.known = append(o.layout.known, o.set)
}

// kept is a name that outlives its message. Whether it is plain is looked at
// once, and not by everybody who writes it.
func kept(name string) connect.Value { return String(strings.Clone(name)) }
