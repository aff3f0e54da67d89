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
type quick struct {
	data  []byte
	pos   int
	depth int
	names *names
	slab  *connect.Slab
	elems []connect.Value // of the arrays that are being read

	luck  int // guesses that went well lately
	pause int // messages for which no guess is made
}

// The limits of guessing.
const (
	maxQuick   = 32 // levels
	maxLuck    = 16
	badLuck    = 4  // what a wrong guess costs
	quickPause = 64 // messages after too many wrong guesses
)

// read gives the value of a message, or false where it is not what was guessed.
func (q *quick) read(data []byte) (v connect.Value, ok bool) {
	if q.pause > 0 {
		q.pause--
		return v, false
	}
	if len(data) == 0 || data[0] != '{' || len(q.names.lists) == 0 {
		return v, false
	}
	q.names.reset()
	q.data, q.pos, q.depth, q.elems = data, 0, 0, q.elems[:0]
	v, ok = q.object()
	ok = ok && q.pos == len(data)
	q.data = nil
	if ok {
		q.luck = min(q.luck+1, maxLuck)
	} else if q.luck -= badLuck; q.luck < 0 {
		q.luck, q.pause = 0, quickPause
	}
	return v, ok
}

func (q *quick) value() (v connect.Value, ok bool) {
	if q.pos >= len(q.data) {
		return v, false
	}
	switch c := q.data[q.pos]; c {
	case '"':
		return q.text()
	case '{':
		return q.object()
	case '[':
		return q.array()
	case 't':
		return connect.Bool(true), q.word("true")
	case 'f':
		return connect.Bool(false), q.word("false")
	case 'n':
		return connect.Null, q.word("null")
	}
	return q.number()
}

func (q *quick) word(s string) bool {
	if !q.at(s) {
		return false
	}
	q.pos += len(s)
	return true
}

// at reports whether s is next.
func (q *quick) at(s string) bool {
	return len(q.data)-q.pos >= len(s) && string(q.data[q.pos:q.pos+len(s)]) == s
}

// text reads a string without escapes.
func (q *quick) text() (v connect.Value, ok bool) {
	rest := q.data[q.pos+1:]
	n := jsontext.PlainLen(rest)
	if n < len(rest) && rest[n] == '"' {
		q.pos += n + 2
		return connect.PlainText(rest[:n:n]), true
	}
	if n >= len(rest) || rest[n] < utf8.RuneSelf {
		return v, false
	}
	if n = bytes.IndexByte(rest, '"'); n < 0 || !wideText(rest[:n]) {
		return v, false
	}
	q.pos += n + 2
	return connect.Text(rest[:n:n]), true
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
func (q *quick) number() (v connect.Value, ok bool) {
	start := q.pos
	negative := q.data[start] == '-'
	if negative {
		q.pos++
	}
	i, digits := q.digits()
	if digits == 0 || digits > 18 {
		return v, false
	}
	if q.pos < len(q.data) && (q.data[q.pos] == '.' || q.data[q.pos]|0x20 == 'e') {
		return q.fraction(start, i, digits)
	}
	if negative {
		i = -i
	}
	return connect.Int64(i), true
}

func (q *quick) digits() (i int64, n int) {
	start := q.pos
	for ; q.pos < len(q.data); q.pos++ {
		c := q.data[q.pos] - '0'
		if c > 9 || q.pos-start > 18 {
			break
		}
		i = i*10 + int64(c)
	}
	return i, q.pos - start
}

// powers are the powers of ten that a float64 holds exactly, as far as they are
// of use here.
var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// fraction reads the rest of a number with a point, which begins at start; whole
// is what is before the point, of so many digits.
func (q *quick) fraction(start int, whole int64, before int) (v connect.Value, ok bool) {
	if q.data[q.pos] != '.' {
		return v, false
	}
	q.pos++
	part, behind := q.digits()
	if behind == 0 || behind > 18 {
		return v, false
	}
	if before+behind <= 15 {
		// Both are exact, so the quotient is rounded once, as it has to be.
		f := (float64(whole)*powers[behind] + float64(part)) / powers[behind]
		if q.data[start] == '-' {
			f = -f
		}
		return connect.Float64(f), f != 0
	}
	f, err := strconv.ParseFloat(string(q.data[start:q.pos]), 64)
	if err != nil || f == 0 { // which may be a negative zero
		return v, false
	}
	return connect.Float64(f), true
}

func (q *quick) array() (v connect.Value, ok bool) {
	if q.depth++; q.depth > maxQuick {
		return v, false
	}
	base := len(q.elems)
	q.pos++
	for !q.word("]") {
		if len(q.elems) > base {
			if !q.word(",") {
				return v, false
			}
			q.word(" ")
		}
		v, ok = q.value()
		if !ok {
			return v, false
		}
		q.elems = append(q.elems, v)
	}
	a := q.slab.Array(len(q.elems) - base)
	copy(a.Elems, q.elems[base:])
	clear(q.elems[base:])
	q.elems = q.elems[:base]
	q.depth--
	return a.Value(), true
}

func (q *quick) object() (v connect.Value, ok bool) {
	list := q.names.next()
	if q.depth++; q.depth > maxQuick || list == nil || list.known == nil {
		return v, false
	}
	m := q.slab.MapOf(list.known)
	for i, lead := range list.leads {
		if !q.word(lead) {
			return v, false
		}
		if m.Vals[i], ok = q.value(); !ok {
			return v, false
		}
	}
	q.depth--
	return m.Value(), q.word(list.tail)
}
