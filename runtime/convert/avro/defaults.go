package avro

import (
	"errors"
	"fmt"
	"strconv"

	"kcgen.dev/runtime/connect"
)

// defaults checks and reads the defaults of one schema. A default may call for
// those of the fields within, and these for others, so that few words make
// endless work: there is so much of it and no more.
type defaults struct{ left int }

func newDefaults() defaults { return defaults{1 << 22} }

// valid is Avro's rule for the default of a field; of a union any type will do.
func (d *defaults) valid(s *schema, v *jsonValue) bool {
	if d.left--; d.left < 0 {
		return false
	}
	switch s.kind {
	case kindNull:
		return v.kind == jsonNull
	case kindBoolean:
		return v.kind == jsonBool
	case kindInt:
		n, ok := v.integer()
		return ok && n == int64(int32(n))
	case kindLong:
		_, ok := v.integer()
		return ok
	case kindFloat, kindDouble:
		return v.kind == jsonNumber
	case kindString, kindBytes, kindEnum, kindFixed:
		return v.kind == jsonString
	case kindArray, kindMap:
		return (v.kind == jsonArray) == (s.kind == kindArray) && (v.kind == jsonObject) == (s.kind == kindMap) && d.all(s.elem, v.elems)
	case kindUnion:
		for _, b := range s.branches {
			if d.valid(b, v) {
				return true
			}
		}
		return false
	}
	return v.kind == jsonObject && d.record(s, v)
}

func (d *defaults) all(s *schema, elems []*jsonValue) bool {
	for _, e := range elems {
		if !d.valid(s, e) {
			return false
		}
	}
	return true
}

func (d *defaults) record(s *schema, v *jsonValue) bool {
	for _, f := range s.fields {
		e := v.member(f.name)
		if e == nil {
			e = f.def
		}
		if e == nil || !d.valid(f.schema, e) {
			return false
		}
	}
	return true
}

// errDefault is what is wrong with a default that does not fit its type.
func errDefault(a *schema, v *jsonValue) error {
	text := appendJSON(nil, v)
	if len(text) > 64 {
		text = append(text[:64], "…"...)
	}
	return fmt.Errorf("default %s is no %s", text, a)
}

// value is the default v, given in JSON for the Avro schema a, as data of the
// Connect schema s.
func (d *defaults) value(s *connect.Schema, a *schema, v *jsonValue) (connect.Value, error) {
	if d.left--; d.left < 0 {
		return connect.Null, errors.New("defaults within defaults without end")
	}
	if a.kind == kindUnion {
		return d.unionValue(s, a, v)
	}
	if v.kind == jsonNull {
		return connect.Null, errDefault(a, v)
	}
	if s == nil {
		return connect.Null, errors.New("data without a schema cannot be a default")
	}
	switch a.kind {
	case kindBoolean:
		if v.kind == jsonBool {
			return connect.Bool(v.text == "true"), nil
		}
	case kindInt, kindLong:
		if n, ok := v.integer(); ok && (a.kind == kindLong || n == int64(int32(n))) {
			return integer(s, n)
		}
	case kindFloat, kindDouble:
		return floatDefault(s, a, v)
	case kindString, kindEnum:
		if v.kind == jsonString {
			return connect.String(v.text), nil
		}
	case kindBytes, kindFixed:
		if raw, ok := fromLatin1(v.text); ok && v.kind == jsonString {
			return bytesValue(s, raw)
		}
	case kindArray:
		return d.arrayValue(s, a, v)
	case kindMap:
		return d.mapValue(s, a, v)
	case kindRecord:
		return d.recordValue(s, a, v)
	}
	return connect.Null, errDefault(a, v)
}

// unionValue takes the first type that the default is of, as the first one
// it should be of.
func (d *defaults) unionValue(s *connect.Schema, a *schema, v *jsonValue) (connect.Value, error) {
	member := 0
	for _, b := range a.branches {
		if b.kind == kindNull {
			if v.kind == jsonNull {
				return connect.Null, nil
			}
			continue
		}
		of := s
		if wrapped(s, a) {
			of = s.Fields()[member].Schema
		}
		if d.valid(b, v) {
			val, err := d.value(of, b, v)
			if err != nil || of == s {
				return val, err
			}
			st := &connect.Struct{Schema: s, Slots: make([]connect.Value, len(s.Fields()))}
			st.Slots[member] = val
			return st.Value(), nil
		}
		member++
	}
	return connect.Null, errDefault(a, v)
}

