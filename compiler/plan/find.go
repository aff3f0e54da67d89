package plan

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
)

// Get is the field of a name in the spec; nil where there is none.
func (s *Struct) Get(name string) *Field {
	if s == nil {
		return nil
	}
	for _, fields := range [][]Field{s.Fields, s.Aside} {
		for i := range fields {
			if f := &fields[i]; f.Name == name {
				return f
			}
		}
	}
	return nil
}

// Written is a field that the user wrote; nil for a default.
func (s *Struct) Written(name string) *Field {
	if f := s.Get(name); f != nil && f.Pos.IsValid() {
		return f
	}
	return nil
}

// Struct is the struct in a field; nil where there is none.
func (s *Struct) Struct(name string) *Struct {
	if f := s.Get(name); f != nil {
		v, _ := f.Value.(*Struct)
		return v
	}
	return nil
}

// List are the elements of the list in a field.
func (s *Struct) List(name string) []Node {
	if f := s.Get(name); f != nil {
		if v, ok := f.Value.(*List); ok {
			return v.Elems
		}
	}
	return nil
}

// Structs are the structs of the list in a field.
func (s *Struct) Structs(name string) []*Struct {
	var out []*Struct
	for _, e := range s.List(name) {
		if v, ok := e.(*Struct); ok {
			out = append(out, v)
		}
	}
	return out
}

// Lit is the scalar in a field; nil where there is none.
func (s *Struct) Lit(name string) *Lit {
	if f := s.Get(name); f != nil {
		v, _ := f.Value.(*Lit)
		return v
	}
	return nil
}

// Text is the string in a field; empty where there is none.
func (s *Struct) Text(name string) string {
	if l := s.Lit(name); l != nil {
		return l.Str
	}
	return ""
}

// On says whether a boolean is true.
func (s *Struct) On(name string) bool {
	l := s.Lit(name)
	return l != nil && l.Bool
}

// Key is the key of an element of a Named list.
func (s *Struct) Key() string {
	if s != nil && len(s.Fields) > 0 && s.Fields[0].Go == "Name" {
		if l, ok := s.Fields[0].Value.(*Lit); ok {
			return l.Str
		}
	}
	return ""
}

// Walk calls f for every node of the tree, parents first. It stops going down
// where f answers false.
func Walk(n Node, f func(Node) bool) {
	if n == nil || !f(n) {
		return
	}
	switch n := n.(type) {
	case *Struct:
		for _, fd := range n.Fields {
			Walk(fd.Value, f)
		}
	case *List:
		for _, e := range n.Elems {
			Walk(e, f)
		}
	case *Map:
		for _, v := range n.Vals {
			Walk(v, f)
		}
	}
}

// At is the place of the innermost part of a path (transforms[1].do.field)
// that the user wrote.
func (s *Struct) At(path string) Pos {
	if s == nil {
		return Pos{}
	}
	at := s.Pos
	var n Node = s
	for path != "" {
		var name string
		name, path = step(path)
		switch in := n.(type) {
		case *Struct:
			f := in.Get(name)
			if f == nil {
				return at
			}
			n = f.Value
			at = cmp.Or(f.Pos, at)
		case *List:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(in.Elems) {
				return at
			}
			n = in.Elems[i]
			at = cmp.Or(posOf(n), at)
		default:
			return at
		}
	}
	return at
}

// step divides a path behind its first name, or index.
func step(path string) (first, rest string) {
	i := strings.IndexAny(path, ".[")
	switch {
	case i < 0:
		return strings.TrimSuffix(path, "]"), ""
	case path[i] == '[':
		return strings.TrimSuffix(path[:i], "]"), path[i+1:]
	}
	return strings.TrimSuffix(path[:i], "]"), path[i+1:]
}

func posOf(n Node) Pos {
	switch n := n.(type) {
	case *Struct:
		return n.Pos
	case *List:
		return n.Pos
	case *Map:
		return n.Pos
	case *Lit:
		return n.Pos
	}
	return Pos{}
}

// JSON is a node by the names that it has in the spec, as what encoding/json
// writes: those of package wire, and of a component's Go type, are the same.
func JSON(n Node) any {
	switch n := n.(type) {
	case *Struct:
		out := map[string]any{}
		for _, f := range n.Fields {
			name := f.Name
			if name == "" {
				name = "name" // a map's key
			}
			out[name] = JSON(f.Value)
		}
		return out
	case *List:
		out := []any{}
		for _, e := range n.Elems {
			out = append(out, JSON(e))
		}
		return out
	case *Map:
		out := map[string]any{}
		for i, k := range n.Keys {
			out[k] = JSON(n.Vals[i])
		}
		return out
	case *Lit:
		switch n.Kind {
		case Data, Schema:
			return json.RawMessage(n.Str)
		case Bool:
			return n.Bool
		case Int, Duration, Bytes:
			return n.Int
		case Float:
			return n.Float
		}
		return n.Str
	}
	return nil
}
