package lock

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"kcgen.dev/compiler/plan"
)

// maxDepth is how many names a path may have.
const maxDepth = 20

// insert puts a value at its path, with the structs and lists that lead there.
func insert(root *plan.Struct, path string, n plan.Node, change string, at plan.Pos) error {
	names, err := split(path)
	if err != nil {
		return err
	}
	s := root
	for i := 0; i < len(names)-1; i++ {
		name := names[i]
		switch {
		case i == len(names)-2 && names[i+1] == "use":
			return component(s, name, n, change, at)
		case name == "transforms" || i == 0 && (name == "sources" || name == "sinks"):
			if i++; i == len(names)-1 {
				return fmt.Errorf("%q says nothing of %s", path, names[i])
			}
			s = element(s, name, names[i], at)
		default:
			s = child(s, name, at)
		}
		if s == nil {
			return fmt.Errorf("%q goes through a value", path)
		}
	}
	return set(s, names[len(names)-1], n, change, at)
}

// split divides a path into names; one with dots in it stands in quotes.
func split(path string) (names []string, err error) {
	for rest := path; ; {
		name := rest
		if q, err := strconv.QuotedPrefix(rest); err == nil {
			name, rest = q, rest[len(q):]
			if name, err = strconv.Unquote(name); err != nil {
				return nil, err
			}
		} else {
			name, _, _ = strings.Cut(rest, ".")
			rest = rest[len(name):]
		}
		names = append(names, name)
		switch {
		case name == "" || len(names) > maxDepth:
			return nil, fmt.Errorf("%q is no path", path)
		case rest == "":
			return names, nil
		case rest[0] != '.':
			return nil, fmt.Errorf("%q is no path", path)
		}
		rest = rest[1:]
	}
}

// set gives a struct a field. That a group of settings is there may be said
// before or behind what is in it.
func set(s *plan.Struct, name string, n plan.Node, change string, at plan.Pos) error {
	f := s.Get(name)
	if f == nil {
		s.Fields = append(s.Fields, field(name, n, change, at))
		return nil
	}
	if _, was := f.Value.(*plan.Struct); was {
		if _, is := n.(*plan.Struct); is && f.Change == "restart" {
			f.Change, f.Pos = change, at
			return nil
		}
	}
	return fmt.Errorf("%q is there twice", name)
}

// child is the struct in a field, made where there is none; nil where the field
// has another value.
func child(s *plan.Struct, name string, at plan.Pos) *plan.Struct {
	if f := s.Get(name); f != nil {
		c, _ := f.Value.(*plan.Struct)
		return c
	}
	c := &plan.Struct{Pos: at}
	s.Fields = append(s.Fields, field(name, c, "restart", at))
	return c
}

// component says which component a field has.
func component(s *plan.Struct, name string, n plan.Node, change string, at plan.Pos) error {
	l, ok := n.(*plan.Lit)
	c := child(s, name, at)
	if !ok || c == nil || c.Component {
		return errors.New("names no component, or a second one")
	}
	i := strings.LastIndexByte(l.Str, '.')
	if i < 0 {
		return fmt.Errorf("%q is no component", l.Str)
	}
	c.Component, c.Pos = true, at
	c.Type = plan.Type{Path: l.Str[:i], Pkg: path.Base(l.Str[:i]), Name: l.Str[i+1:]}
	f := s.Get(name)
	f.Change, f.Pos = change, at
	return nil
}

// element is the element of a map of connectors, or of steps, made where there
// is none.
func element(s *plan.Struct, name, key string, at plan.Pos) *plan.Struct {
	f := s.Get(name)
	if f == nil {
		s.Fields = append(s.Fields, field(name, &plan.List{Pos: at, Named: true}, "restart", at))
		f = &s.Fields[len(s.Fields)-1]
	}
	l, ok := f.Value.(*plan.List)
	if !ok {
		return nil
	}
	for _, e := range l.Elems {
		if in := e.(*plan.Struct); in.Key() == key {
			return in
		}
	}
	in := &plan.Struct{Pos: at, Fields: []plan.Field{keyOf(key)}}
	if name != "transforms" {
		steps := &plan.List{Pos: at, Named: true}
		in.Fields = append(in.Fields, field("transforms", steps, "output", at))
	}
	l.Elems = append(l.Elems, in)
	return in
}

// arrangeAll sorts the fields of a struct and of all in it.
func arrangeAll(s *plan.Struct) {
	plan.Walk(s, func(n plan.Node) bool {
		if in, ok := n.(*plan.Struct); ok {
			arrange(in)
		}
		return true
	})
}
