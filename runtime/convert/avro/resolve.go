package avro

import (
	"fmt"
	"slices"

	"kcgen.dev/runtime/connect"
)

// readOp is what is read, and what of it is made.
type readOp uint8

const (
	readNull readOp = iota
	readBool
	readInt  // int → an integer, or what is logical
	readLong // int or long
	readFloat
	readDouble
	readIntToFloat
	readIntToDouble
	readFloatToDouble
	readString
	readBytes
	readFixed
	readEnum
	readArray
	readMap
	readEntries
	readRecord
	readUnion
	readOptional // a union of null and one type
	readAnything
	readFail
)

// readNode is the plan by which data written under one schema are read as
// another's.
type readNode struct {
	op       readOp
	kind     connect.Kind // of integers: what is made
	logical  connect.Logical
	schema   *connect.Schema
	size     int // of a fixed; of an optional: the number of null
	min      int // the least bytes of an element
	elem     *readNode
	key      *readNode
	swapped  bool // an entry's value is written before its key
	fields   []readField
	defaults []slotValue
	branches []readBranch
	symbols  []connect.Value // by the writer's numbers; null where unknown
	names    []string        // of those symbols
	err      error           // of readFail
}

// readField is a field as the writer has it.
type readField struct {
	name string
	slot int       // or -1
	node *readNode // where there is a slot
	skip *schema   // where there is none
}

// slotValue is what the reader knows and the writer does not.
type slotValue struct {
	slot  int
	value connect.Value
}

// readBranch is a type of the writer's union.
type readBranch struct {
	node   *readNode
	schema *connect.Schema // of the union's struct that the value goes into
	slot   int
}

// resolver makes plans, by Avro's rules of schema resolution.
type resolver struct {
	// strict refuses what only some data would show: a type of the writer's
	// union that the reader has not, a symbol that it does not know.
	strict bool
	done   map[resolveKey]resolved
	depth  int
	defaults
}

// resolved is a plan, or why there is none.
type resolved struct {
	node *readNode
	err  error
}

type resolveKey struct {
	w, r *schema
	s    *connect.Schema
}

// resolve makes the plan to read what was written under w as r, of which s is
// the Connect schema.
func (o *options) resolve(w, r *schema, s *connect.Schema, strict bool) (*readNode, error) {
	z := resolver{strict: strict, done: map[resolveKey]resolved{}, defaults: newDefaults()}
	return z.node(w, r, s)
}

// wrapped reports whether the union's data are structs of one field a type.
func wrapped(s *connect.Schema, union *schema) bool {
	return s != nil && union.kind == kindUnion && s.Kind() == connect.KindStruct && isUnion(s) && union.optionalOf() == nil
}

func (z *resolver) node(w, r *schema, s *connect.Schema) (*readNode, error) {
	key := resolveKey{w, r, s}
	if found, ok := z.done[key]; ok {
		return found.node, found.err
	}
	if z.depth++; z.depth > 2*maxNesting {
		return nil, fmt.Errorf("types within types within types, more than %d", maxNesting)
	}
	defer func() { z.depth-- }()
	n, err := z.make(w, r, s)
	z.done[key] = resolved{n, err}
	return n, err
}

func (z *resolver) make(w, r *schema, s *connect.Schema) (*readNode, error) {
	switch {
	case isAnything(r) && s == nil:
		if !isAnything(w) {
			return nil, mismatch(w, r)
		}
		return &readNode{op: readAnything}, nil
	case w.kind == kindUnion:
		return z.fromUnion(w, r, s)
	case r.kind == kindUnion:
		return z.intoUnion(w, r, s)
	}
	n := &readNode{schema: s, logical: s.Logical(), kind: s.Kind()}
	switch {
	case r.kind == kindRecord && w.kind == kindRecord:
		return n, z.record(n, w, r, s)
	case r.kind == kindEnum && w.kind == kindEnum:
		return n, z.enum(n, w, r)
	case r.kind == kindFixed && w.kind == kindFixed:
		n.op, n.size = readFixed, w.size
		if w.size != r.size || !sameName(w, r) {
			return nil, mismatch(w, r)
		}
		return n, nil
	case r.kind == kindMap && w.kind == kindMap:
		n.op, n.min = readMap, 1+w.elem.minSize()
		var err error
		n.elem, err = z.node(w.elem, r.elem, s.Elem())
		return n, within(err, "the map's values")
	case r.kind == kindArray && w.kind == kindArray:
		return n, z.array(n, w, r, s)
	}
	var ok bool
	if n.op, ok = scalar(w.kind, r.kind); !ok {
		return nil, mismatch(w, r)
	}
	return n, nil
}

