package convert

import (
	"slices"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

var _ connect.Projects = (*jsonCodec)(nil)

// Project has what nobody reads not made: members of messages without a schema,
// and fields of those with one. Under strict more is an error than the tape
// knows of, and all is made.
func (c *jsonCodec) Project(r connect.Reading) {
	if c.r.Strict || r.All() {
		return
	}
	c.r.part = &partReader{reading: r}
	if r.Named == "" {
		c.r.pick = newPick(r)
	}
}

// pick is which members of a message are made.
type pick struct {
	names map[string]bool
	named bool            // that it is in names is why a member is made
	from  *connect.KeySet // the names of the last message, from which are:
	keys  *connect.KeySet // those of the members that are made
	slots []int32         // the place there of each in from; -1: it is not made
}

func newPick(r connect.Reading) *pick {
	p := &pick{names: map[string]bool{}, named: r.Only != nil}
	for _, name := range slices.Concat(r.Only, r.Except) {
		p.names[name] = true
	}
	return p
}

// reads reports whether the member of a name is made.
func (p *pick) reads(name string) bool { return p.names[name] == p.named }

// room is for how many members of so many to make room.
func (p *pick) room(members int) int {
	if p.named {
		return min(len(p.names), members)
	}
	return members
}

// of finds the members to make of a message with these names.
func (p *pick) of(from *connect.KeySet) {
	if p.from == from {
		return
	}
	var keys []connect.Value
	p.from, p.slots = from, make([]int32, len(from.Keys()))
	for i, key := range from.Keys() {
		p.slots[i] = -1
		if p.reads(key.Str()) {
			p.slots[i] = int32(len(keys))
			keys = append(keys, key)
		}
	}
	p.keys = connect.NewKeySet(keys)
}

// top reads the message's object, of which members are picked: the others are
// passed over.
func (q *quick) top(list *nameList, at int) (v connect.Value, end int) {
	q.pick.of(list.known)
	m := q.slab.MapOf(q.pick.keys)
	for i, lead := range list.leads {
		if at = q.word(at, lead); at == bad {
			return v, bad
		}
		slot := q.pick.slots[i]
		if slot < 0 {
			at = jsontext.Pass(q.data, at)
		} else {
			m.Vals[slot], at = q.value(at)
		}
		if at == bad {
			return v, bad
		}
	}
	q.depth--
	return m.Value(), q.word(at, list.tail)
}

// picks reports whether of the message at node n members are picked.
func (r *jsonReader) picks(n int) bool { return r.pick != nil && r.Is(n, jsontext.Object) }

// picked is the message's object with the members that are picked. The names of
// all are learned, but in the others those of no objects.
func (r *jsonReader) picked(n int) (connect.Value, error) {
	list := r.names.next()
	m := r.slab.Map(r.pick.room(int(r.Nodes[n].Count)))
	index := connect.NewMapIndex(m)
	for k := n + 1; k < r.Next(n); k = r.Next(k + 1) {
		var err error
		if r.pick.reads(r.Text(k)) {
			err = r.put(m, index, r.String(k), nil, k+1)
		} else {
			err = r.sound(k + 1)
		}
		if err != nil {
			return connect.Null, err
		}
	}
	list.learn(&r.Tape, n)
	return m.Value(), nil
}

// sound is the error that the value at node n would be.
func (r *jsonReader) sound(n int) error {
	for end := r.Next(n); n < end; n++ {
		if r.Nodes[n].Token == jsontext.Float {
			if _, err := r.Float(n, 64); err != nil {
				return err
			}
		}
	}
	return nil
}
