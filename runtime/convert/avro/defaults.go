package avro

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"kcgen.dev/runtime/connect"
)

// defaultJSON writes a default of s as JSON, as Avro's defaults are.
func (o *options) defaultJSON(s *connect.Schema, v connect.Value) (*jsonValue, error) {
	if v.IsNull() {
		return &jsonValue{}, nil
	}
	if s == nil {
		return nil, errors.New("data without a schema cannot be one")
	}
	if l := s.Logical(); l != connect.NotLogical && l != connect.LogicalDecimal {
		n, err := instantOf(l, v)
		return jsonInt(n), err
	}
	switch s.Kind() {
	case connect.KindBool:
		return &jsonValue{kind: jsonBool, text: strconv.FormatBool(v.Bool())}, nil
	case connect.KindFloat32, connect.KindFloat64:
		return jsonFloat(v), nil
	case connect.KindString:
		return jsonText(v.Str()), nil
	case connect.KindBytes:
		raw := v.Raw()
		if d := v.Decimal(); d != nil {
			var err error
			if raw, err = unscaled(nil, s, d); err != nil {
				return nil, err
			}
		}
		return jsonText(latin1(raw)), nil
	case connect.KindArray:
		out := &jsonValue{kind: jsonArray}
		for _, e := range v.Array().Elems {
			j, err := o.defaultJSON(s.Elem(), e)
			if err != nil {
				return nil, err
			}
			out.elems = append(out.elems, j)
		}
		return out, nil
	case connect.KindMap:
		return o.mapJSON(s, v.Map())
	case connect.KindStruct:
		return o.structJSON(s, v.Struct())
	}
	return jsonInt(v.Int()), nil
}

// jsonFloat is a number as Java prints it; what is no number is quoted.
func jsonFloat(v connect.Value) *jsonValue {
	text, _ := connect.AppendJava(nil, v) // floats have a text
	if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
		text = appendQuoted(nil, string(text))
	}
	return &jsonValue{kind: jsonNumber, text: string(text)}
}

func (o *options) mapJSON(s *connect.Schema, m *connect.Map) (*jsonValue, error) {
	out := &jsonValue{kind: jsonObject}
	if !o.avroMap(s) {
		out.kind = jsonArray
	}
	for i := range m.Len() {
		e := m.At(i)
		v, err := o.defaultJSON(s.Elem(), e.Value)
		if err != nil {
			return nil, err
		}
		if out.kind == jsonObject {
			out.add(e.Key.Str(), v)
			continue
		}
		k, err := o.defaultJSON(s.Key(), e.Key)
		if err != nil {
			return nil, err
		}
		out.elems = append(out.elems, &jsonValue{kind: jsonArray, elems: []*jsonValue{k, v}})
	}
	return out, nil
}

func (o *options) structJSON(s *connect.Schema, st *connect.Struct) (*jsonValue, error) {
	out := &jsonValue{kind: jsonObject}
	for i, f := range s.Fields() {
		v := st.Slots[i]
		if v.IsNull() {
			v, _ = f.Schema.Default()
		}
		j, err := o.defaultJSON(f.Schema, v)
		if err != nil || isUnion(s) {
			return j, err
		}
		out.add(o.scrub(f.Name), j)
	}
	return out, nil
}

// latin1 is bytes as Avro's JSON has them: each a character.
func latin1(b []byte) string {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}

// fromLatin1 is latin1 the other way round.
func fromLatin1(s string) ([]byte, bool) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xFF {
			return nil, false
		}
		b = append(b, byte(r))
	}
	return b, true
}

// validDefault is Avro's rule for the default of a field; of a union any type
// will do.
func validDefault(s *schema, v *jsonValue) bool {
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
		return (v.kind == jsonArray) == (s.kind == kindArray) && (v.kind == jsonObject) == (s.kind == kindMap) && all(s.elem, v.elems)
	case kindUnion:
		for _, b := range s.branches {
			if validDefault(b, v) {
				return true
			}
		}
		return false
	}
	return v.kind == jsonObject && validRecord(s, v)
}

func all(s *schema, elems []*jsonValue) bool {
	for _, e := range elems {
		if !validDefault(s, e) {
			return false
		}
	}
	return true
}

func validRecord(s *schema, v *jsonValue) bool {
	for _, f := range s.fields {
		e := v.member(f.name)
		if e == nil {
			e = f.def
		}
		if e == nil || !validDefault(f.schema, e) {
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

// defaultValue is the default v, given in JSON for the Avro schema a, as data
// of the Connect schema s.
func defaultValue(s *connect.Schema, a *schema, v *jsonValue) (connect.Value, error) {
	if a.kind == kindUnion {
		return unionDefault(s, a, v)
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
		return arrayDefault(s, a, v)
	case kindMap:
		return mapDefault(s, a, v)
	case kindRecord:
		return recordDefault(s, a, v)
	}
	return connect.Null, errDefault(a, v)
}

// unionDefault takes the first type that the default is of, as the first one
// it should be of.
func unionDefault(s *connect.Schema, a *schema, v *jsonValue) (connect.Value, error) {
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
		if validDefault(b, v) {
			val, err := defaultValue(of, b, v)
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

func arrayDefault(s *connect.Schema, a *schema, v *jsonValue) (connect.Value, error) {
	if v.kind != jsonArray {
		return connect.Null, errDefault(a, v)
	}
	if s.Kind() == connect.KindMap { // entries
		m := &connect.Map{}
		for _, e := range v.elems {
			kf, vf := entryFields(a.elem)
			k, err := entryDefault(s.Key(), kf, e, 0)
			if err != nil {
				return connect.Null, err
			}
			val, err := entryDefault(s.Elem(), vf, e, 1)
			if err != nil {
				return connect.Null, err
			}
			m.Put(k, val)
		}
		return m.Value(), nil
	}
	out := &connect.Array{Elems: make([]connect.Value, len(v.elems))}
	for i, e := range v.elems {
		val, err := defaultValue(s.Elem(), a.elem, e)
		if err != nil {
			return connect.Null, err
		}
		out.Elems[i] = val
	}
	return out.Value(), nil
}

// entryDefault reads the key (0) or the value (1) of an entry, which AvroData
// writes as a pair and Avro itself as a record.
func entryDefault(s *connect.Schema, f *field, v *jsonValue, i int) (connect.Value, error) {
	e := v.member(f.name)
	if v.kind == jsonArray && len(v.elems) == 2 {
		e = v.elems[i]
	}
	if e == nil {
		return connect.Null, fmt.Errorf("default of a map's entry without a %s", f.name)
	}
	return defaultValue(s, f.schema, e)
}

func mapDefault(s *connect.Schema, a *schema, v *jsonValue) (connect.Value, error) {
	if v.kind != jsonObject {
		return connect.Null, errDefault(a, v)
	}
	m := &connect.Map{}
	for i, e := range v.elems {
		val, err := defaultValue(s.Elem(), a.elem, e)
		if err != nil {
			return connect.Null, err
		}
		m.Put(connect.String(v.names[i]), val)
	}
	return m.Value(), nil
}

func recordDefault(s *connect.Schema, a *schema, v *jsonValue) (connect.Value, error) {
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
		val, err := defaultValue(s.Fields()[i].Schema, f.schema, e)
		if err != nil {
			return connect.Null, err
		}
		st.Slots[i] = val
	}
	return st.Value(), nil
}
