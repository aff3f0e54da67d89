package jsontext

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

// Token is what stands at a node of the tape.
type Token uint8

// The tokens.
const (
	Null Token = iota
	False
	True
	Int   // a number without point and exponent
	Float // any other number
	String
	Array
	Object
	KnownText // a value that was recognised as the schema of the message before
	Special   // NaN or an infinity, where they are allowed
)

// Node is one token. An array's elements follow it; an object's members follow
// as name, value, name, value.
type Node struct {
	Start, End int32 // in the text; of a string, without the quotes
	Next       int32 // the node behind this one and all that is in it
	Count      int32 // elements, or members
	Token      Token
	Escaped    bool // a string with escapes
	Plain      bool // a string that is as connect.PlainText says
}

// Tape is JSON text taken apart: a flat list of tokens over it, kept from
// message to message, so that reading a token allocates nothing. It is
// written, and not taken from a package, because JsonConverter's reader
// (Jackson) is lax in ways of its own that have to be kept: leading zeros,
// anything behind the first value, half surrogates.
type Tape struct {
	Strict   bool
	Specials bool // whether NaN and the infinities are values, as an option of Jackson has it
	Nodes    []Node
	Known    string // the text of a schema that may be recognised
	data     []byte
	pos      int
	depth    int
}

var errEnd = errors.New("ends too early")

// Reset makes the tape ready for data.
func (t *Tape) Reset(data []byte) error {
	if len(data) > math.MaxInt32 {
		return errors.New("too long")
	}
	t.data, t.pos, t.depth, t.Nodes = data, 0, 0, t.Nodes[:0]
	return nil
}

// Release lets go of the text, and of the memory that an unusual one took.
func (t *Tape) Release() {
	t.data = nil
	if cap(t.Nodes) > keepTape {
		t.Nodes = nil
	}
}

func (t *Tape) unexpected() error {
	if t.pos >= len(t.data) {
		return errEnd
	}
	return fmt.Errorf("unexpected %q at byte %d", t.data[t.pos], t.pos)
}

func (t *Tape) space() {
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
func (t *Tape) peek() byte {
	t.space()
	if t.pos < len(t.data) {
		return t.data[t.pos]
	}
	return 0
}

// Root reads the one value of the text; it reports false where there is none.
func (t *Tape) Root() (ok bool, err error) {
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
func (t *Tape) tail() error {
	if t.Strict {
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
	switch t.Nodes[0].Token {
	case Int, Float:
		if !space {
			return t.unexpected()
		}
	case Null, True, False:
		if c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '$' || c >= utf8.RuneSelf {
			return t.unexpected()
		}
	}
	return nil
}

func (t *Tape) value() error {
	switch c := t.peek(); c {
	case '{':
		return t.object()
	case '[':
		return t.array()
	case '"':
		return t.text()
	case 't':
		return t.literal("true", True)
	case 'f':
		return t.literal("false", False)
	case 'n':
		return t.literal("null", Null)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return t.number()
	}
	return t.special()
}

// specials are Jackson's words for what is no number.
var specials = []string{"NaN", "Infinity", "-Infinity", "+Infinity", "INF", "-INF", "+INF"}

// special reads one of them, where they are allowed.
func (t *Tape) special() error {
	if t.Specials {
		for _, word := range specials {
			if end := t.pos + len(word); end <= len(t.data) && string(t.data[t.pos:end]) == word {
				t.leaf(Special, t.pos, end, false)
				t.pos = end
				return nil
			}
		}
	}
	return t.unexpected()
}

// leaf appends a node that has nothing in it.
func (t *Tape) leaf(k Token, start, end int, escaped bool) {
	t.Nodes = append(t.Nodes, Node{
		Start: int32(start), End: int32(end), Next: int32(len(t.Nodes) + 1), Token: k, Escaped: escaped,
	})
}

func (t *Tape) literal(word string, k Token) error {
	end := t.pos + len(word)
	if end > len(t.data) || string(t.data[t.pos:end]) != word {
		return fmt.Errorf("unexpected word at byte %d", t.pos)
	}
	t.leaf(k, t.pos, end, false)
	t.pos = end
	return nil
}

// open begins an array or object and returns its node.
func (t *Tape) open(k Token) (int, error) {
	if t.depth++; t.depth > maxDepth {
		return 0, fmt.Errorf("more than %d levels", maxDepth)
	}
	t.leaf(k, t.pos, 0, false)
	t.pos++
	return len(t.Nodes) - 1, nil
}

// close ends the array or object of node n, which has count parts.
func (t *Tape) close(n, count int) {
	t.pos++
	t.depth--
	t.Nodes[n].End = int32(t.pos)
	t.Nodes[n].Next = int32(len(t.Nodes))
	t.Nodes[n].Count = int32(count)
}

func (t *Tape) array() error {
	n, err := t.open(Array)
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

func (t *Tape) object() error {
	n, err := t.open(Object)
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
func (t *Tape) pair() error {
	if t.peek() != '"' {
		return t.unexpected()
	}
	name := len(t.Nodes)
	if err := t.text(); err != nil {
		return err
	}
	if t.peek() != ':' {
		return t.unexpected()
	}
	t.pos++
	if t.Known != "" && t.depth == 1 && t.isKnown(name) {
		t.leaf(KnownText, t.pos, t.pos+len(t.Known), false)
		t.pos += len(t.Known)
		return nil
	}
	return t.value()
}

// isKnown reports whether the member whose name stands at the node is the
// known schema. A whole object's text is a value of its own, whatever follows.
func (t *Tape) isKnown(name int) bool {
	n := t.Nodes[name]
	if string(t.data[n.Start:n.End]) != "schema" {
		return false
	}
	t.space()
	end := t.pos + len(t.Known)
	return end <= len(t.data) && string(t.data[t.pos:end]) == t.Known
}

// text reads a string, and sees to it that it is UTF-8.
func (t *Tape) text() error {
	t.pos++
	start, escaped, wide := t.pos, false, false
	for {
		t.pos += PlainLen(t.data[t.pos:])
		if t.pos >= len(t.data) {
			return errEnd
		}
		switch c := t.data[t.pos]; {
		case c == '"':
			if wide && !utf8.Valid(t.data[start:t.pos]) {
				return fmt.Errorf("string at byte %d is not UTF-8", start)
			}
			t.leaf(String, start, t.pos, escaped)
			t.Nodes[len(t.Nodes)-1].Plain = !escaped && !wide
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
func (t *Tape) escape() error {
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

func (t *Tape) number() error {
	start, k := t.pos, Int
	if t.data[t.pos] == '-' {
		if t.pos+1 < len(t.data) && t.data[t.pos+1] == 'I' {
			return t.special()
		}
		t.pos++
	}
	first := t.pos
	if err := t.digits(); err != nil {
		return err
	}
	if t.Strict && t.data[first] == '0' && t.pos > first+1 {
		return fmt.Errorf("leading zero at byte %d", first)
	}
	if t.pos < len(t.data) && t.data[t.pos] == '.' {
		k = Float
		t.pos++
		if err := t.digits(); err != nil {
			return err
		}
	}
	if t.pos < len(t.data) && t.data[t.pos]|0x20 == 'e' {
		k = Float
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
func (t *Tape) digits() error {
	start := t.pos
	for t.pos < len(t.data) && t.data[t.pos] >= '0' && t.data[t.pos] <= '9' {
		t.pos++
	}
	if t.pos == start {
		return t.unexpected()
	}
	return nil
}
