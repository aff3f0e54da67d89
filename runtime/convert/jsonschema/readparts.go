package jsonschema

import (
	"errors"
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
)

// array reads an array. Anything else is an array of what it has in it: an
// object of its members' values, a scalar of nothing.
func (r *reader) array(s *connect.Schema, n int) (connect.Value, error) {
	nd := r.Nodes[n]
	if nd.Token != jsontext.Array && r.Strict {
		return connect.Null, r.Unfit(s, n)
	}
	r.depth += 2 // what is in an array is looked at when it becomes part of a struct
	defer func() { r.depth -= 2 }()
	if nd.Token == jsontext.Object {
		return r.valuesOf(s.Elem(), n)
	}
	a := r.slab.Array(int(nd.Count))
	for i, k := 0, n+1; i < len(a.Elems); i, k = i+1, r.Next(k) {
		v, err := r.value(s.Elem(), k)
		if err != nil {
			return connect.Null, fmt.Errorf("element %d: %w", i, err)
		}
		a.Elems[i] = v
	}
	return a.Value(), nil
}

// valuesOf is the array of an object's values, each name once.
func (r *reader) valuesOf(elem *connect.Schema, n int) (connect.Value, error) {
	m, err := r.object(elem, n)
	if err != nil {
		return connect.Null, err
	}
	a := r.slab.Array(m.Len())
	for i := range m.Len() {
		e := m.At(i)
		a.Elems[i] = e.Value
	}
	return a.Value(), nil
}

func (r *reader) mapping(s *connect.Schema, n int) (connect.Value, error) {
	r.depth += 2
	defer func() { r.depth -= 2 }()
	if isObjectMap(s) {
		if !r.Is(n, jsontext.Object) {
			return connect.Null, r.Unfit(s, n)
		}
		m, err := r.object(s.Elem(), n)
		return m.Value(), err
	}
	if !r.Is(n, jsontext.Array) {
		return connect.Null, r.Unfit(s, n)
	}
	m := r.slab.Map(int(r.Nodes[n].Count))
	index := connect.NewMapIndex(m)
	for k := n + 1; k < r.Next(n); k = r.Next(k) {
		if !r.Is(k, jsontext.Object) || r.Nodes[k].Count != 2 {
			return connect.Null, fmt.Errorf(`entry of a map at byte %d is no {"key":…,"value":…}`, r.Nodes[k].Start)
		}
		key, err := r.value(s.Key(), r.Member(k, entryKey))
		if err != nil {
			return connect.Null, fmt.Errorf("key of a map: %w", err)
		}
		if err := r.put(m, index, key, s.Elem(), r.Member(k, entryValue)); err != nil {
			return connect.Null, err
		}
	}
	return m.Value(), nil
}

// object reads an object as a map; the last of a name counts.
func (r *reader) object(elem *connect.Schema, n int) (*connect.Map, error) {
	m := r.slab.Map(int(r.Nodes[n].Count))
	index := connect.NewMapIndex(m)
	for k := n + 1; k < r.Next(n); k = r.Next(k + 1) {
		key, err := r.Whole(k)
		if err != nil {
			return nil, err
		}
		if err := r.put(m, index, key, elem, k+1); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// put reads the value at node n and puts it under key.
func (r *reader) put(m *connect.Map, index *connect.MapIndex, key connect.Value, elem *connect.Schema, n int) error {
	v, err := r.value(elem, n)
	if err != nil {
		return fmt.Errorf("value of a map: %w", err)
	}
	i := index.Find(key)
	if i < 0 {
		m.Put(key, v)
		return nil
	}
	if r.Strict {
		return errors.New("a key twice in a map")
	}
	m.Vals[i] = v
	return nil
}

// structure reads an object as a struct: first where each field stands, then
// the fields in the schema's order. Members that are no fields are passed over.
func (r *reader) structure(s *connect.Schema, n int) (connect.Value, error) {
	if !r.Is(n, jsontext.Object) {
		return connect.Null, r.Unfit(s, n)
	}
	r.depth++
	defer func() { r.depth-- }()
	fields := s.Fields()
	base := len(r.members)
	defer func() { r.members = r.members[:base] }()
	for range fields {
		r.members = append(r.members, absent)
	}
	if err := r.Locate(s, n, r.members[base:], false); err != nil {
		return connect.Null, err
	}
	st := r.slab.Struct(s)
	for i := range fields {
		v, err := r.value(fields[i].Schema, int(r.members[base+i]))
		if err != nil {
			return connect.Null, fmt.Errorf("field %q: %w", fields[i].Name, err)
		}
		st.Slots[i] = v
	}
	return st.Value(), nil
}

// union reads a value as the first of the union's types that it has, or, an
// object, as the struct that shares most names with it.
func (r *reader) union(s *connect.Schema, n int) (connect.Value, error) {
	best, most := -1, 0
	for i, f := range s.Fields() {
		if r.isOf(f.Schema, n) {
			best = i
			break
		}
		if shared := r.shared(f.Schema, n); shared > most {
			best, most = i, shared
		}
	}
	if best < 0 {
		return connect.Null, fmt.Errorf("%s at byte %d is none of the union's types", r.Word(n), r.Nodes[n].Start)
	}
	r.depth++
	defer func() { r.depth-- }()
	v, err := r.value(s.Fields()[best].Schema, n)
	if err != nil {
		return connect.Null, err
	}
	st := r.slab.Struct(s)
	st.Slots[best] = v
	return st.Value(), nil
}

// isOf reports whether a value has a simple type.
func (r *reader) isOf(s *connect.Schema, n int) bool {
	t := r.Nodes[n].Token
	switch s.Kind() {
	case connect.KindInt8, connect.KindInt16, connect.KindInt32, connect.KindInt64:
		return t == jsontext.Int
	case connect.KindFloat32, connect.KindFloat64:
		return t == jsontext.Int || t == jsontext.Float || t == jsontext.Special
	case connect.KindBool:
		return t == jsontext.True || t == jsontext.False
	case connect.KindString:
		return t == jsontext.String
	case connect.KindBytes:
		return t == jsontext.Float
	case connect.KindArray:
		return t == jsontext.Array
	case connect.KindMap:
		return t == jsontext.Object || t == jsontext.Array
	}
	return false
}

// shared counts the names that an object has in common with a struct, those of
// the structs within included.
func (r *reader) shared(s *connect.Schema, n int) (count int) {
	if s.Kind() != connect.KindStruct || !r.Is(n, jsontext.Object) {
		return 0
	}
	seen := map[int]int{}
	for k := n + 1; k < r.Next(n); k = r.Next(k + 1) {
		if i := s.FieldIndex(r.Text(k)); i >= 0 {
			seen[i] = k + 1
		}
	}
	for i, k := range seen {
		count += 1 + r.shared(s.Fields()[i].Schema, k)
	}
	return count
}