// scalar is how w is read where r is wanted, promotions included.
func scalar(w, r kind) (op readOp, ok bool) {
	switch r {
	case kindNull:
		return readNull, w == kindNull
	case kindBoolean:
		return readBool, w == kindBoolean
	case kindInt:
		return readInt, w == kindInt
	case kindLong:
		return readLong, w == kindInt || w == kindLong
	case kindFloat:
		if w == kindInt || w == kindLong {
			return readIntToFloat, true
		}
		return readFloat, w == kindFloat
	case kindDouble:
		switch w {
		case kindInt, kindLong:
			return readIntToDouble, true
		case kindFloat:
			return readFloatToDouble, true
		}
		return readDouble, w == kindDouble
	case kindString:
		return readString, w == kindString || w == kindBytes
	case kindBytes:
		return readBytes, w == kindBytes || w == kindString
	}
	return 0, false
}

func mismatch(w, r *schema) error {
	return fmt.Errorf("%s was written, which cannot be read as %s", w, r)
}

func within(err error, where string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", where, err)
}

// sameName reports whether r means w: by its name or by an alias.
func sameName(w, r *schema) bool {
	return w.name == r.name || slices.Contains(r.aliases, w.fullName())
}

func (z *resolver) array(n *readNode, w, r *schema, s *connect.Schema) (err error) {
	if s.Kind() != connect.KindMap {
		n.op, n.min = readArray, w.elem.minSize()
		n.elem, err = z.node(w.elem, r.elem, s.Elem())
		return within(err, "the array's items")
	}
	wk, wv := entryFields(w.elem)
	rk, rv := entryFields(r.elem)
	if wk == nil || rk == nil {
		return mismatch(w, r)
	}
	n.op, n.min, n.swapped = readEntries, wk.schema.minSize()+wv.schema.minSize(), w.elem.fields[0] == wv
	if n.key, err = z.node(wk.schema, rk.schema, s.Key()); err != nil {
		return within(err, "the map's keys")
	}
	n.elem, err = z.node(wv.schema, rv.schema, s.Elem())
	return within(err, "the map's values")
}

func (z *resolver) enum(n *readNode, w, r *schema) error {
	if !sameName(w, r) {
		return mismatch(w, r)
	}
	n.op, n.names = readEnum, w.symbols
	for _, symbol := range w.symbols {
		switch {
		case slices.Contains(r.symbols, symbol):
			n.symbols = append(n.symbols, connect.String(symbol))
		case r.fallback != nil:
			n.symbols = append(n.symbols, connect.String(*r.fallback))
		case z.strict:
			return fmt.Errorf("%s has no symbol %q, nor a default", r, symbol)
		default:
			n.symbols = append(n.symbols, connect.Null)
		}
	}
	return nil
}

// record takes the fields as the writer has them, and defaults for what else
// the reader has.
func (z *resolver) record(n *readNode, w, r *schema, s *connect.Schema) error {
	n.op = readRecord
	byName := make(map[string]int, len(w.fields))
	for i, f := range w.fields {
		byName[f.name] = i
		n.fields = append(n.fields, readField{name: f.name, slot: -1, skip: f.schema})
	}
	for slot, f := range r.fields {
		of := s.Fields()[slot].Schema
		i, ok := fieldFor(f, byName)
		if ok {
			node, err := z.node(w.fields[i].schema, f.schema, of)
			if err != nil {
				return within(err, "field "+f.name)
			}
			n.fields[i].slot, n.fields[i].node = slot, node
			continue
		}
		if f.def == nil {
			return fmt.Errorf("field %s was not written (by %s), and has no default", f.name, w)
		}
		v, err := z.value(of, f.schema, f.def)
		if err != nil {
			return within(err, "field "+f.name)
		}
		if !v.IsNull() {
			n.defaults = append(n.defaults, slotValue{slot, v})
		}
	}
	return nil
}

// fieldFor finds the writer's field by the name of the reader's, or by one of
// its aliases.
func fieldFor(f *field, byName map[string]int) (int, bool) {
	if i, ok := byName[f.name]; ok {
		return i, true
	}
	for _, a := range f.aliases {
		if i, ok := byName[a]; ok {
			return i, true
		}
	}
	return 0, false
}
