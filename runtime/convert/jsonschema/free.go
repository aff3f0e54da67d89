package jsonschema

import (
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

// free appends a value without a schema.
func (w *writer) free(dst []byte, v connect.Value, depth int) (_ []byte, err error) {
	if depth > maxLevels {
		return dst, fmt.Errorf("more than %d levels", maxLevels)
	}
	switch v.Kind() {
	case connect.KindArray:
		dst = append(dst, '[')
		for i, e := range v.Array().Elems {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = w.free(dst, e, depth+1); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	case connect.KindMap:
		return w.freeMap(dst, v.Map(), depth+1)
	case connect.KindStruct, connect.KindDecimal, connect.KindInstant:
		return dst, fmt.Errorf("%v without a schema has no place in JSON (as in Kafka Connect)", v.Kind())
	}
	return jsontext.AppendScalar(dst, v), nil
}

// freeMap appends an object where all keys are strings, and an array of
// {"key":…,"value":…} otherwise.
func (w *writer) freeMap(dst []byte, m *connect.Map, depth int) (_ []byte, err error) {
	object := true
	for i := range m.Len() {
		object = object && m.Keys[i].Kind() == connect.KindString
	}
	first, last := byte('['), byte(']')
	if object {
		first, last = '{', '}'
	}
	dst = append(dst, first)
	for i := range m.Len() {
		e := m.At(i)
		if i > 0 {
			dst = append(dst, ',')
		}
		if object {
			dst = append(jsontext.AppendString(dst, e.Key.Raw()), ':')
		} else {
			if dst, err = w.free(append(dst, `{"key":`...), e.Key, depth); err != nil {
				return dst, err
			}
			dst = append(dst, `,"value":`...)
		}
		if dst, err = w.free(dst, e.Value, depth); err != nil {
			return dst, err
		}
		if !object {
			dst = append(dst, '}')
		}
	}
	return append(dst, last), nil
}
