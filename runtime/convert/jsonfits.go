package convert

import (
	"math/bits"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

// fits gives the place behind a value that begins at a place of data and is none
// that a schema refuses; Bad where it is one, or may be.
func (r *jsonReader) fits(s *connect.Schema, data []byte, at, depth int) int {
	if s == nil {
		return jsontext.Pass(data, at)
	}
	if at >= len(data) || depth > maxQuick {
		return jsontext.Bad
	}
	if data[at] == 'n' {
		if !r.nullable(s) {
			return jsontext.Bad
		}
		return jsontext.PassWord(data, at, "null")
	}
	if s.Logical() != connect.NotLogical {
		return r.logicalFits(s, data, at)
	}
	switch s.Kind() {
	case connect.KindBool, connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64,
		connect.KindFloat32, connect.KindFloat64: // of anything else there is 0
		return jsontext.Pass(data, at)
	case connect.KindString:
		if data[at] == '"' {
			return jsontext.PassString(data, at)
		}
	case connect.KindArray:
		if data[at] == '[' {
			return r.partsFit(s.Elem(), data, at, depth)
		}
	case connect.KindMap:
		if data[at] == '{' && s.Key() != nil && s.Key().Kind() == connect.KindString {
			return r.partsFit(s.Elem(), data, at, depth)
		}
	case connect.KindStruct:
		if data[at] == '{' && len(s.Fields()) <= bits.UintSize {
			return r.structFits(s, data, at, depth)
		}
	case connect.KindBytes:
		return r.made(s, data, at)
	}
	return jsontext.Bad
}

// logicalFits is fits for a value of a logical type.
func (r *jsonReader) logicalFits(s *connect.Schema, data []byte, at int) int {
	if s.Logical() != connect.LogicalTimestamp {
		return r.made(s, data, at)
	}
	end := jsontext.Pass(data, at)
	if end == jsontext.Bad {
		return end
	}
	for _, c := range data[at:end] { // it is a number, and a whole one
		if c-'0' > 9 && c != '-' {
			return jsontext.Bad
		}
	}
	return end
}

// made makes a rare value to see whether it can be.
func (r *jsonReader) made(s *connect.Schema, data []byte, at int) int {
	end := jsontext.Pass(data, at)
	if end == jsontext.Bad || r.Reset(data[at:end]) != nil {
		return jsontext.Bad
	}
	if ok, err := r.Root(); !ok || err != nil {
		return jsontext.Bad
	}
	r.lost = false
	if _, err := r.value(s, 0); err != nil || r.lost {
		return jsontext.Bad
	}
	return end
}

// partsFit is fits for an array, or for a map with names.
func (r *jsonReader) partsFit(elem *connect.Schema, data []byte, at, depth int) int {
	object, end := data[at] == '{', byte(']')
	if object {
		end = '}'
	}
	at = jsontext.PassSpace(data, at+1)
	if at < len(data) && data[at] == end {
		return at + 1
	}
	for {
		if object {
			if at = jsontext.PassName(data, at); at == jsontext.Bad {
				return at
			}
		}
		if at = r.fits(elem, data, at, depth+1); at == jsontext.Bad {
			return at
		}
		var more bool
		if at, more = jsontext.PassComma(data, at, end); !more {
			return at
		}
	}
}

// structFits is fits for a struct of a few fields.
func (r *jsonReader) structFits(s *connect.Schema, data []byte, at, depth int) int {
	fields, there, next := s.Fields(), uint(0), 0
	at = jsontext.PassSpace(data, at+1)
	for more := at >= len(data) || data[at] != '}'; more; {
		begin := at
		if at = jsontext.PassName(data, at); at == jsontext.Bad {
			return at
		}
		i := fieldAt(s, data[begin:at], next)
		if i == unsure {
			return jsontext.Bad
		}
		var in *connect.Schema
		if i >= 0 {
			in, next = fields[i].Schema, i+1
			there |= 1 << i
		}
		if at = r.fits(in, data, at, depth+1); at == jsontext.Bad {
			return at
		}
		if at, more = jsontext.PassComma(data, at, '}'); at == jsontext.Bad {
			return at
		} else if !more {
			at-- // the end
		}
	}
	for i := range fields {
		if there>>i&1 == 0 && !r.nullable(fields[i].Schema) {
			return jsontext.Bad
		}
	}
	return at + 1
}

// unsure is where a name is not plain.
const unsure = -2

// fieldAt is the field whose name begins a text, in quotes: mostly the next one.
func fieldAt(s *connect.Schema, text []byte, next int) int {
	n := jsontext.PlainLen(text[1:]) + 1
	if text[n] != '"' {
		return unsure
	}
	if fields := s.Fields(); next < len(fields) && fields[next].Name == string(text[1:n]) {
		return next
	}
	return s.FieldIndex(connect.PlainText(text[1:n]).Str()) // aliased for the look-up alone
}
