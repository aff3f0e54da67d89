package convert

import (
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

// quick reads a message without a schema that is laid out like the one before:
// the same names in the same places with the same white space, so that what
// stands between two values is compared and not taken apart. It is a guess:
// whatever is not as it was, and whatever is rare, is left to the tape, which
// alone says what is right and what is an error.
//
// What reads something takes the place where it begins and gives the place
// behind it; bad is where the guess was wrong.
type quick struct {
	data  []byte
	depth int
	names *names
	slab  *connect.Slab
	elems []connect.Value // of the arrays that are being read
	pick  *pick           // of the members that are made; nil: all are

	jsontext.Guesses
}

// maxQuick is how many levels are read.
const maxQuick = 32

// read gives the value of a message, or false where it is not what was guessed.
func (q *quick) read(data []byte) (v connect.Value, ok bool) {
	if !q.May() {
		return v, false
	}
	if len(data) == 0 || data[0] != '{' || len(q.names.lists) == 0 {
		return v, false
	}
	q.names.reset()
	q.data, q.depth, q.elems = data, 0, q.elems[:0]
	v, end := q.object(0)
	ok = end == len(data)
	q.data = nil
	q.Went(ok)
	return v, ok
}

const bad = jsontext.Bad

func (q *quick) value(at int) (v connect.Value, end int) {
	if at >= len(q.data) {
		return v, bad
	}
	switch q.data[at] {
	case '"':
		return jsontext.ReadText(q.data, at)
	case '{':
		return q.object(at)
	case '[':
		return q.array(at)
	case 't':
		return connect.Bool(true), q.word(at, "true")
	case 'f':
		return connect.Bool(false), q.word(at, "false")
	case 'n':
		return connect.Null, q.word(at, "null")
	}
	return jsontext.ReadNumber(q.data, at)
}

// word is the place behind s, if that is what stands there.
func (q *quick) word(at int, s string) (end int) {
	if end = at + len(s); end > len(q.data) || string(q.data[at:end]) != s {
		return bad
	}
	return end
}

func (q *quick) array(at int) (v connect.Value, end int) {
	if q.depth++; q.depth > maxQuick {
		return v, bad
	}
	base := len(q.elems)
	at++
	for at >= len(q.data) || q.data[at] != ']' {
		if len(q.elems) > base {
			if at = q.word(at, ","); at == bad {
				return v, bad
			}
			if end = q.word(at, " "); end != bad {
				at = end
			}
		}
		if v, at = q.value(at); at == bad {
			return v, bad
		}
		q.elems = append(q.elems, v)
	}
	a := q.slab.Array(len(q.elems) - base)
	copy(a.Elems, q.elems[base:])
	clear(q.elems[base:])
	q.elems = q.elems[:base]
	q.depth--
	return a.Value(), at + 1
}

func (q *quick) object(at int) (v connect.Value, end int) {
	list := q.names.next()
	if q.depth++; q.depth > maxQuick || list == nil || list.known == nil {
		return v, bad
	}
	if q.depth == 1 && q.pick != nil {
		return q.top(list, at)
	}
	m := q.slab.MapOf(list.known)
	for i, lead := range list.leads {
		if at = q.word(at, lead); at == bad {
			return v, bad
		}
		if m.Vals[i], at = q.value(at); at == bad {
			return v, bad
		}
	}
	q.depth--
	return m.Value(), q.word(at, list.tail)
}
