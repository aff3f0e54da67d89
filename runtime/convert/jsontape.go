package convert

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// The limits of what is read, those of Jackson's StreamReadConstraints: levels
// of arrays and objects, and characters of a number.
const (
	maxDepth  = 1000
	maxNumber = 1000
)

// keepTape is how many tokens' memory is kept for the next message.
const keepTape = 1 << 14

// token is what stands at a node of the tape.
type token uint8

const (
	tNull token = iota
	tFalse
	tTrue
	tInt   // a number without point and exponent
	tFloat // any other number
	tString
	tArray
	tObject
	tSchema // a value that was recognised as the schema of the message before
)

// node is one token. An array's elements follow it; an object's members follow
// as name, value, name, value.
type node struct {
	start, end int32 // in the text; of a string, without the quotes
	next       int32 // the node behind this one and all that is in it
	count      int32 // elements, or members
	token      token
	escaped    bool // a string with escapes
}

// tape is JSON text taken apart: a flat list of tokens over it, kept from
// message to message, so that reading a token allocates nothing. It is
// written, and not taken from a package, because JsonConverter's reader
// (Jackson) is lax in ways of its own that have to be kept: leading zeros,
// anything behind the first value, half surrogates.
type tape struct {
	strict bool
	data   []byte
	pos    int
	depth  int
	nodes  []node
	known  string // the text of a schema that may be recognised
}

var errEnd = errors.New("ends too early")

// reset makes the tape ready for data.
func (t *tape) reset(data []byte) error {
	if len(data) > math.MaxInt32 {
		return errors.New("too long")
	}
	t.data, t.pos, t.depth, t.nodes = data, 0, 0, t.nodes[:0]
	return nil
}

// release lets go of the text, and of the memory that an unusual one took.
func (t *tape) release() {
	t.data = nil
	if cap(t.nodes) > keepTape {
		t.nodes = nil
	}
}

func (t *tape) unexpected() error {
	if t.pos >= len(t.data) {
		return errEnd
	}
	return fmt.Errorf("unexpected %q at byte %d", t.data[t.pos], t.pos)
}

func (t *tape) space() {
	for t.pos < len(t.data) {
		switch t.data[t.pos] {
		case ' ', '\t', '\n', '\r':
			t.pos++
		default:
			return
		}
	}
}

// peek is the next byte that is no space; 0 at the end, where 0 itself is
// nothing that may stand there.
func (t *tape) peek() byte {
	t.space()
	if t.pos < len(t.data) {
		return t.data[t.pos]
	}
	return 0
}

// root reads the one value of the text; it reports false where there is none.
func (t *tape) root() (ok bool, err error) {
	if t.peek(); t.pos == len(t.data) {
		return false, nil
	}
	if err := t.value(); err != nil {
		return false, err
	}
	return true, t.tail()
}

// tail looks at what follows the value: nothing that would make it another
// one, and under strict nothing at all.
func (t *tape) tail() error {
	if t.strict {
		if t.space(); t.pos < len(t.data) {
			return fmt.Errorf("more behind the value at byte %d", t.pos)
		}
		return nil
	}
	if t.pos == len(t.data) {
		return nil
	}
	c := t.data[t.pos]
	space := c == ' ' || c == '\t' || c == '\n' || c == '\r'
	switch t.nodes[0].token {
	case tInt, tFloat:
		if !space {
			return t.unexpected()
		}
	case tNull, tTrue, tFalse:
		if c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '$' || c >= utf8.RuneSelf {
			return t.unexpected()
		}
	}
	return nil
}

func (t *tape) value() error {
	switch c := t.peek(); c {
	case '{':
		return t.object()
	case '[':
		return t.array()
	case '"':
		return t.text()
	case 't':
		return t.literal("true", tTrue)
	case 'f':
		return t.literal("false", tFalse)
	case 'n':
		return t.literal("null", tNull)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return t.number()
	}
	return t.unexpected()
}

// leaf appends a node that has nothing in it.
func (t *tape) leaf(k token, start, end int, escaped bool) {
	t.nodes = append(t.nodes, node{
		start: int32(start), end: int32(end), next: int32(len(t.nodes) + 1), token: k, escaped: escaped,
	})
}

func (t *tape) literal(word string, k token) error {
	end := t.pos + len(word)
	if end > len(t.data) || string(t.data[t.pos:end]) != word {
		return fmt.Errorf("unexpected word at byte %d", t.pos)
	}
	t.leaf(k, t.pos, end, false)
	t.pos = end
	return nil
}

// open begins an array or object and returns its node.
func (t *tape) open(k token) (int, error) {
	if t.depth++; t.depth > maxDepth {
		return 0, fmt.Errorf("more than %d levels", maxDepth)
	}
	t.leaf(k, t.pos, 0, false)
	t.pos++
	return len(t.nodes) - 1, nil
}

