package avro

import (
	"errors"
	"math"
	"strconv"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/avrobin"
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
		n, err := avrobin.Instant(l, v.Milli())
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
