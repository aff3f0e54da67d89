package convert

import (
	"errors"
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

// jsonWriter writes data as Kafka Connect's JsonConverter does. What a schema
// asks for is worked out once, in a plan.
type jsonWriter struct {
	replaceNull bool
	logicals    jsontext.Logicals
	plans       cache[*connect.Schema, *plan]
	names       cache[*connect.KeySet, [][]byte]
}

// plan is a schema made ready for writing.
type plan struct {
	schema   *connect.Schema
	kind     connect.Kind
	logical  connect.Logical
	envelope []byte // {"schema":…,"payload":
	null     []byte // what null is written as; nil where it is an error
	fields   []fieldPlan
	key      *plan
	elem     *plan
}

type fieldPlan struct {
	name []byte // "name": with the comma or brace before it
	plan *plan
}

// plan finds or makes the plan of a schema.
func (w *jsonWriter) plan(s *connect.Schema) (*plan, error) {
	if p, ok := w.plans.get(s); ok {
		return p, nil
	}
	p, err := w.compile(s)
	if err != nil {
		return nil, err
	}
	p.envelope = append(p.envelope, `{"schema":`...)
	if p.envelope, err = w.schema(p.envelope, p, ""); err != nil {
		return nil, err
	}
	p.envelope = append(p.envelope, `,"payload":`...)
	w.plans.put(s, p, 0)
	return p, nil
}

func (w *jsonWriter) compile(s *connect.Schema) (p *plan, err error) {
	p = &plan{schema: s, kind: s.Kind(), logical: s.Logical()}
	if s.Key() != nil {
		if p.key, err = w.compile(s.Key()); err != nil {
			return nil, err
		}
	}
	if s.Elem() != nil {
		if p.elem, err = w.compile(s.Elem()); err != nil {
			return nil, err
		}
	}
	for i, f := range s.Fields() {
		name := []byte{','}
		if i == 0 {
			name[0] = '{'
		}
		fp := fieldPlan{name: append(jsontext.AppendString(name, []byte(f.Name)), ':')}
		if fp.plan, err = w.compile(f.Schema); err != nil {
			return nil, err
		}
		p.fields = append(p.fields, fp)
	}
	def, has := s.Default()
	switch {
	case has && w.replaceNull:
		if p.null, err = w.value(nil, p, def); err != nil {
			return nil, fmt.Errorf("default: %w", err)
		}
	case s.IsOptional():
		p.null = []byte("null")
	}
	return p, nil
}

var errRequired = errors.New("null, but a value is required and the schema has no default")

// value appends v under its plan; what an untyped array or map holds has none.
func (w *jsonWriter) value(dst []byte, p *plan, v connect.Value) ([]byte, error) {
	if p == nil {
		return w.free(dst, v)
	}
	if v.IsNull() {
		if p.null == nil {
			return dst, errRequired
		}
		return append(dst, p.null...), nil
	}
	if p.logical != connect.NotLogical {
		return w.logicals.Append(dst, p.schema, v)
	}
	if v.Kind() != p.kind {
		return dst, jsontext.Mismatch(p.schema, v)
	}
	switch p.kind {
	case connect.KindArray:
		return w.array(dst, p.elem, v.Array())
	case connect.KindMap:
		return w.mapping(dst, p, v.Map())
	case connect.KindStruct:
		return w.structure(dst, p, v.Struct())
	}
	return jsontext.AppendScalar(dst, v), nil
}

func (w *jsonWriter) array(dst []byte, elem *plan, a *connect.Array) (_ []byte, err error) {
	dst = append(dst, '[')
	for i, e := range a.Elems {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = w.value(dst, elem, e); err != nil {
			return dst, fmt.Errorf("element %d: %w", i, err)
		}
	}
	return append(dst, ']'), nil
}

// mapping appends an object where the keys are strings, and pairs otherwise.
func (w *jsonWriter) mapping(dst []byte, p *plan, m *connect.Map) (_ []byte, err error) {
	if p.key == nil { // untyped, where Kafka Connect has a NullPointerException
		return w.freeMap(dst, m)
	}
	if p.key.kind != connect.KindString {
		return w.pairs(dst, m, func(dst []byte, e connect.Entry) ([]byte, error) {
			if dst, err = w.value(dst, p.key, e.Key); err != nil {
				return dst, err
			}
			return w.value(append(dst, ','), p.elem, e.Value)
		})
	}
	dst = append(dst, '{')
	for i := range m.Len() {
		e := m.At(i)
		if i > 0 {
			dst = append(dst, ',')
		}
		if e.Key.IsNull() && p.schema.Key().IsOptional() && string(p.key.null) == "null" {
			dst = append(dst, `"null"`...)
		} else if dst, err = w.value(dst, p.key, e.Key); err != nil {
			return dst, fmt.Errorf("key of a map: %w", err)
		}
		dst = append(dst, ':')
		if dst, err = w.value(dst, p.elem, e.Value); err != nil {
			return dst, fmt.Errorf("value of a map: %w", err)
		}
	}
	return append(dst, '}'), nil
}

// pairs appends [[k,v],…].
func (w *jsonWriter) pairs(dst []byte, m *connect.Map, pair func([]byte, connect.Entry) ([]byte, error)) (_ []byte, err error) {
	dst = append(dst, '[')
	for i := range m.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '[')
		if dst, err = pair(dst, m.At(i)); err != nil {
			return dst, fmt.Errorf("entry %d of a map: %w", i, err)
		}
		dst = append(dst, ']')
	}
	return append(dst, ']'), nil
}

