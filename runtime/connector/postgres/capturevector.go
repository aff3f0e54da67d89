package postgres

import (
	"bytes"
	"strconv"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

// vectorType maps a vector of pgvector: a list of floats.
func vectorType(schema func() *connect.SchemaBuilder, bits int) mapping {
	one := textFloat(bits)
	return mapping{
		schema: schema,
		decode: func(s *state, b []byte) (connect.Value, error) {
			b = bytes.TrimSuffix(bytes.TrimPrefix(b, []byte("[")), []byte("]"))
			array := &connect.Array{}
			for part := range bytes.SplitSeq(b, []byte(",")) {
				v, err := one(s, bytes.TrimSpace(part))
				if err != nil {
					return connect.Null, err
				}
				array.Elems = append(array.Elems, v)
			}
			return array.Value(), nil
		},
	}
}

// sparseType maps a vector of pgvector of which only the numbers are printed that
// are not zero: {1:0.5,7:2}/10. As Debezium's, it has no more than 32,767
// dimensions.
func sparseType() mapping {
	return mapping{schema: cdc.NewSparseDoubleVector, decodeAs: textSparse}
}

func textSparse(as *connect.Schema) decoder {
	one := textFloat(64)
	return func(s *state, b []byte) (connect.Value, error) {
		list, dimensions, ok := bytes.Cut(bytes.TrimSpace(b), []byte("/"))
		n, err := strconv.ParseInt(string(dimensions), 10, 16)
		list, opens := bytes.CutPrefix(list, []byte("{"))
		list, closes := bytes.CutSuffix(list, []byte("}"))
		if !ok || err != nil || !opens || !closes {
			return connect.Null, errText
		}
		m := connect.MapOf()
		for part := range bytes.SplitSeq(list, []byte(",")) {
			if len(list) == 0 {
				break
			}
			place, number, _ := bytes.Cut(part, []byte(":"))
			i, err := strconv.ParseInt(string(bytes.TrimSpace(place)), 10, 16)
			if err != nil {
				return connect.Null, errText
			}
			v, err := one(s, bytes.TrimSpace(number))
			if err != nil {
				return connect.Null, err
			}
			m.Put(connect.Int16(int16(i)), v)
		}
		st := newStruct(as)
		st.Slots[0], st.Slots[1] = connect.Int16(int16(n)), m.Value()
		return st.Value(), nil
	}
}
