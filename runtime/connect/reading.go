package connect

import (
	"slices"
	"strings"
)

// Reading is what a step or a sink reads, and a step passes on, of a key, of a
// value or of headers' values. Where they have fields, the entries of a map
// without a schema or those of a struct, it is said by field. The zero Reading is
// all of it.
type Reading struct {
	// Passed says that all of it is passed on, and that nothing but the fields
	// in Only is looked at, changed or added.
	Passed bool
	// Only, where it is not nil, are the fields at the top that alone are read;
	// unless all is passed on, the others are gone behind the step.
	Only []string
	// Except, where it is not nil, are fields at the top that are not read and
	// are gone behind the step.
	Except []string
	// Named, where it is not "", is how the names of the schemas end of which all
	// this is said. Data of others, and those without a schema, are read whole.
	Named string
	// SameName says that what is passed on has a schema of the same name behind
	// the step.
	SameName bool
}

// Reads is a Transform, a Predicate or a Sink that says what it reads. What the
// first steps of a chain leave out nobody else needs to see, nor what a sink does
// not look at: it need not be made.
type Reads interface {
	// Reads is what is read of keys, of values or of headers' values (which
	// headers there are is always known). A step is asked when its Open has gone
	// well, a sink before.
	Reads(Role) Reading
}

// Projects is a Codec that can spare itself what nobody reads.
type Projects interface {
	Codec
	// Project says what is read of what Decode gives from now on: what it holds
	// beside that may be left out, of its schema too, or be null. It is checked
	// as before, and what was an error stays one. Data that are null keep their
	// schema.
	Project(Reading)
}

// All reports whether no field is known that nobody reads.
func (r Reading) All() bool { return r.Passed || r.Only == nil && r.Except == nil }

// With is the same where these fields are read too.
func (r Reading) With(fields []string) Reading {
	if r.All() || len(fields) == 0 {
		return r
	}
	if r.Only != nil {
		more := slices.Clone(r.Only)
		for _, f := range fields {
			if !slices.Contains(more, f) {
				more = append(more, f)
			}
		}
		r.Only = more
		return r
	}
	r.Except = slices.DeleteFunc(slices.Clone(r.Except), func(f string) bool { return slices.Contains(fields, f) })
	return r
}

// Part is the schema of structs of s that hold the fields that are read and no
// others, and the place there of each field of s; -1: it is not there. There is
// none where nothing is left out.
func (r Reading) Part(s *Schema) (part *Schema, slots []int) {
	if r.All() || s == nil || s.kind != KindStruct || s.hasDef || !strings.HasSuffix(s.name, r.Named) {
		return nil, nil
	}
	named := map[string]bool{}
	for _, name := range slices.Concat(r.Only, r.Except) {
		named[name] = true
	}
	b := NewStruct().Basics(s)
	if s.optional {
		b.Optional()
	}
	kept := 0
	for _, f := range s.fields {
		slot := -1
		if named[f.Name] == (r.Only != nil) {
			b.Field(f.Name, f.Schema)
			slot, kept = kept, kept+1
		}
		slots = append(slots, slot)
	}
	if kept == len(s.fields) {
		return nil, nil
	}
	part, err := b.Build()
	if err != nil {
		return nil, nil
	}
	part.whole = s
	return part, slots
}
