package cdc

import (
	"encoding/binary"
	"math"
	"slices"

	"kcgen.dev/runtime/connect"
)

// Window holds the rows of a chunk between its two watermarks, in the order in
// which they were read. What the stream tells of a row in the meantime is newer,
// so the row is taken out.
type Window struct {
	rows   []heldRow
	places map[string]int
}

// heldRow is a row of the chunk; one that was taken out has no values.
type heldRow struct {
	values []connect.Value
	key    []any
}

// put adds a copy of a row. One of the same key takes its place.
func (w *Window) put(id []byte, values []connect.Value, key []any) {
	if w.places == nil {
		w.places = map[string]int{}
	}
	row := heldRow{slices.Clone(values), slices.Clone(key)}
	if i, ok := w.places[string(id)]; ok {
		w.rows[i] = row
		return
	}
	w.places[string(id)] = len(w.rows)
	w.rows = append(w.rows, row)
}

// remove takes a row out.
func (w *Window) remove(id []byte) {
	if i, ok := w.places[string(id)]; ok {
		w.rows[i].values = nil
		delete(w.places, string(id))
	}
}

// empty reports whether no row is left.
func (w *Window) empty() bool { return len(w.places) == 0 }

func (w *Window) clear() {
	clear(w.rows)
	w.rows = w.rows[:0]
	clear(w.places)
}

// appendKey appends what tells a row from all others of its table: the values of
// some columns.
func appendKey(dst []byte, row []connect.Value, columns []int) []byte {
	for _, i := range columns {
		dst = appendValue(dst, row[i])
	}
	return dst
}

// appendValue appends a value with its kind and its length, so that two values
// give the same bytes where they are equal and nowhere else.
func appendValue(dst []byte, v connect.Value) []byte {
	dst = append(dst, byte(v.Kind()))
	switch v.Kind() {
	case connect.KindString, connect.KindBytes:
		dst = binary.AppendUvarint(dst, uint64(len(v.Raw())))
		return append(dst, v.Raw()...)
	case connect.KindBool:
		if v.Bool() {
			return append(dst, 1)
		}
		return append(dst, 0)
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		return binary.AppendVarint(dst, v.Int())
	case connect.KindFloat32, connect.KindFloat64:
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(v.Float()))
	case connect.KindInstant:
		return binary.AppendVarint(binary.AppendVarint(dst, v.Milli()), int64(v.Instant().Nanosecond()))
	case connect.KindDecimal:
		return append(v.Decimal().Append(dst), 0)
	case connect.KindStruct:
		return appendValues(dst, v.Struct().Slots)
	case connect.KindArray:
		return appendValues(dst, v.Array().Elems)
	}
	return dst
}

func appendValues(dst []byte, values []connect.Value) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(values)))
	for _, v := range values {
		dst = appendValue(dst, v)
	}
	return dst
}
