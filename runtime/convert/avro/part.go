package avro

import (
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/memo"
)

var _ connect.Projects = (*codec)(nil)

// Project has the fields of a record not made that nobody reads.
func (c *codec) Project(r connect.Reading) {
	c.reading = r
	c.readers = memo.Memo[readerKey, *reader]{Max: c.readers.Max}
}

// part is the plan by which records are read of which some fields are made. The
// others are passed over, by steps of their own that are made once. What it
// cannot read is read again by the whole plan, which says what is wrong.
type part struct {
	schema   *connect.Schema // of the fields that are made
	null     int             // the number of null, where records are in a union with it; or -1
	slots    int             // that the whole record takes, and those in it
	steps    []partStep
	defaults []slotValue
}

// partStep passes over n values of a kind in a row, or one of any kind, or makes
// one.
type partStep struct {
	do   passing
	n    int
	slot int       // that is made
	node *readNode // of the values
	skip *schema   // of one that the reader does not know
}

// passing is what a step does.
type passing uint8

const (
	passBytes  passing = iota // n of them
	passBools                 // each 0 or 1
	passLongs                 // that may be any
	passTexts                 // and bytes: a length, and as many bytes
	passMaybes                // unions of null and a text
	passNode
	passSkip
	passNone // which makes
)

// part makes the plan for the fields that are read; none where nothing is left
// out.
func (r *reader) part(reading connect.Reading) *part {
	n, null := r.plan, -1
	if n.op == readOptional {
		n, null = n.elem, n.size
	}
	if n.op != readRecord || n.schema != r.schema {
		return nil
	}
	schema, slots := reading.Part(n.schema)
	if schema == nil {
		return nil
	}
	p := &part{schema: schema, null: null, slots: 1 + len(slots)}
	for i := range n.fields {
		f := &n.fields[i]
		switch {
		case f.slot < 0:
			p.add(partStep{do: passSkip, skip: f.skip})
		case slots[f.slot] < 0:
			p.pass(f.node)
		default:
			p.add(partStep{do: passNone, node: f.node, slot: slots[f.slot]})
		}
	}
	for _, def := range n.defaults {
		if slot := slots[def.slot]; slot >= 0 {
			p.defaults = append(p.defaults, slotValue{slot, def.value})
		}
	}
	return p
}

// maxSteps is from how many steps on a record in the record is one step.
const maxSteps = 1 << 12

// pass appends the steps that pass over a value; those of a record's fields, of
// which some may go on with what is before or behind the record.
func (p *part) pass(n *readNode) {
	if n.op != readRecord || len(p.steps) > maxSteps {
		p.add(passStep(n))
		return
	}
	p.slots += 1 + len(n.schema.Fields())
	for i := range n.fields {
		if f := &n.fields[i]; f.slot < 0 {
			p.add(partStep{do: passSkip, skip: f.skip})
		} else {
			p.pass(f.node)
		}
	}
}

// add appends a step, or adds it to the one before.
func (p *part) add(s partStep) {
	if len(p.steps) > 0 {
		if last := &p.steps[len(p.steps)-1]; last.goesOn(s) {
			last.n += s.n
			return
		}
	}
	p.steps = append(p.steps, s)
}

// maxRun is how far steps are added up: a fixed may be of any size.
const maxRun = 1 << 29

// goesOn reports whether a step does more of the same.
func (s *partStep) goesOn(next partStep) bool {
	switch {
	case s.do != next.do || s.n > maxRun || next.n > maxRun:
		return false
	case s.do == passMaybes:
		return s.node.size == next.node.size
	}
	return s.do < passMaybes
}

// passStep is the step that passes over a value.
func passStep(n *readNode) partStep {
	decimal := n.logical == connect.LogicalDecimal
	switch {
	case n.op == readDouble:
		return partStep{do: passBytes, n: 8}
	case n.op == readFloat:
		return partStep{do: passBytes, n: 4}
	case n.op == readFixed && !decimal:
		return partStep{do: passBytes, n: n.size}
	case n.op == readBool:
		return partStep{do: passBools, n: 1}
	case n.op == readLong && n.logical == connect.NotLogical && n.kind == connect.KindInt64:
		return partStep{do: passLongs, n: 1}
	case n.op == readString, n.op == readBytes && !decimal:
		return partStep{do: passTexts, n: 1}
	case n.op == readOptional && n.elem.op == readString:
		return partStep{do: passMaybes, n: 1, node: n}
	}
	return partStep{do: passNode, node: n}
}

// readPart reads the fields that are read; false where all has to be read.
func (c *codec) readPart(r *reader, data []byte, base int) (out connect.Datum, ok bool) {
	d, p := &c.decoder, r.less
	d.reset(data, base)
	defer d.reset(nil, 0)
	if p.null >= 0 {
		i, err := d.long()
		if err != nil || i != int64(1-p.null) {
			return out, false
		}
	}
	v, err := d.part(p)
	if err != nil || c.trailing && d.pos < len(d.data) {
		return out, false
	}
	return connect.Datum{Schema: p.schema, Value: v}, true
}

// part reads a record by its plan.
func (d *decoder) part(p *part) (connect.Value, error) {
	if err := d.spend(p.slots); err != nil {
		return connect.Null, err
	}
	st := d.slab.Struct(p.schema)
	for i := range p.steps {
		s := &p.steps[i]
		var err error
		switch s.do {
		case passNone:
			err = d.into(s.node, &st.Slots[s.slot])
		case passBytes:
			_, err = d.take(s.n, "fields")
		case passTexts:
			err = d.passTexts(s.n)
		case passMaybes:
			err = d.passMaybes(s.n, s.node.size)
		case passLongs:
			err = d.passLongs(s.n)
		case passBools:
			err = d.passBools(s.n)
		case passNode:
			err = d.pass(s.node)
		case passSkip:
			err = d.skip(s.skip, 0)
		}
		if err != nil {
			return connect.Null, err
		}
	}
	for i := range p.defaults {
		st.Slots[p.defaults[i].slot] = p.defaults[i].value
	}
	return st.Value(), nil
}

func (d *decoder) passTexts(n int) error {
	for range n {
		if _, err := d.bytes("string"); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) passMaybes(n, null int) error {
	for range n {
		i, err := d.long()
		switch {
		case err != nil:
			return err
		case i == int64(null):
		case i != int64(1-null):
			return d.errorf("type %d of a union of 2", i)
		default:
			if _, err := d.bytes("string"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *decoder) passLongs(n int) error {
	for range n {
		if _, err := d.long(); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) passBools(n int) error {
	for range n {
		if _, err := d.bool(); err != nil {
			return err
		}
	}
	return nil
}
