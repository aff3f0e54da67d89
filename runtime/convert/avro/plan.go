package avro

import (
	"errors"
	"fmt"
	"slices"

	"kcgen.dev/runtime/connect"
)

// writeOp is how a value is written.
type writeOp uint8

const (
	writeBool writeOp = iota
	writeInt
	writeIntToFloat
	writeIntToDouble
	writeFloat
	writeFloatToDouble
	writeDouble
	writeString
	writeBytes
	writeRaw // bytes that are the whole message, without a length
	writeFixed
	writeEnum
	writeInstant
	writeArray
	writeMap
	writeEntries
	writeRecord
	writeMember
	writeAnything
)

// writeNode is the plan by which data of a Connect schema are written under an
// Avro schema: their own, or one that can read it.
type writeNode struct {
	op      writeOp
	kind    connect.Kind // of the values
	logical connect.Logical
	schema  *connect.Schema
	union   bool // a type's number comes first
	null    int  // the number of null; -1 where it cannot be written
	branch  int  // the number of the value's type
	easy    bool // a value of the kind is tag, if it is of a union, and itself
	tag     byte // the branch, as it is written
	size    int  // of a fixed
	elem    *writeNode
	key     *writeNode
	fields  []writeField
	members []*writeNode // by the slots of a union's struct
	symbols map[string]int
}

// writeField is a field as it is written.
type writeField struct {
	name  string
	slot  int            // of the struct
	node  *writeNode     // nil: the data have no such field, but
	fixed []byte         // this default
	def   *connect.Value // instead of null
}

// planner makes plans for writing.
type planner struct {
	*options
	done map[planKey]*writeNode
	defaults
}

type planKey struct {
	s      *connect.Schema
	own, t *schema
}

// plan makes the plan to write data of s, whose own Avro schema is own, under
// the schema t.
func (o *options) plan(s *connect.Schema, own, t *schema) (*writeNode, error) {
	p := planner{options: o, done: map[planKey]*writeNode{}, defaults: newDefaults()}
	n, err := p.node(s, own, t)
	if err == nil && t.kind == kindBytes && n.op == writeBytes {
		raw := *n
		raw.op = writeRaw
		n = &raw
	}
	return n, err
}

func (p *planner) node(s *connect.Schema, own, t *schema) (*writeNode, error) {
	key := planKey{s, own, t}
	if n, ok := p.done[key]; ok {
		return n, nil
	}
	n, err := p.make(s, own, t)
	if err == nil {
		p.done[key] = n
	}
	return n, err
}

func (p *planner) make(s *connect.Schema, own, t *schema) (*writeNode, error) {
	switch {
	case s == nil:
		if !isAnything(t) {
			return nil, fmt.Errorf("data without a schema cannot be written as %s", t)
		}
		return &writeNode{op: writeAnything, null: -1}, nil
	case isUnion(s):
		return p.members(s, own, t)
	}
	if own.kind == kindUnion { // with null
		own = own.branches[1-own.nullBranch()]
	}
	if t.kind != kindUnion {
		n, err := p.plain(s, own, t)
		if n != nil {
			n.null, n.easy = -1, true
		}
		return n, err
	}
	i := target(own, t)
	if i < 0 {
		return nil, mismatch(own, t)
	}
	n, err := p.plain(s, own, t.branches[i])
	if n != nil {
		n.union, n.null, n.branch = true, t.nullBranch(), i
		n.tag, n.easy = byte(2*i), i < 64
	}
	return n, err
}

// target is the type of the union t that data of own are written as.
func target(own, t *schema) int {
	for i, b := range t.branches {
		if own == b || own.kind == b.kind && (!own.kind.named() || own.fullName() == b.fullName()) {
			return i
		}
	}
	for i, b := range t.branches { // by the short name
		if own.kind == b.kind && own.name == b.name {
			return i
		}
	}
	return slices.IndexFunc(t.branches, func(b *schema) bool {
		_, ok := promoted(own.kind, b.kind)
		return ok && b.kind != kindNull || own.kind == b.kind
	})
}

// promoted is how data of own's kind are written as of t's.
func promoted(own, t kind) (writeOp, bool) {
	switch op, ok := scalar(own, t); {
	case own == kindString && t == kindEnum:
		return writeEnum, true
	case own == kindEnum && t == kindString:
		return writeString, true
	case !ok:
		return 0, false
	default:
		return map[readOp]writeOp{
			readBool: writeBool, readInt: writeInt, readLong: writeInt, readFloat: writeFloat, readDouble: writeDouble,
			readIntToFloat: writeIntToFloat, readIntToDouble: writeIntToDouble, readFloatToDouble: writeFloatToDouble,
			readString: writeString, readBytes: writeBytes,
		}[op], t != kindNull
	}
}

