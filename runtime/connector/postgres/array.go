package postgres

import (
	"encoding/binary"
	"errors"
	"fmt"

	"kcgen.dev/runtime/connect"
)

// arrayOf is an array of a type. Any element may be null, which no type says.
func arrayOf(elem typ) typ {
	optional := elem.schema(true)
	schemas := [2]*connect.Schema{connect.NewArray(optional).MustBuild(), connect.NewArray(optional).Optional().MustBuild()}
	return typ{
		schema: func(optional bool) *connect.Schema {
			if optional {
				return schemas[1]
			}
			return schemas[0]
		},
		decode: decodeArray(elem.decode),
		binary: true,
	}
}

var errDimensions = errors.New("an array of several dimensions, in a column that is declared with one: declare them (as in integer[][]), which makes it a text, or cast it in a query")

// decodeArray reads the dimensions, of which there is at most one, and each
// element behind its length.
func decodeArray(elem decoder) decoder {
	return func(s *state, b []byte) (connect.Value, error) {
		if len(b) < 12 {
			return connect.Null, errLength
		}
		dims := binary.BigEndian.Uint32(b)
		b = b[12:] // flags and the type of the elements are known
		if dims == 0 {
			return (&connect.Array{}).Value(), nil
		}
		if dims != 1 {
			return connect.Null, errDimensions
		}
		if len(b) < 8 {
			return connect.Null, errLength
		}
		n := int(binary.BigEndian.Uint32(b))
		b = b[8:] // where its count begins, no schema can say
		if n < 0 || n > len(b)/4 {
			return connect.Null, errLength
		}
		return elements(s, elem, n, b)
	}
}

func elements(s *state, elem decoder, n int, b []byte) (connect.Value, error) {
	array := &connect.Array{Elems: make([]connect.Value, n)}
	for i := range n {
		if len(b) < 4 {
			return connect.Null, errLength
		}
		size := int(int32(binary.BigEndian.Uint32(b)))
		b = b[4:]
		if size < 0 {
			continue
		}
		if size > len(b) {
			return connect.Null, errLength
		}
		v, err := elem(s, b[:size])
		if err != nil {
			return connect.Null, fmt.Errorf("element %d: %w", i+1, err)
		}
		array.Elems[i], b = v, b[size:]
	}
	return array.Value(), nil
}
