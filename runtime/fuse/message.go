package fuse

import (
	"bytes"
	"slices"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
	"kcgen.dev/runtime/internal/reshape"
)

// Message is a JSON object without a schema that a sink's function reads member
// by member, and of which it makes the map that the sink's chain would make. A
// function begins with Object and ends with End. In between nothing says whether
// all is well: once it is not, there are no more members.
type Message struct {
	data    []byte
	at      int // where the next member begins, or what is behind a value; bad: it is none for a function
	next    cursor
	lead    *lead // of the member
	depth   int
	out     object
	inner   layouts // of the objects in the message
	top     layout  // of what is made of it
	elems   []connect.Value
	slab    connect.Slab
	changes []reshape.Change
	schema  *connect.Schema // of what is made of texts
}

const bad = jsontext.Bad

// maxDepth is how many levels are read.
const maxDepth = 32

// Object begins an object; false where the message is none.
func (m *Message) Object() bool {
	m.at = jsontext.PassSpace(m.data, 0)
	if m.at >= len(m.data) || m.data[m.at] != '{' {
		return false
	}
	m.at++
	m.next, m.depth = m.top.cursor(), 1
	m.slab.Begin()
	m.inner.at = 0
	m.out.begin(&m.top, &m.slab)
	return true
}

// Next goes to the next member of which it is not known what becomes; false where
// there is none. With the others is done what was done with those of their names
// before: a function tells members by their names alone.
func (m *Message) Next() bool {
	for m.at != bad {
		if m.at = m.known(&m.next, &m.out, m.at); m.at == bad {
			break
		}
		switch m.lead, m.at = m.member(&m.next, m.at); {
		case m.lead == nil:
			return false
		case m.lead.does == asks:
			return true
		}
		m.do() // it is not where it was, or not as it was
	}
	return false
}

// do does with the member what its lead has.
func (m *Message) do() {
	if m.lead.does == passes {
		m.at = jsontext.Pass(m.data, m.at)
	} else {
		m.at = m.keep(m.lead, &m.out, m.at)
	}
}

// begin goes from the place behind an object's brace, or behind a value, to the
// next member.
func (m *Message) begin(at int, first bool) (_ int, more bool) {
	if !first {
		return jsontext.PassComma(m.data, at, '}')
	}
	at = jsontext.PassSpace(m.data, at)
	if at < len(m.data) && m.data[at] == '}' {
		return at + 1, false
	}
	return at, true
}

// nameAt reads a member's name, which has no escapes, and all up to its value.
func (m *Message) nameAt(at int) (name string, end int) {
	if at >= len(m.data) || m.data[at] != '"' {
		return "", bad
	}
	rest := m.data[at+1:]
	n := jsontext.PlainLen(rest)
	end = at + n + 2
	if n >= len(rest) || rest[n] != '"' {
		end = jsontext.PassString(m.data, at)
		if n = end - at - 2; end == bad || bytes.IndexByte(rest[:n], '\\') >= 0 {
			return "", bad
		}
	}
	name = connect.Text(rest[:n]).Str()
	if end+1 < len(m.data) && m.data[end] == ':' && m.data[end+1] > ' ' {
		return name, end + 1
	}
	return name, jsontext.PassColon(m.data, end)
}

// Name is the member's name.
func (m *Message) Name() string { return m.lead.name }

// Pass passes over the member's value.
func (m *Message) Pass() {
	m.lead.does = passes
	m.do()
}

// Keep takes the member over.
func (m *Message) Keep() { m.Change(m.lead.name) }

// As takes the member over with another name.
func (m *Message) As(name string) { m.Change(name) }

// Change takes the member over, with a name, as the changes that the chain's
// steps do to it make it, one after the other.
func (m *Message) Change(name string, changes ...int) {
	m.lead.does, m.lead.as, m.lead.alter = keeps, name, slices.Clone(changes)
	m.do()
}

// Is puts a value in the member's place.
func (m *Message) Is(name string, v connect.Value) {
	if m.at = jsontext.Pass(m.data, m.at); m.at != bad && !m.out.put(name, v) {
		m.at = bad
	}
}

// Add adds a field behind the others, unless there is one of that name.
func (m *Message) Add(name string, v connect.Value) {
	if m.at != bad && !m.out.add(name, v) {
		m.at = bad
	}
}

// End gives the record the map that was made, and reports whether all was well.
func (m *Message) End(r *connect.Record) bool {
	if m.at == bad || jsontext.PassSpace(m.data, m.at) != len(m.data) {
		return false
	}
	v, ok := m.out.end()
	if ok {
		r.Value = connect.Datum{Value: v}
	}
	return ok
}

// value reads any value.
func (m *Message) value(at int) (v connect.Value, end int) {
	if at >= len(m.data) || at == bad {
		return v, bad
	}
	switch m.data[at] {
	case '"':
		return jsontext.ReadText(m.data, at)
	case '{':
		return m.object(at)
	case '[':
		return m.array(at)
	case 't':
		return connect.Bool(true), jsontext.PassWord(m.data, at, "true")
	case 'f':
		return connect.Bool(false), jsontext.PassWord(m.data, at, "false")
	case 'n':
		return connect.Null, jsontext.PassWord(m.data, at, "null")
	}
	return jsontext.ReadNumber(m.data, at)
}

func (m *Message) array(at int) (v connect.Value, end int) {
	if m.depth++; m.depth > maxDepth {
		return v, bad
	}
	base := len(m.elems)
	at = jsontext.PassSpace(m.data, at+1)
	more := at >= len(m.data) || m.data[at] != ']'
	if !more {
		at++
	}
	for more {
		if v, at = m.value(at); at == bad {
			return v, bad
		}
		m.elems = append(m.elems, v)
		if at, more = jsontext.PassComma(m.data, at, ']'); at == bad {
			return v, bad
		}
	}
	a := m.slab.Array(len(m.elems) - base)
	copy(a.Elems, m.elems[base:])
	clear(m.elems[base:])
	m.elems = m.elems[:base]
	m.depth--
	return a.Value(), at
}

// object reads an object that is in the message.
func (m *Message) object(at int) (v connect.Value, end int) {
	if m.depth++; m.depth > maxDepth {
		return v, bad
	}
	var o object
	l := m.inner.next()
	next := l.cursor()
	o.begin(l, &m.slab)
	for at++; ; {
		if at = m.known(&next, &o, at); at == bad {
			return v, bad
		}
		var name *lead
		if name, at = m.member(&next, at); name == nil {
			break
		}
		name.does, name.as = keeps, name.name
		if at = m.keep(name, &o, at); at == bad {
			return v, bad
		}
	}
	if at == bad {
		return v, bad
	}
	m.depth--
	v, ok := o.end()
	if !ok {
		return v, bad
	}
	return v, at
}
