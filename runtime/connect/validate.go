package connect

import (
	"fmt"
	"strconv"
	"strings"
)

// Validate checks that v is a value of s (ConnectSchema.validateValue): its
// kind, the elements, entries and fields in it, and null only where it is
// allowed or, for a struct's field, where a default stands in. The error names
// the place: "field order.lines[3].sku: null, but string is required". A nil
// schema allows everything.
func Validate(s *Schema, v Value) error {
	if s == nil {
		return nil
	}
	err := check(s, v)
	if err == nil {
		return nil
	}
	if e, ok := err.(*invalid); ok && len(e.path) > 0 {
		return fmt.Errorf("connect: validate field %s: %s", e.place(), e.cause)
	}
	return fmt.Errorf("connect: validate value: %w", err)
}

// invalid is what is wrong, and the way to it, innermost first. The way is put
// together only when there is an error, so that a good value costs nothing.
type invalid struct {
	path  []string
	cause string
}

func (e *invalid) Error() string { return e.cause }

// place is the way from the outside: a.b[2].c.
func (e *invalid) place() string {
	var b strings.Builder
	for i := len(e.path) - 1; i >= 0; i-- {
		if b.Len() > 0 && e.path[i][0] != '[' {
			b.WriteByte('.')
		}
		b.WriteString(e.path[i])
		if b.Len() > maxText {
			b.WriteString("…")
			break
		}
	}
	return b.String()
}

func wrong(format string, args ...any) error { return &invalid{cause: fmt.Sprintf(format, args...)} }

// at adds a step to the way of err.
func at(err error, step string) error {
	if e, ok := err.(*invalid); ok {
		e.path = append(e.path, step)
	}
	return err
}

func check(s *Schema, v Value) error {
	if s == nil { // of an untyped array or map
		return nil
	}
	if v.kind == KindNull {
		if s.optional {
			return nil
		}
		return wrong("null, but %v is required", s.kind)
	}
	if v.kind != s.ValueKind() {
		return wrong("%v, but the schema says %v", v.kind, s)
	}
	switch v.kind {
	case KindArray:
		return checkArray(s, v.Array())
	case KindMap:
		return checkMap(s, v.Map())
	case KindStruct:
		return checkStruct(s, v.Struct())
	}
	return nil
}

func checkArray(s *Schema, a *Array) error {
	for i, e := range a.Elems {
		if err := check(s.elem, e); err != nil {
			return at(err, "["+strconv.Itoa(i)+"]")
		}
	}
	return nil
}

func checkMap(s *Schema, m *Map) error {
	for i := range m.Len() {
		e := m.At(i)
		if err := check(s.key, e.Key); err != nil {
			return at(err, "[key of the map]")
		}
		if err := check(s.elem, e.Value); err != nil {
			return at(err, "["+e.Key.String()+"]")
		}
	}
	return nil
}

func checkStruct(s *Schema, st *Struct) error {
	if !s.Equal(st.Schema) {
		return wrong("a struct of another schema (%v), but the schema says %v", st.Schema, s)
	}
	if len(st.Slots) != len(s.fields) {
		return wrong("a struct with %d slots for %d fields", len(st.Slots), len(s.fields))
	}
	for i := range s.fields {
		f := &s.fields[i]
		if st.Slots[i].kind == KindNull && f.Schema.hasDef {
			continue
		}
		if err := check(f.Schema, st.Slots[i]); err != nil {
			name := f.Name
			if len(name) > 64 {
				name = strings.ToValidUTF8(name[:64], "") + "…"
			}
			return at(err, name)
		}
	}
	return nil
}