func floatDefault(s *connect.Schema, a *schema, v *jsonValue) (connect.Value, error) {
	f, err := strconv.ParseFloat(v.text, 64)
	// Jackson quotes what is no number; it is no number to Avro then.
	if v.kind != jsonNumber || err != nil && !errors.Is(err, strconv.ErrRange) {
		return connect.Null, errDefault(a, v)
	}
	if s.Kind() == connect.KindFloat32 {
		return connect.Float32(float32(f)), nil
	}
	return connect.Float64(f), nil
}

// integer makes a number of the schema's type, or what the logical type says.
func integer(s *connect.Schema, n int64) (connect.Value, error) {
	if l := s.Logical(); l != connect.NotLogical {
		return instant(l, n)
	}
	switch s.Kind() {
	case connect.KindInt8:
		if n == int64(int8(n)) {
			return connect.Int8(int8(n)), nil
		}
	case connect.KindInt16:
		if n == int64(int16(n)) {
			return connect.Int16(int16(n)), nil
		}
	case connect.KindInt32:
		if n == int64(int32(n)) {
			return connect.Int32(int32(n)), nil
		}
	case connect.KindInt64:
		return connect.Int64(n), nil
	}
	return connect.Null, fmt.Errorf("%d is beyond %v (%s)", n, s.Kind(), propType)
}

func bytesValue(s *connect.Schema, raw []byte) (connect.Value, error) {
	if s.Logical() != connect.LogicalDecimal {
		return connect.Bytes(raw), nil
	}
	scale, _ := s.Scale()
	d, err := connect.DecimalOf(raw, scale)
	return d.Value(), err
}

func (d *defaults) arrayValue(s *connect.Schema, a *schema, v *jsonValue) (connect.Value, error) {
	if v.kind != jsonArray {
		return connect.Null, errDefault(a, v)
	}
	if s.Kind() == connect.KindMap { // entries
		m := &connect.Map{}
		for _, e := range v.elems {
			kf, vf := entryFields(a.elem)
			k, err := d.entryValue(s.Key(), kf, e, 0)
			if err != nil {
				return connect.Null, err
			}
			val, err := d.entryValue(s.Elem(), vf, e, 1)
			if err != nil {
				return connect.Null, err
			}
			m.Put(k, val)
		}
		return m.Value(), nil
	}
	out := &connect.Array{Elems: make([]connect.Value, len(v.elems))}
	for i, e := range v.elems {
		val, err := d.value(s.Elem(), a.elem, e)
		if err != nil {
			return connect.Null, err
		}
		out.Elems[i] = val
	}
	return out.Value(), nil
}

// entryValue reads the key (0) or the value (1) of an entry, which AvroData
// writes as a pair and Avro itself as a record.
func (d *defaults) entryValue(s *connect.Schema, f *field, v *jsonValue, i int) (connect.Value, error) {
	e := v.member(f.name)
	if v.kind == jsonArray && len(v.elems) == 2 {
		e = v.elems[i]
	}
	if e == nil {
		return connect.Null, fmt.Errorf("default of a map's entry without a %s", f.name)
	}
	return d.value(s, f.schema, e)
}

func (d *defaults) mapValue(s *connect.Schema, a *schema, v *jsonValue) (connect.Value, error) {
	if v.kind != jsonObject {
		return connect.Null, errDefault(a, v)
	}
	m := &connect.Map{}
	for i, e := range v.elems {
		val, err := d.value(s.Elem(), a.elem, e)
		if err != nil {
			return connect.Null, err
		}
		m.Put(connect.String(v.names[i]), val)
	}
	return m.Value(), nil
}

func (d *defaults) recordValue(s *connect.Schema, a *schema, v *jsonValue) (connect.Value, error) {
	if v.kind != jsonObject {
		return connect.Null, errDefault(a, v)
	}
	st := &connect.Struct{Schema: s, Slots: make([]connect.Value, len(s.Fields()))}
	for i, f := range a.fields {
		e := v.member(f.name)
		if e == nil {
			e = f.def
		}
		if e == nil {
			return connect.Null, fmt.Errorf("default without a value for field %q", f.name)
		}
		val, err := d.value(s.Fields()[i].Schema, f.schema, e)
		if err != nil {
			return connect.Null, err
		}
		st.Slots[i] = val
	}
	return st.Value(), nil
}
