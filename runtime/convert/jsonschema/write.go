package jsonschema

import (
	"errors"
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

// writer writes data as JsonSchemaData does. What a schema asks for is worked
// out once, in a plan.
type writer struct {
	options  *Converter
	logicals jsontext.Logicals
	planned  int // schemas of the plan that is being made
}

// plan is a schema made ready for writing.
type plan struct {
	schema  *connect.Schema
	kind    connect.Kind
	logical connect.Logical
	union   bool
	object  bool   // a map that is an object
	null    []byte // what null is written as; nil where it is left out
	fields  []fieldPlan
	key     *plan
	elem    *plan
}

type fieldPlan struct {
	name []byte // "name":
	plan *plan
}

// compile makes the plan of a schema.
func (w *writer) compile(s *connect.Schema) (*plan, error) {
	w.planned = 0
	return w.compileAt(s, 0)
}

func (w *writer) compileAt(s *connect.Schema, depth int) (p *plan, err error) {
	if depth > maxLevels {
		return nil, errLevels
	}
	if w.planned++; w.planned > maxFields { // schemas that share others may unfold without an end
		return nil, fmt.Errorf("unfolds to more than %d schemas", maxFields)
	}
	p = &plan{schema: s, kind: s.Kind(), logical: s.Logical(), union: isUnion(s), object: isObjectMap(s)}
	if s.Key() != nil {
		if p.key, err = w.compileAt(s.Key(), depth+1); err != nil {
			return nil, err
		}
	}
	if s.Elem() != nil {
		if p.elem, err = w.compileAt(s.Elem(), depth+1); err != nil {
			return nil, err
		}
	}
	for _, f := range s.Fields() {
		fp := fieldPlan{name: append(jsontext.AppendString(nil, []byte(f.Name)), ':')}
		if fp.plan, err = w.compileAt(f.Schema, depth+1); err != nil {
			return nil, err
		}
		p.fields = append(p.fields, fp)
	}
	return p, w.planNull(p)
}

func (w *writer) planNull(p *plan) (err error) {
	def, has := p.schema.Default()
	switch {
	case has && !w.options.IgnoreDefaultForNullables:
		if p.null, err = w.value(nil, p, def); err != nil {
			return fmt.Errorf("default: %w", err)
		}
	case p.schema.IsOptional():
		p.null = []byte("null")
	}
	return nil
}

var errNoSchema = errors.New("an array or map without the schema of its elements cannot be written")

// value appends v under its plan.
func (w *writer) value(dst []byte, p *plan, v connect.Value) ([]byte, error) {
	if p == nil {
		return dst, errNoSchema
	}
	if v.IsNull() {
		if p.null == nil {
			return append(dst, "null"...), nil // as Jackson's tree has it
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

func (w *writer) array(dst []byte, elem *plan, a *connect.Array) (_ []byte, err error) {
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

// mapping appends an object where the keys are strings, and an array of
// {"key":…,"value":…} otherwise.
func (w *writer) mapping(dst []byte, p *plan, m *connect.Map) (_ []byte, err error) {
	if p.object {
		return w.object(dst, p, m)
	}
	dst = append(dst, '[')
	for i := range m.Len() {
		e := m.At(i)
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"key":`...)
		if dst, err = w.value(dst, p.key, e.Key); err != nil {
			return dst, fmt.Errorf("key of a map: %w", err)
		}
		dst = append(dst, `,"value":`...)
		if dst, err = w.value(dst, p.elem, e.Value); err != nil {
			return dst, fmt.Errorf("value of a map: %w", err)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']'), nil
}

func (w *writer) object(dst []byte, p *plan, m *connect.Map) (_ []byte, err error) {
	dst = append(dst, '{')
	for i := range m.Len() {
		e := m.At(i)
		if i > 0 {
			dst = append(dst, ',')
		}
		if e.Key.IsNull() && p.key.null == nil {
			return dst, errors.New("key of a map: null, but it is required")
		}
		if dst, err = w.value(dst, p.key, e.Key); err != nil {
			return dst, fmt.Errorf("key of a map: %w", err)
		}
		if dst, err = w.value(append(dst, ':'), p.elem, e.Value); err != nil {
			return dst, fmt.Errorf("value of a map: %w", err)
		}
	}
	return append(dst, '}'), nil
}

// structure appends an object. A required field that is null and has no
// default is left out, as JsonSchemaData does.
func (w *writer) structure(dst []byte, p *plan, s *connect.Struct) (_ []byte, err error) {
	if !p.schema.Equal(s.Schema) || len(s.Slots) != len(p.fields) {
		return dst, fmt.Errorf("a struct of another schema (%v), but the schema says %v", s.Schema, p.schema)
	}
	if p.union {
		return w.member(dst, p, s)
	}
	dst = append(dst, '{')
	start := len(dst)
	for i := range p.fields {
		f, v := &p.fields[i], s.Slots[i]
		if v.IsNull() && f.plan.null == nil {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = append(dst, f.name...)
		if v.Kind() == connect.KindString && f.plan.kind == connect.KindString && f.plan.logical == connect.NotLogical {
			dst = jsontext.AppendStringValue(dst, v) // the usual case, without the way round
		} else if dst, err = w.value(dst, f.plan, v); err != nil {
			return dst, fmt.Errorf("field %q: %w", p.schema.Fields()[i].Name, err)
		}
	}
	return append(dst, '}'), nil
}

// member appends what a union holds: the first of its fields that is not null.
func (w *writer) member(dst []byte, p *plan, s *connect.Struct) (_ []byte, err error) {
	for i := range p.fields {
		f := p.fields[i].plan
		_, hasDefault := f.schema.Default()
		if s.Slots[i].IsNull() && (!hasDefault || w.options.IgnoreDefaultForNullables) {
			continue
		}
		if dst, err = w.value(dst, f, s.Slots[i]); err != nil {
			return dst, fmt.Errorf("field %q: %w", p.schema.Fields()[i].Name, err)
		}
		return dst, nil
	}
	return w.value(dst, p, connect.Null)
}
