package avro

import (
	"kcgen.dev/runtime/connect"
)

// block reads how many elements come next; 0 ends them. No more can come than
// the data have room for.
func (d *decoder) block(min int) (int, error) {
	n, err := d.long()
	if err != nil || n == 0 {
		return 0, err
	}
	if n < 0 {
		n = -n // and the block's length in bytes, which we do not need
		if _, err := d.long(); err != nil {
			return 0, err
		}
	}
	room := int64(d.slots)
	if min > 0 {
		room = int64((len(d.data) - d.pos) / min)
	}
	if n < 0 || n > room {
		return 0, d.errorf("block of %d elements, where the data have room for %d", uint64(n), room)
	}
	return int(n), d.spend(int(n))
}

// array reads an array of elem, of min bytes each; of anything at this depth
// where elem is nil.
func (d *decoder) array(min int, elem *readNode, depth int) (connect.Value, error) {
	n, err := d.block(min)
	if err != nil {
		return connect.Null, err
	}
	a := d.slab.Array(n)
	for i := 0; n > 0; {
		for end := i + n; i < end; i++ {
			if elem != nil {
				err = d.into(elem, &a.Elems[i])
			} else {
				a.Elems[i], err = d.anything(depth)
			}
			if err != nil {
				return connect.Null, at(err, index(i))
			}
		}
		if n, err = d.block(min); err != nil {
			return connect.Null, err
		}
		if n > 0 {
			a.Elems = append(a.Elems, make([]connect.Value, n)...)
		}
	}
	return a.Value(), nil
}

// entries reads a map; of equal keys the last value counts.
func (d *decoder) entries(min int, read func() (connect.Entry, error)) (connect.Value, error) {
	n, err := d.block(min)
	if err != nil {
		return connect.Null, err
	}
	m := d.slab.Map(n)
	keys := connect.NewMapIndex(m)
	for n > 0 {
		for range n {
			e, err := read()
			if err != nil {
				return connect.Null, at(err, index(m.Len()))
			}
			if i := keys.Find(e.Key); i >= 0 {
				m.Vals[i] = e.Value
			} else {
				m.Put(e.Key, e.Value)
			}
		}
		if n, err = d.block(min); err != nil {
			return connect.Null, err
		}
	}
	return m.Value(), nil
}

// mapEntry reads an entry of an Avro map.
func (d *decoder) mapEntry(n *readNode) (e connect.Entry, err error) {
	b, err := d.bytes("key")
	if err != nil {
		return e, err
	}
	e.Key = validText(b)
	if e.Value, err = d.value(n.elem); err != nil {
		err = at(err, entry(e.Key))
	}
	return e, err
}

// pair reads an entry that is a record.
func (d *decoder) pair(n *readNode) (e connect.Entry, err error) {
	if n.swapped {
		if e.Value, err = d.value(n.elem); err == nil {
			e.Key, err = d.value(n.key)
		}
		return e, err
	}
	if e.Key, err = d.value(n.key); err == nil {
		e.Value, err = d.value(n.elem)
	}
	return e, err
}

// maxSkip bounds how deep data may be that are passed over: their schema may
// hold itself.
const maxSkip = 1000

// skip passes over data of s.
func (d *decoder) skip(s *schema, depth int) error {
	if depth > maxSkip {
		return d.errorf("more than %d levels", maxSkip)
	}
	var err error
	switch s.kind {
	case kindBoolean:
		_, err = d.take(1, "boolean")
	case kindInt, kindLong, kindEnum:
		_, err = d.long()
	case kindFloat:
		_, err = d.take(4, "float")
	case kindDouble:
		_, err = d.take(8, "double")
	case kindBytes, kindString:
		_, err = d.bytes(s.kind.String())
	case kindFixed:
		_, err = d.take(s.size, "fixed")
	case kindRecord:
		if err := d.spend(1); err != nil {
			return err
		}
		for _, f := range s.fields {
			if err := d.skip(f.schema, depth+1); err != nil {
				return at(err, f.name)
			}
		}
	case kindArray, kindMap:
		return d.skipBlocks(s, depth)
	case kindUnion:
		i, err := d.long()
		if err != nil {
			return err
		}
		if i < 0 || i >= int64(len(s.branches)) {
			return d.errorf("type %d of a union of %d", i, len(s.branches))
		}
		return d.skip(s.branches[i], depth+1)
	}
	return err
}

func (d *decoder) skipBlocks(s *schema, depth int) error {
	min := s.elem.minSize()
	if s.kind == kindMap {
		min++
	}
	for i := 0; ; {
		n, err := d.block(min)
		if err != nil || n == 0 {
			return err
		}
		for range n {
			if s.kind == kindMap {
				_, err = d.bytes("key")
			}
			if err == nil {
				err = d.skip(s.elem, depth+1)
			}
			if err != nil {
				return at(err, index(i))
			}
			i++
		}
	}
}
