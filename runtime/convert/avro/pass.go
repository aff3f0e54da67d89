package avro

import "kcgen.dev/runtime/connect"

// pass passes over a value that would be read by a plan, and finds the same
// errors as if it was made.
func (d *decoder) pass(n *readNode) (err error) {
	switch n.op {
	case readNull:
	case readBool:
		_, err = d.bool()
	case readInt, readLong:
		_, err = d.integer(n)
	case readDouble:
		_, err = d.take(8, "double")
	case readFloat:
		_, err = d.take(4, "float")
	case readString:
		_, err = d.bytes("string")
	case readBytes, readFixed:
		err = d.passBinary(n)
	case readOptional:
		err = d.passOptional(n)
	case readRecord:
		err = d.passRecord(n)
	case readArray, readMap, readEntries:
		err = d.passParts(n)
	case readUnion:
		err = d.passUnion(n)
	default:
		_, err = d.value(n) // it is rare, and made to see whether it can be
	}
	return err
}

func (d *decoder) passBinary(n *readNode) (err error) {
	switch {
	case n.logical == connect.LogicalDecimal:
		_, err = d.binary(n)
	case n.op == readFixed:
		_, err = d.take(n.size, "fixed")
	default:
		_, err = d.bytes("bytes")
	}
	return err
}

func (d *decoder) passOptional(n *readNode) error {
	i, err := d.long()
	switch {
	case err != nil:
		return err
	case i == int64(n.size):
		return nil // null
	case i == int64(1-n.size):
		return d.pass(n.elem)
	}
	return d.errorf("type %d of a union of 2", i)
}

func (d *decoder) passRecord(n *readNode) error {
	if err := d.spend(1 + len(n.schema.Fields())); err != nil {
		return err
	}
	for i := range n.fields {
		f := &n.fields[i]
		var err error
		if f.slot < 0 {
			err = d.skip(f.skip, 0)
		} else {
			err = d.pass(f.node)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// passParts passes over an array or a map.
func (d *decoder) passParts(n *readNode) error {
	for {
		count, err := d.block(n.min)
		if err != nil || count == 0 {
			return err
		}
		for range count {
			if err := d.passEntry(n); err != nil {
				return err
			}
		}
	}
}

// passEntry passes over an element of an array, or an entry of a map.
func (d *decoder) passEntry(n *readNode) error {
	switch {
	case n.op == readMap:
		if _, err := d.bytes("key"); err != nil {
			return err
		}
	case n.op == readEntries && n.swapped:
		if err := d.pass(n.elem); err != nil {
			return err
		}
		return d.pass(n.key)
	case n.op == readEntries:
		if err := d.pass(n.key); err != nil {
			return err
		}
	}
	return d.pass(n.elem)
}

// passUnion passes over a type's number, and what is of that type.
func (d *decoder) passUnion(n *readNode) error {
	var i int64
	var err error
	if n.size >= 0 {
		if i, err = d.long(); err != nil {
			return err
		}
	}
	if i < 0 || i >= int64(len(n.branches)) {
		return d.errorf("type %d of a union of %d", i, len(n.branches))
	}
	b := &n.branches[i]
	if err := d.pass(b.node); err != nil || b.schema == nil {
		return err
	}
	return d.spend(len(b.schema.Fields()))
}
