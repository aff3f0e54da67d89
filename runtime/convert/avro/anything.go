package avro

import (
	"encoding/binary"
	"fmt"
	"math"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/avrobin"
)

// anythingText is the schema under which data without a schema are written
// (AvroData.ANYTHING_SCHEMA): of its fields one is set, or none for null.
const anythingText = `{"type":"record","name":"Anything","namespace":"io.confluent.connect.avro","fields":[` +
	`{"name":"boolean","type":["null","boolean"],"default":null},` +
	`{"name":"bytes","type":["null","bytes"],"default":null},` +
	`{"name":"double","type":["null","double"],"default":null},` +
	`{"name":"float","type":["null","float"],"default":null},` +
	`{"name":"int","type":["null","int"],"default":null},` +
	`{"name":"long","type":["null","long"],"default":null},` +
	`{"name":"string","type":["null","string"],"default":null},` +
	`{"name":"array","type":["null",{"type":"array","items":"Anything"}],"default":null},` +
	`{"name":"map","type":["null",{"type":"array","items":{"type":"record","name":"MapEntry","fields":[` +
	`{"name":"key","type":"Anything"},{"name":"value","type":"Anything"}]}}],"default":null}]}`

// anything is that schema. Code compares its address.
var anything = func() *schema {
	s, err := parse(anythingText, nil)
	if err != nil {
		panic(err) // the text stands above
	}
	return s
}()

// isAnything finds the schema in what others registered.
func isAnything(s *schema) bool {
	if s == anything {
		return true
	}
	if s.kind != kindRecord || s.fullName() != anything.fullName() || len(s.fields) != len(anything.fields) {
		return false
	}
	for i, f := range s.fields {
		want := anything.fields[i]
		got := f.schema.optionalOf()
		if f.name != want.name || got == nil || f.schema.nullBranch() != 0 || got.kind != want.schema.optionalOf().kind {
			return false
		}
	}
	return true
}

// The places of anything's fields.
const (
	anyBoolean = iota
	anyBytes
	anyDouble
	anyFloat
	anyInt
	anyLong
	anyString
	anyArray
	anyMap
	anyFields
)

var anyPlaces = map[connect.Kind]int{
	connect.KindBool: anyBoolean, connect.KindInt8: anyInt, connect.KindInt16: anyInt, connect.KindInt32: anyInt,
	connect.KindInt64: anyLong, connect.KindFloat32: anyFloat, connect.KindFloat64: anyDouble,
	connect.KindString: anyString, connect.KindArray: anyArray, connect.KindMap: anyMap,
}

// maxAny bounds how deep data without a schema may be.
const maxAny = 500

// appendAnything writes v without a schema: zeros for the fields that are null,
// and the one that is not.
func appendAnything(dst []byte, v connect.Value, depth int) (_ []byte, err error) {
	var zeros [anyFields]byte
	if v.IsNull() {
		return append(dst, zeros[:]...), nil
	}
	if depth > maxAny {
		return dst, fmt.Errorf("more than %d levels", maxAny)
	}
	place, ok := anyPlaces[v.Kind()]
	if !ok {
		return dst, fmt.Errorf("%v without a schema has no place in Avro (as in Kafka Connect)", v.Kind())
	}
	dst = append(append(dst, zeros[:place]...), 2) // the second type of the union
	switch place {
	case anyBoolean:
		dst = avrobin.AppendBool(dst, v.Bool())
	case anyInt, anyLong:
		dst = binary.AppendVarint(dst, v.Int())
	case anyFloat:
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(v.Float())))
	case anyDouble:
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Float()))
	case anyString:
		dst = avrobin.AppendString(dst, v)
	case anyArray:
		dst, err = appendAnyArray(dst, v.Array(), depth+1)
	case anyMap:
		dst, err = appendAnyMap(dst, v.Map(), depth+1)
	}
	return append(dst, zeros[place+1:]...), err
}

func appendAnyArray(dst []byte, a *connect.Array, depth int) (_ []byte, err error) {
	if len(a.Elems) > 0 {
		dst = binary.AppendVarint(dst, int64(len(a.Elems)))
	}
	for i, e := range a.Elems {
		if dst, err = appendAnything(dst, e, depth); err != nil {
			return dst, at(err, index(i))
		}
	}
	return append(dst, 0), nil
}

func appendAnyMap(dst []byte, m *connect.Map, depth int) (_ []byte, err error) {
	if m.Len() > 0 {
		dst = binary.AppendVarint(dst, int64(m.Len()))
	}
	for i := range m.Len() {
		e := m.At(i)
		if dst, err = appendAnything(dst, e.Key, depth); err != nil {
			return dst, at(err, "[key of the map]")
		}
		if dst, err = appendAnything(dst, e.Value, depth); err != nil {
			return dst, at(err, entry(e.Key))
		}
	}
	return append(dst, 0), nil
}

// anything reads what appendAnything writes. Of several fields that are set
// the first counts.
func (d *decoder) anything(depth int) (out connect.Value, err error) {
	if depth > maxAny {
		return connect.Null, d.errorf("more than %d levels", maxAny)
	}
	if err := d.spend(1); err != nil {
		return connect.Null, err
	}
	for place := range anyFields {
		branch, err := d.long()
		if err != nil {
			return connect.Null, err
		}
		switch branch {
		case 0:
			continue
		case 1:
		default:
			return connect.Null, d.errorf("union without a type %d", branch)
		}
		v, err := d.anyField(place, depth)
		if err != nil {
			return connect.Null, err
		}
		if out.IsNull() {
			out = v
		}
	}
	return out, nil
}

func (d *decoder) anyField(place, depth int) (connect.Value, error) {
	switch place {
	case anyArray:
		return d.array(anyFields, nil, depth+1)
	case anyMap:
		return d.entries(2*anyFields, func() (e connect.Entry, err error) {
			if e.Key, err = d.anything(depth + 1); err == nil {
				e.Value, err = d.anything(depth + 1)
			}
			return e, err
		})
	}
	return d.value(anyNodes[place])
}

var anyNodes = [...]*readNode{
	anyBoolean: {op: readBool}, anyBytes: {op: readBytes}, anyDouble: {op: readDouble}, anyFloat: {op: readFloat},
	anyInt: {op: readInt, kind: connect.KindInt32}, anyLong: {op: readLong, kind: connect.KindInt64}, anyString: {op: readString},
}
