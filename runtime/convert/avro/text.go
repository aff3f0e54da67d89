package avro

import (
	"fmt"
	"slices"
	"strconv"
)

// writer writes a schema as Avro's own Schema.toString does, its attributes in
// that order: registries compare texts.
type textWriter struct {
	dst   []byte
	names map[string]*schema // that were written in full
}

// text is the schema as JSON.
func text(s *schema) (string, error) {
	if s == anything {
		return anythingText, nil
	}
	w := textWriter{names: map[string]*schema{}}
	err := w.schema(s, "")
	return string(w.dst), err
}

func (w *textWriter) add(s string)              { w.dst = append(w.dst, s...) }
func (w *textWriter) quoted(s string)           { w.dst = appendQuoted(w.dst, s) }
func (w *textWriter) member(name, value string) { w.add(`,"` + name + `":`); w.quoted(value) }

// schema appends s; space is the namespace around it.
func (w *textWriter) schema(s *schema, space string) error {
	switch {
	case s == anything:
		return fmt.Errorf("data without a schema have no place within data that have one")
	case s.kind == kindUnion:
		return w.union(s, space)
	case s.kind.named():
		return w.named(s, space)
	case s.kind < kindRecord && len(s.props.names) == 0:
		w.quoted(s.kind.String())
		return nil
	}
	w.add(`{"type":`)
	w.quoted(s.kind.String())
	if s.elem != nil {
		w.add(map[kind]string{kindArray: `,"items":`, kindMap: `,"values":`}[s.kind])
		if err := w.schema(s.elem, space); err != nil {
			return err
		}
	}
	w.props(&s.props)
	w.add("}")
	return nil
}

func (w *textWriter) union(s *schema, space string) error {
	w.add("[")
	for i, b := range s.branches {
		if i > 0 {
			w.add(",")
		}
		if err := w.schema(b, space); err != nil {
			return err
		}
	}
	w.add("]")
	return nil
}

// named appends a record, enum or fixed: in full the first time, its name
// later.
func (w *textWriter) named(s *schema, space string) error {
	full := s.fullName()
	if first, ok := w.names[full]; ok {
		if !sameLayout(first, s) {
			return fmt.Errorf("two types have the name %s, with different contents: a reader would take the one for the other", full)
		}
		if s.space == space || s.space == "" {
			full = s.name
		}
		w.quoted(full)
		return nil
	}
	w.names[full] = s
	w.add(`{"type":`)
	w.quoted(s.kind.String())
	w.member("name", s.name)
	if s.space != space {
		w.member("namespace", s.space)
	}
	if s.doc != nil {
		w.member("doc", *s.doc)
	}
	switch s.kind {
	case kindRecord:
		if err := w.fields(s); err != nil {
			return err
		}
	case kindEnum:
		w.add(`,"symbols":[`)
		for i, symbol := range s.symbols {
			if i > 0 {
				w.add(",")
			}
			w.quoted(symbol)
		}
		w.add("]")
		if s.fallback != nil {
			w.member("default", *s.fallback)
		}
	case kindFixed:
		w.add(`,"size":` + strconv.Itoa(s.size))
	}
	w.props(&s.props)
	w.add("}")
	return nil
}

func (w *textWriter) fields(s *schema) error {
	w.add(`,"fields":[`)
	for i, f := range s.fields {
		if i > 0 {
			w.add(",")
		}
		w.add(`{"name":`)
		w.quoted(f.name)
		w.add(`,"type":`)
		if err := w.schema(f.schema, s.space); err != nil {
			return fmt.Errorf("field %q: %w", f.name, err)
		}
		if f.doc != nil {
			w.member("doc", *f.doc)
		}
		if f.def != nil {
			w.add(`,"default":`)
			w.dst = appendJSON(w.dst, f.def)
		}
		w.props(&f.props)
		w.add("}")
	}
	w.add("]")
	return nil
}

func (w *textWriter) props(p *jsonValue) {
	for i, name := range p.names {
		w.add(",")
		w.quoted(name)
		w.add(":")
		w.dst = appendJSON(w.dst, p.elems[i])
	}
}

// sameLayout reports whether data of the one are data of the other. Avro has
// one definition for each name, so what else differs (docs, versions,
// defaults) is lost in the second.
func sameLayout(a, b *schema) bool {
	if a == b {
		return true
	}
	if a.kind != b.kind || a.fullName() != b.fullName() || a.size != b.size || !slices.Equal(a.symbols, b.symbols) ||
		a.elem != nil && !sameLayout(a.elem, b.elem) {
		return false
	}
	for _, name := range []string{propLogical, propScale, propType, propName} {
		if !sameJSON(a.prop(name), b.prop(name)) {
			return false
		}
	}
	return slices.EqualFunc(a.branches, b.branches, sameLayout) &&
		slices.EqualFunc(a.fields, b.fields, func(a, b *field) bool { return a.name == b.name && sameLayout(a.schema, b.schema) })
}
