package filestream

import (
	"encoding/base64"
	"math"
	"time"
	"unicode/utf8"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
	"kcgen.dev/runtime/internal/memo"
)

// printer makes the lines of a task. What is written of names depends on the keys
// or on the schema, of which many records have the same: it is kept for those.
type printer struct {
	keys   memo.Memo[*connect.KeySet, [][]byte]
	fields memo.Memo[*connect.Schema, [][]byte]
}

// append appends a record's value as a line shows it: text and bytes as
// they are, other scalars as Java prints them (which is what Connect's sink
// writes: null, 1.0E7), arrays, maps and structs as JSON.
func (t *printer) append(dst []byte, v connect.Value) []byte {
	switch v.Kind() {
	case connect.KindString, connect.KindBytes:
		return append(dst, v.Raw()...)
	case connect.KindArray, connect.KindMap, connect.KindStruct:
		return t.json(dst, v)
	}
	dst, _ = connect.AppendJava(dst, v) // fails for bytes alone
	return dst
}

// json appends v as compact JSON: bytes in base64, points in time as
// RFC 3339, numbers that JSON has not (NaN) as strings.
func (t *printer) json(dst []byte, v connect.Value) []byte {
	switch v.Kind() {
	case connect.KindString:
		return appendString(dst, v)
	case connect.KindBytes:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, v.Raw())
		return append(dst, '"')
	case connect.KindInstant:
		dst = append(dst, '"')
		dst = v.Instant().AppendFormat(dst, time.RFC3339Nano)
		return append(dst, '"')
	case connect.KindArray:
		return t.array(dst, v.Array().Elems)
	case connect.KindMap:
		return t.mapping(dst, v.Map())
	case connect.KindStruct:
		return t.structure(dst, v.Struct())
	case connect.KindFloat32, connect.KindFloat64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			dst = append(dst, '"')
			dst, _ = connect.AppendJava(dst, v)
			return append(dst, '"')
		}
	}
	dst, _ = connect.AppendJava(dst, v)
	return dst
}

func (t *printer) array(dst []byte, elems []connect.Value) []byte {
	dst = append(dst, '[')
	for i, e := range elems {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = t.json(dst, e)
	}
	return append(dst, ']')
}

// mapping makes an object where all keys are strings, and otherwise, as
// Connect's JsonConverter does, an array of pairs.
func (t *printer) mapping(dst []byte, m *connect.Map) []byte {
	if m.Shared != nil {
		if names := t.keysOf(m.Shared); names != nil {
			return t.members(dst, names, m.Vals)
		}
		return t.pairs(dst, m)
	}
	for _, key := range m.Keys {
		if key.Kind() != connect.KindString {
			return t.pairs(dst, m)
		}
	}
	dst = append(dst, '{')
	for i := range m.Len() {
		e := m.At(i)
		dst = t.json(appendName(dst, i, e.Key), e.Value)
	}
	return append(dst, '}')
}

// keysOf are the names of maps with these keys; nil where one is no string.
func (t *printer) keysOf(keys *connect.KeySet) [][]byte {
	names, ok := t.keys.Get(keys)
	if ok {
		return names
	}
	names = [][]byte{}
	for i, key := range keys.Keys() {
		if key.Kind() != connect.KindString {
			names = nil
			break
		}
		names = append(names, append(appendName(nil, i, key), '"'))
	}
	t.keys.Put(keys, names)
	return names
}

// fieldsOf are the names of a struct's fields.
func (t *printer) fieldsOf(s *connect.Schema) [][]byte {
	names, ok := t.fields.Get(s)
	if !ok {
		for i, f := range s.Fields() {
			names = append(names, append(appendName(nil, i, connect.String(f.Name)), '"'))
		}
		t.fields.Put(s, names)
	}
	return names
}

// appendName appends the name of the member at place i, and the comma before it.
func appendName(dst []byte, i int, name connect.Value) []byte {
	if i > 0 {
		dst = append(dst, ',')
	}
	return append(appendString(dst, name), ':')
}

// members makes an object whose names are known as they are written, each with
// the quote that a text begins with.
func (t *printer) members(dst []byte, names [][]byte, vals []connect.Value) []byte {
	dst = append(dst, '{')
	for i, name := range names {
		dst = append(dst, name...)
		if v := &vals[i]; v.IsPlain() {
			dst = append(append(dst, v.Raw()...), '"')
		} else {
			dst = t.json(dst[:len(dst)-1], *v)
		}
	}
	return append(dst, '}')
}

func (t *printer) pairs(dst []byte, m *connect.Map) []byte {
	dst = append(dst, '[')
	for i := range m.Len() {
		e := m.At(i)
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = t.array(dst, []connect.Value{e.Key, e.Value})
	}
	return append(dst, ']')
}

func (t *printer) structure(dst []byte, s *connect.Struct) []byte {
	if s.Schema == nil {
		return append(dst, "{}"...)
	}
	return t.members(dst, t.fieldsOf(s.Schema), s.Slots)
}

// appendString appends a string as JSON. Most have nothing to escape, and of
// many that is known.
func appendString(dst []byte, v connect.Value) []byte {
	s := v.Raw()
	if v.IsPlain() || jsontext.PlainLen(s) == len(s) {
		dst = append(append(dst, '"'), s...)
		return append(dst, '"')
	}
	return appendEscaped(dst, v.Str())
}

// appendEscaped appends s as a JSON string; damaged UTF-8 becomes U+FFFD.
func appendEscaped(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if n > 1 {
			i += n
			continue
		}
		dst = append(dst, s[from:i]...)
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case r == utf8.RuneError:
			dst = utf8.AppendRune(dst, r)
		case c == '\n':
			dst = append(dst, `\n`...)
		default:
			dst = append(dst, `\u00`...)
			dst = append(dst, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
		i++
		from = i
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}
