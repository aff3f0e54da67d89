package fuse

import (
	"slices"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

// The bounds of what is remembered of what stands before values.
const (
	maxLeads  = 1024 // of one object
	maxLead   = 128  // bytes of one
	maxAhead  = 8    // members that are missing in a row
	maxLearnt = 4096 // in all the time, for objects whose names never come again
)

// lead is what stands before a member's value, from the value before on, or from
// the brace: white space, a comma, the name.
type lead struct {
	text  string
	name  string
	first bool // it stands behind a brace

	does  does // what the function did with the member, which it always does
	as    string
	alter []int
	set   *connect.KeySet // where its value went the last time, and
	slot  int             // the place there
}

// does is what a function does with the members of a name.
type does uint8

const (
	asks   does = iota // it is not known, or it differs from record to record
	passes             // over the value
	keeps              // it
)

// leads are those that an object's messages had, in their order. What comes is
// mostly the next one, which is compared and not taken apart.
type leads struct {
	all    []lead
	learnt int
}

// find is the place of the lead of a name, from a place on; -1 where there is
// none. One that is not known is remembered there.
func (l *leads) find(k int, name string, text []byte, first bool) int {
	for i := k; i < min(k+maxAhead, len(l.all)); i++ {
		if l.all[i].name == name {
			return i
		}
	}
	if l.learnt == maxLearnt || len(l.all) == maxLeads || len(text) > maxLead {
		return -1
	}
	l.learnt++
	l.all = slices.Insert(l.all, k, lead{text: string(text), name: strings.Clone(name), first: first})
	return k
}

// cursor is the place in an object's leads.
type cursor struct {
	*leads
	at    int
	first bool // no member has come
}

func (l *layout) cursor() cursor {
	if l == nil {
		return cursor{leads: &leads{learnt: maxLearnt}, first: true}
	}
	return cursor{leads: &l.leads, first: true}
}

// known goes on, from a place behind the object's brace or behind a value, over
// the members that come as they did before, and does with them what was done
// then: to the place of the first that is another.
func (m *Message) known(c *cursor, o *object, at int) int {
	for c.at < len(c.all) {
		l := &c.all[c.at]
		end := at + len(l.text)
		if l.does == asks || l.first != c.first || end > len(m.data) || string(m.data[at:end]) != l.text {
			break
		}
		c.at++
		c.first = false
		if l.does == passes {
			at = jsontext.Pass(m.data, end)
		} else {
			at = m.keep(l, o, end)
		}
		if at == bad {
			break
		}
	}
	return at
}

// keep takes the value at a place over, as the lead before it has it.
func (m *Message) keep(l *lead, o *object, at int) int {
	v, end := m.value(at)
	if end == bad {
		return bad
	}
	for _, i := range l.alter {
		var ok bool
		if v, ok = m.changes[i](nil, v); !ok {
			return bad
		}
	}
	if l.set != nil && l.set == o.set && l.slot == o.n {
		o.vals[o.n] = v
		o.n++
		return end
	}
	if !o.put(l.as, v) {
		return bad
	}
	l.set, l.slot = o.set, o.n-1
	return end
}

// member goes to the next member: from a place behind the object's brace, or
// behind a value, to a value. At the object's end there is none, and the place is
// the one behind it. The lead is one that is not remembered where there is no
// room.
func (m *Message) member(c *cursor, at int) (l *lead, end int) {
	begin := at
	at, more := m.begin(at, c.first)
	if !more {
		return nil, at
	}
	name, end := m.nameAt(at)
	if end == bad {
		return nil, bad
	}
	i := c.find(c.at, name, m.data[begin:end], c.first)
	c.first = false
	if i < 0 {
		return &lead{name: name}, end
	}
	c.at = i + 1
	return &c.all[i], end
}