// close ends the array or object of node n, which has count parts.
func (t *tape) close(n, count int) {
	t.pos++
	t.depth--
	t.nodes[n].end = int32(t.pos)
	t.nodes[n].next = int32(len(t.nodes))
	t.nodes[n].count = int32(count)
}

func (t *tape) array() error {
	n, err := t.open(tArray)
	if err != nil {
		return err
	}
	count := 0
	if t.peek() == ']' {
		t.close(n, 0)
		return nil
	}
	for {
		if err := t.value(); err != nil {
			return err
		}
		count++
		switch t.peek() {
		case ',':
			t.pos++
		case ']':
			t.close(n, count)
			return nil
		default:
			return t.unexpected()
		}
	}
}

func (t *tape) object() error {
	n, err := t.open(tObject)
	if err != nil {
		return err
	}
	count := 0
	if t.peek() == '}' {
		t.close(n, 0)
		return nil
	}
	for {
		if err := t.pair(); err != nil {
			return err
		}
		count++
		switch t.peek() {
		case ',':
			t.pos++
		case '}':
			t.close(n, count)
			return nil
		default:
			return t.unexpected()
		}
	}
}

// pair reads "name": value.
func (t *tape) pair() error {
	if t.peek() != '"' {
		return t.unexpected()
	}
	name := len(t.nodes)
	if err := t.text(); err != nil {
		return err
	}
	if t.peek() != ':' {
		return t.unexpected()
	}
	t.pos++
	if t.known != "" && t.depth == 1 && t.isKnown(name) {
		t.leaf(tSchema, t.pos, t.pos+len(t.known), false)
		t.pos += len(t.known)
		return nil
	}
	return t.value()
}

// isKnown reports whether the member whose name stands at the node is the
// known schema. A whole object's text is a value of its own, whatever follows.
func (t *tape) isKnown(name int) bool {
	n := t.nodes[name]
	if string(t.data[n.start:n.end]) != "schema" {
		return false
	}
	t.space()
	end := t.pos + len(t.known)
	return end <= len(t.data) && string(t.data[t.pos:end]) == t.known
}

// text reads a string, and sees to it that it is UTF-8.
func (t *tape) text() error {
	t.pos++
	start, escaped, wide := t.pos, false, false
	for {
		t.pos += plainLen(t.data[t.pos:])
		if t.pos >= len(t.data) {
			return errEnd
		}
		switch c := t.data[t.pos]; {
		case c == '"':
			if wide && !utf8.Valid(t.data[start:t.pos]) {
				return fmt.Errorf("string at byte %d is not UTF-8", start)
			}
			t.leaf(tString, start, t.pos, escaped)
			t.pos++
			return nil
		case c == '\\':
			escaped = true
			if err := t.escape(); err != nil {
				return err
			}
		case c >= utf8.RuneSelf:
			wide = true
			t.pos++
		default:
			return t.unexpected()
		}
	}
}

// escape passes over one escape.
func (t *tape) escape() error {
	t.pos++
	if t.pos >= len(t.data) {
		return errEnd
	}
	switch t.data[t.pos] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		t.pos++
		return nil
	case 'u':
		if t.pos+5 > len(t.data) {
			return errEnd
		}
		if _, ok := hex4(t.data[t.pos+1:]); !ok {
			return fmt.Errorf("bad escape at byte %d", t.pos)
		}
		t.pos += 5
		return nil
	}
	return t.unexpected()
}

// hex4 reads four hexadecimal digits.
func hex4(b []byte) (r rune, ok bool) {
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

func (t *tape) number() error {
	start, k := t.pos, tInt
	if t.data[t.pos] == '-' {
		t.pos++
	}
	first := t.pos
	if err := t.digits(); err != nil {
		return err
	}
	if t.strict && t.data[first] == '0' && t.pos > first+1 {
		return fmt.Errorf("leading zero at byte %d", first)
	}
	if t.pos < len(t.data) && t.data[t.pos] == '.' {
		k = tFloat
		t.pos++
		if err := t.digits(); err != nil {
			return err
		}
	}
	if t.pos < len(t.data) && t.data[t.pos]|0x20 == 'e' {
		k = tFloat
		t.pos++
		if t.pos < len(t.data) && (t.data[t.pos] == '+' || t.data[t.pos] == '-') {
			t.pos++
		}
		if err := t.digits(); err != nil {
			return err
		}
	}
	if t.pos-start > maxNumber {
		return fmt.Errorf("number of more than %d characters at byte %d", maxNumber, start)
	}
	t.leaf(k, start, t.pos, false)
	return nil
}

// digits passes over one digit or more.
func (t *tape) digits() error {
	start := t.pos
	for t.pos < len(t.data) && t.data[t.pos] >= '0' && t.data[t.pos] <= '9' {
		t.pos++
	}
	if t.pos == start {
		return t.unexpected()
	}
	return nil
}