func (w *jsonWriter) structure(dst []byte, p *plan, s *connect.Struct) (_ []byte, err error) {
	if !p.schema.Equal(s.Schema) || len(s.Slots) != len(p.fields) {
		return dst, fmt.Errorf("a struct of another schema (%v), but the schema says %v", s.Schema, p.schema)
	}
	if len(p.fields) == 0 {
		dst = append(dst, '{')
	}
	for i := range p.fields {
		f := &p.fields[i]
		dst = append(dst, f.name...)
		if v := s.Slots[i]; v.Kind() == connect.KindString && f.plan.kind == connect.KindString && f.plan.logical == connect.NotLogical {
			dst = jsontext.AppendStringValue(dst, v) // the usual case, without the way round
		} else if dst, err = w.value(dst, f.plan, v); err != nil {
			return dst, fmt.Errorf("field %q: %w", p.schema.Fields()[i].Name, err)
		}
	}
	return append(dst, '}'), nil
}

// free appends a value without a schema.
func (w *jsonWriter) free(dst []byte, v connect.Value) (_ []byte, err error) {
	switch v.Kind() {
	case connect.KindArray:
		dst = append(dst, '[')
		for i, e := range v.Array().Elems {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = w.free(dst, e); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	case connect.KindMap:
		return w.freeMap(dst, v.Map())
	case connect.KindStruct, connect.KindDecimal, connect.KindInstant:
		return dst, fmt.Errorf("%v without a schema has no place in JSON (as in Kafka Connect)", v.Kind())
	}
	return jsontext.AppendScalar(dst, v), nil
}

// freeMap appends an object where all keys are strings, and pairs otherwise.
func (w *jsonWriter) freeMap(dst []byte, m *connect.Map) (_ []byte, err error) {
	if m.Shared != nil {
		names := w.namesOf(m.Shared)
		if names != nil {
			return w.members(dst, names, m)
		}
		return w.freePairs(dst, m)
	}
	for _, key := range m.Keys {
		if key.Kind() != connect.KindString {
			return w.freePairs(dst, m)
		}
	}
	if m.Len() == 0 {
		dst = append(dst, '{')
	}
	for i, v := range m.Vals {
		if dst, err = w.free(appendName(dst, i, m.Keys[i]), v); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// members appends an object whose names are known as they are written.
func (w *jsonWriter) members(dst []byte, names [][]byte, m *connect.Map) (_ []byte, err error) {
	if len(names) == 0 {
		return append(dst, "{}"...), nil
	}
	for i, name := range names {
		v := m.Vals[i]
		dst = append(dst, name...)
		if v.IsPlain() { // the usual case, whose first quote is the name's last byte
			dst = append(append(dst, v.Raw()...), '"')
		} else if dst, err = w.free(dst[:len(dst)-1], v); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// namesOf gives the names of maps of these keys as they are written, with the
// quote that a text begins with behind them; nil where the keys are no names.
func (w *jsonWriter) namesOf(keys *connect.KeySet) [][]byte {
	names, ok := w.names.get(keys)
	if ok {
		return names
	}
	names = make([][]byte, len(keys.Keys()))
	for i, key := range keys.Keys() {
		if key.Kind() != connect.KindString {
			names = nil
			break
		}
		names[i] = append(appendName(nil, i, key), '"')
	}
	w.names.put(keys, names, 0)
	return names
}

// appendName appends the name of the member at place i, and what is before it.
func appendName(dst []byte, i int, name connect.Value) []byte {
	before := byte(',')
	if i == 0 {
		before = '{'
	}
	return append(jsontext.AppendString(append(dst, before), name.Raw()), ':')
}

func (w *jsonWriter) freePairs(dst []byte, m *connect.Map) ([]byte, error) {
	return w.pairs(dst, m, func(dst []byte, e connect.Entry) (_ []byte, err error) {
		if dst, err = w.free(dst, e.Key); err != nil {
			return dst, err
		}
		return w.free(append(dst, ','), e.Value)
	})
}
