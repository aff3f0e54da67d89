package filestream

import (
	"encoding/base64"
	"math"
	"time"
	"unicode/utf8"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

// appendText appends a record's value as a line shows it: text and bytes as
// they are, other scalars as Java prints them (which is what Connect's sink
// writes: null, 1.0E7), arrays, maps and structs as JSON.
func appendText(dst []byte, v connect.Value) []byte {
	switch v.Kind() {
	case connect.KindString, connect.KindBytes:
		return append(dst, v.Raw()...)
	case connect.KindArray, connect.KindMap, connect.KindStruct:
		return appendJSON(dst, v)
	}
	dst, _ = connect.AppendJava(dst, v) // fails for bytes alone
	return dst
}

// appendJSON appends v as compact JSON: bytes in base64, points in time as
// RFC 3339, numbers that JSON has not (NaN) as strings.
func appendJSON(dst []byte, v connect.Value) []byte {
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
		return appendArray(dst, v.Array().Elems)
	case connect.KindMap:
		return appendMap(dst, v.Map())
	case connect.KindStruct:
		return appendStruct(dst, v.Struct())
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

func appendArray(dst []byte, elems []connect.Value) []byte {
	dst = append(dst, '[')
	for i, e := range elems {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSON(dst, e)
	}
	return append(dst, ']')
}

// appendMap makes an object where all keys are strings, and otherwise, as
// Connect's JsonConverter does, an array of pairs.
func appendMap(dst []byte, m *connect.Map) []byte {
	for _, key := range m.Keys {
		if key.Kind() != connect.KindString {
			return appendPairs(dst, m)
		}
	}
	dst = append(dst, '{')
	for i := range m.Len() {
		e := m.At(i)
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, e.Key), ':')
		dst = appendJSON(dst, e.Value)
	}
	return append(dst, '}')
}

func appendPairs(dst []byte, m *connect.Map) []byte {
	dst = append(dst, '[')
	for i := range m.Len() {
		e := m.At(i)
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendArray(dst, []connect.Value{e.Key, e.Value})
	}
	return append(dst, ']')
}

func appendStruct(dst []byte, s *connect.Struct) []byte {
	if s.Schema == nil {
		return append(dst, "{}"...)
	}
	dst = append(dst, '{')
	for i, f := range s.Schema.Fields() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, connect.String(f.Name)), ':')
		dst = appendJSON(dst, s.Slots[i])
	}
	return append(dst, '}')
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
