package avro

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The bounds of a schema's text: bytes, and levels of JSON.
const (
	maxText  = 8 << 20
	maxDepth = 500
)

// jsonKind is what a jsonValue is.
type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonBool
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

// jsonValue is JSON that keeps the order of members, as Avro's properties do.
type jsonValue struct {
	kind  jsonKind
	text  string // a string, or a number's digits, or true and false
	names []string
	elems []*jsonValue // of an array, or an object's values
}

func jsonText(s string) *jsonValue { return &jsonValue{kind: jsonString, text: s} }
func jsonInt(n int64) *jsonValue {
	return &jsonValue{kind: jsonNumber, text: strconv.FormatInt(n, 10)}
}

// member is the named member of an object, or nil.
func (v *jsonValue) member(name string) *jsonValue {
	if v == nil || v.kind != jsonObject {
		return nil
	}
	for i, n := range v.names {
		if n == name {
			return v.elems[i]
		}
	}
	return nil
}

// add appends a member to an object.
func (v *jsonValue) add(name string, elem *jsonValue) {
	v.names = append(v.names, name)
	v.elems = append(v.elems, elem)
}

// str is the text of a JSON string, and whether v is one.
func (v *jsonValue) str() (string, bool) {
	if v == nil || v.kind != jsonString {
		return "", false
	}
	return v.text, true
}

// integer is the number, where it is a whole one.
func (v *jsonValue) integer() (int64, bool) {
	if v == nil || v.kind != jsonNumber {
		return 0, false
	}
	n, err := strconv.ParseInt(v.text, 10, 64)
	return n, err == nil
}

// parseJSON reads a text as Jackson does: of two members of one name the last
// counts, in the first one's place.
func parseJSON(text string) (*jsonValue, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("is longer than %d bytes", maxText)
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	v, err := decodeJSON(d, 0)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something stands behind the JSON")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("at byte %d: %w", d.InputOffset(), plainEOF(err))
	}
	return v, nil
}

func plainEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("the JSON ends too early")
	}
	return err
}

func decodeJSON(d *json.Decoder, depth int) (*jsonValue, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case bool:
		return &jsonValue{kind: jsonBool, text: strconv.FormatBool(t)}, nil
	case json.Number:
		return &jsonValue{kind: jsonNumber, text: t.String()}, nil
	case string:
		return jsonText(t), nil
	case json.Delim:
		if depth >= maxDepth {
			return nil, fmt.Errorf("more than %d levels", maxDepth)
		}
		if t == '[' {
			return decodeArray(d, depth+1)
		}
		return decodeObject(d, depth+1)
	}
	return &jsonValue{}, nil // null
}

func decodeArray(d *json.Decoder, depth int) (*jsonValue, error) {
	v := &jsonValue{kind: jsonArray}
	for d.More() {
		e, err := decodeJSON(d, depth)
		if err != nil {
			return nil, err
		}
		v.elems = append(v.elems, e)
	}
	_, err := d.Token() // the bracket
	return v, err
}

func decodeObject(d *json.Decoder, depth int) (*jsonValue, error) {
	v := &jsonValue{kind: jsonObject}
	at := map[string]int{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string) // the decoder lets nothing else pass
		e, err := decodeJSON(d, depth)
		if err != nil {
			return nil, err
		}
		if i, twice := at[name]; twice {
			v.elems[i] = e
			continue
		}
		at[name] = len(v.names)
		v.add(name, e)
	}
	_, err := d.Token() // the brace
	return v, err
}

// appendJSON writes v as Jackson does, without spaces.
func appendJSON(dst []byte, v *jsonValue) []byte {
	switch v.kind {
	case jsonNull:
		return append(dst, "null"...)
	case jsonString:
		return appendQuoted(dst, v.text)
	case jsonArray:
		dst = append(dst, '[')
		for i, e := range v.elems {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, e)
		}
		return append(dst, ']')
	case jsonObject:
		dst = append(dst, '{')
		for i, e := range v.elems {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendQuoted(dst, v.names[i]), ':')
			dst = appendJSON(dst, e)
		}
		return append(dst, '}')
	}
	return append(dst, v.text...)
}

// appendQuoted escapes what Jackson escapes and nothing else: no slashes, no
// signs beyond ASCII.
func appendQuoted(dst []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= ' ':
			dst = append(dst, c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c == '\b':
			dst = append(dst, '\\', 'b')
		case c == '\f':
			dst = append(dst, '\\', 'f')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(dst, '"')
}

// sameJSON compares two values; the order of members has no meaning.
func sameJSON(a, b *jsonValue) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.kind != b.kind || a.text != b.text || len(a.elems) != len(b.elems) {
		return false
	}
	for i, e := range a.elems {
		o := b.elems[i]
		if a.kind == jsonObject && b.names[i] != a.names[i] {
			o = b.member(a.names[i])
		}
		if !sameJSON(e, o) {
			return false
		}
	}
	return true
}