// members plans for a union's struct: the field that is set says what is
// written.
func (p *planner) members(s *connect.Schema, own, t *schema) (*writeNode, error) {
	n := &writeNode{op: writeMember, kind: connect.KindStruct, schema: s, null: -1}
	if t.kind == kindUnion {
		n.union, n.null = true, t.nullBranch()
	}
	i := 0
	for _, b := range own.branches {
		if b.kind == kindNull {
			continue
		}
		m, err := p.node(s.Fields()[i].Schema, b, t)
		if err != nil {
			return nil, within(err, "field "+s.Fields()[i].Name)
		}
		n.members = append(n.members, m)
		i++
	}
	return n, nil
}

// plain plans for what is no union.
func (p *planner) plain(s *connect.Schema, own, t *schema) (*writeNode, error) {
	n := &writeNode{kind: s.Kind(), logical: s.Logical(), schema: s}
	switch n.logical {
	case connect.NotLogical:
	case connect.LogicalDecimal:
		n.kind = connect.KindDecimal
	default:
		n.kind = connect.KindInstant
	}
	var err error
	switch {
	case own.kind == kindRecord && t.kind == kindRecord:
		n.op = writeRecord
		n.fields, err = p.fields(s, own, t)
	case own.kind == kindEnum && t.kind == kindEnum:
		n.op = writeEnum
	case (own.kind == kindFixed || own.kind == kindBytes) && t.kind == kindFixed:
		n.op, n.size = writeFixed, t.size
	case own.kind == kindFixed && t.kind == kindBytes:
		n.op = writeBytes
	case own.kind == kindMap && t.kind == kindMap:
		n.op = writeMap
		n.elem, err = p.node(s.Elem(), own.elem, t.elem)
	case own.kind == kindArray && t.kind == kindArray:
		err = p.array(n, s, own, t)
	default:
		var ok bool
		if n.op, ok = promoted(own.kind, t.kind); !ok {
			return nil, mismatch(own, t)
		}
	}
	if n.op == writeEnum {
		n.symbols = make(map[string]int, len(t.symbols))
		for i, symbol := range t.symbols {
			n.symbols[symbol] = i
		}
	}
	if n.kind == connect.KindInstant {
		if n.op != writeInt {
			return nil, mismatch(own, t)
		}
		n.op = writeInstant
	}
	if n.kind == connect.KindDecimal {
		if err := sameDecimal(own, t); err != nil {
			return nil, err
		}
	}
	return n, err
}

// sameDecimal sees to it that a decimal's digits mean the same.
func sameDecimal(own, t *schema) error {
	if own == t {
		return nil
	}
	a, _ := own.prop(propScale).integer()
	b, _ := t.prop(propScale).integer()
	if t.text(propLogical) == "decimal" && a != b {
		return fmt.Errorf("decimal of scale %d, which cannot be written with scale %d", a, b)
	}
	return nil
}

func (p *planner) array(n *writeNode, s *connect.Schema, own, t *schema) (err error) {
	if s.Kind() == connect.KindArray {
		n.op = writeArray
		n.elem, err = p.node(s.Elem(), own.elem, t.elem)
		return err
	}
	if !isEntry(t.elem) {
		return mismatch(own, t)
	}
	ok, ov := entryFields(own.elem)
	tk, tv := entryFields(t.elem)
	if tk == nil || t.elem.fields[0] != tk {
		return mismatch(own, t)
	}
	n.op = writeEntries
	if n.key, err = p.node(s.Key(), ok.schema, tk.schema); err == nil {
		n.elem, err = p.node(s.Elem(), ov.schema, tv.schema)
	}
	return err
}

// fields plans the fields of t, each of the struct's field of that name, or of
// its default. A field that t does not have is not written.
func (p *planner) fields(s *connect.Schema, own, t *schema) ([]writeField, error) {
	byName := make(map[string]int, len(own.fields))
	for i, f := range own.fields {
		byName[f.name] = i
	}
	out := make([]writeField, 0, len(t.fields))
	for _, f := range t.fields {
		i, ok := fieldFor(f, byName)
		if !ok {
			if f.def == nil {
				return nil, fmt.Errorf("field %s of %s is not in the data, and has no default", f.name, t)
			}
			fixed, err := p.append(nil, f.schema, f.def)
			if err != nil {
				return nil, within(err, "field "+f.name)
			}
			out = append(out, writeField{name: f.name, fixed: fixed})
			continue
		}
		of := s.Fields()[i]
		node, err := p.node(of.Schema, own.fields[i].schema, f.schema)
		if err != nil {
			return nil, within(err, "field "+f.name)
		}
		w := writeField{name: of.Name, slot: i, node: node}
		if def, has := of.Schema.Default(); has && !p.ignoreDefaults {
			w.def = &def
		}
		out = append(out, w)
	}
	return out, nil
}

var errRequired = errors.New("null, but a value is required")
