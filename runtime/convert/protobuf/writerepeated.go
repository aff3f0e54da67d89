package protobuf

import (
	"encoding/binary"
	"fmt"

	"kcgen.dev/runtime/connect"
)

// elements appends an array, each element with the tag.
func (f *writeField) elements(dst []byte, v connect.Value) (_ []byte, err error) {
	if v.Kind() != connect.KindArray {
		return dst, notArray(v)
	}
	for _, e := range v.Array().Elems {
		if dst, err = f.one(binary.AppendUvarint(dst, f.tag), e); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// pack appends an array of numbers as one value.
func (f *writeField) pack(dst []byte, v connect.Value) (_ []byte, err error) {
	if v.Kind() != connect.KindArray {
		return dst, notArray(v)
	}
	all := v.Array().Elems
	if len(all) == 0 {
		return dst, nil
	}
	dst = binary.AppendUvarint(dst, f.tag)
	room := sizeOfLength(len(all))
	dst, start := begin(dst, room)
	for _, e := range all {
		if dst, err = f.scalar(dst, e); err != nil {
			return dst, err
		}
	}
	return end(dst, start, room), nil
}

func notArray(v connect.Value) error { return fmt.Errorf("%v, but array is required", v.Kind()) }

// entries appends a map, each entry with the tag. A null key or value is left
// out of its entry.
func (f *writeField) entries(dst []byte, v connect.Value) (_ []byte, err error) {
	if v.Kind() != connect.KindMap {
		return dst, fmt.Errorf("%v, but map is required", v.Kind())
	}
	for i := range v.Map().Len() {
		e := v.Map().At(i)
		dst = binary.AppendUvarint(dst, f.tag)
		var start int
		dst, start = begin(dst, 1)
		if !e.Key.IsNull() {
			if dst, err = f.key.append(dst, e.Key); err != nil {
				return dst, at(err, "key")
			}
		}
		if !e.Value.IsNull() {
			if dst, err = f.value.append(dst, e.Value); err != nil {
				return dst, at(err, "value")
			}
		}
		dst = end(dst, start, 1)
	}
	return dst, nil
}
