package convert

import (
	"bytes"
	"strconv"
	"unicode/utf8"

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

	guesses
}

// maxQuick is how many levels are read.
const maxQuick = 32

// read gives the value of a message, or false where it is not what was guessed.
func (q *quick) read(data []byte) (v connect.Value, ok bool) {
	if !q.may() {
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
	q.went(ok)
	return v, ok
}

const bad = jsontext.Bad

func (q *quick) value(at int) (v connect.Value, end int) {
	if at >= len(q.data) {
		return v, bad
	}
	switch q.data[at] {
	case '"':
		return q.text(at)
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
	return q.number(at)
}

// word is the place behind s, if that is what stands there.
func (q *quick) word(at int, s string) (end int) {
	if end = at + len(s); end > len(q.data) || string(q.data[at:end]) != s {
		return bad
	}
	return end
}

// text reads a string without escapes.
func (q *quick) text(at int) (v connect.Value, end int) {
	rest := q.data[at+1:]
	n := jsontext.PlainLen(rest)
	if n < len(rest) && rest[n] == '"' {
		return connect.PlainText(rest[:n:n]), at + n + 2
	}
	if n >= len(rest) || rest[n] < utf8.RuneSelf {
		return v, bad
	}
	if n = bytes.IndexByte(rest, '"'); n < 0 || !wideText(rest[:n]) {
		return v, bad
	}
	return connect.Text(rest[:n:n]), at + n + 2
}

// wideText reports whether s is UTF-8 without escapes and control characters.
func wideText(s []byte) bool {
	if !utf8.Valid(s) {
		return false
	}
	for len(s) > 0 {
		n := jsontext.PlainLen(s)
		if n == len(s) {
			break
		}
		if s[n] < utf8.RuneSelf {
			return false
		}
		s = s[n+1:]
	}
	return true
}

// number reads a number of few digits and without an exponent.
func (q *quick) number(at int) (v connect.Value, end int) {
	from := at
	if q.data[at] == '-' {
		from++
	}
	i, end := q.digits(from)
	if end == from || end-from > 18 {
		return v, bad
	}
	if end < len(q.data) && (q.data[end] == '.' || q.data[end]|0x20 == 'e') {
		return q.fraction(at, from, end, i)
	}
	if from > at {
		i = -i
	}
	return connect.Int64(i), end
}

func (q *quick) digits(at int) (i int64, end int) {
	for end = at; end < len(q.data); end++ {
		c := q.data[end] - '0'
		if c > 9 || end-at > 18 {
			break
		}
		i = i*10 + int64(c)
	}
	return i, end
}

// powers are the powers of ten that a float64 holds exactly, as far as they are
// of use here.
var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// fraction reads the rest of a number that begins at start with a point at
// point; whole is what is between them, from the first digit on.
func (q *quick) fraction(start, first, point int, whole int64) (v connect.Value, end int) {
	if q.data[point] != '.' {
		return v, bad
	}
	part, end := q.digits(point + 1)
	behind := end - point - 1
	if behind == 0 || behind > 18 {
		return v, bad
	}
	if point-first+behind <= 15 {
		// Both are exact, so the quotient is rounded once, as it has to be.
		f := (float64(whole)*powers[behind] + float64(part)) / powers[behind]
		if f == 0 {
			return v, bad // which may be a negative zero
		}
		if first > start {
			f = -f
		}
		return connect.Float64(f), end
	}
	f, err := strconv.ParseFloat(string(q.data[start:end]), 64)
	if err != nil || f == 0 {
		return v, bad
	}
	return connect.Float64(f), end
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
