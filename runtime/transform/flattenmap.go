package transform

import "kcgen.dev/runtime/connect"

// flatMap says how to make a flat map of maps of one shape: of these keys, and
// in the same places maps whose shape is that of nested.
type flatMap struct {
	from   *connect.KeySet
	keys   *connect.KeySet // of the flat map; nil in what is nested
	nested []*flatMap      // by entry; nil: its value is in the flat map
}

// maxShapes is how many shapes of maps with the same keys are kept: an entry may
// be a map in one record and null in the next.
const maxShapes = 8

// flatMaps keeps them, by the keys that maps share.
type flatMaps struct {
	keys *connect.KeySet // the last ones
	last []*flatMap
	all  map[*connect.KeySet][]*flatMap
}

// of are those of maps with these keys.
func (f *flatMaps) of(keys *connect.KeySet) []*flatMap {
	if f.keys != keys {
		f.keys, f.last = keys, f.all[keys]
	}
	return f.last
}

// add keeps the shape of old, of which flat was made, unless two entries came to
// one name.
func (f *flatMaps) add(old, flat *connect.Map) {
	shapes := f.of(old.Shared)
	if len(shapes) >= maxShapes || leaves(old) != flat.Len() {
		return
	}
	p := shapeOf(old)
	if p == nil {
		return
	}
	p.keys = connect.NewKeySet(flat.Keys)
	if f.all == nil || len(f.all) >= maxSchemas {
		f.all = map[*connect.KeySet][]*flatMap{}
	}
	f.last = append(shapes, p)
	f.all[old.Shared] = f.last
}

// shapeOf is the shape of a map; nil where it has keys of its own.
func shapeOf(m *connect.Map) *flatMap {
	if m.Shared == nil {
		return nil
	}
	p := &flatMap{from: m.Shared, nested: make([]*flatMap, m.Len())}
	for i, v := range m.Vals {
		in := v.Map()
		if in == nil {
			continue
		}
		if p.nested[i] = shapeOf(in); p.nested[i] == nil {
			return nil
		}
	}
	return p
}

// fits reports whether m is of the shape, and has nothing that cannot be
// flattened.
func (p *flatMap) fits(m *connect.Map) bool {
	if m == nil || m.Shared != p.from || len(m.Vals) != len(p.nested) {
		return false
	}
	for i, in := range p.nested {
		if in != nil {
			if !in.fits(m.Vals[i].Map()) {
				return false
			}
			continue
		}
		switch m.Vals[i].Kind() {
		case connect.KindMap, connect.KindStruct, connect.KindDecimal, connect.KindInstant:
			return false
		}
	}
	return true
}

// fill puts the values of a map that fits where vals begins, and gives what is
// left of vals.
func (p *flatMap) fill(vals []connect.Value, m *connect.Map) (rest []connect.Value) {
	for i, in := range p.nested {
		if in != nil {
			vals = in.fill(vals, m.Vals[i].Map())
			continue
		}
		vals[0], vals = m.Vals[i], vals[1:]
	}
	return vals
}

// flatMap flattens a map: by its shape, where that is known.
func (w *flattener) flatMap(old *connect.Map) (*connect.Map, error) {
	w.slab.Begin()
	if old.Shared != nil {
		for _, p := range w.shapes.of(old.Shared) {
			if p.fits(old) {
				m := w.slab.MapOf(p.keys)
				p.fill(m.Vals, old)
				return m, nil
			}
		}
	}
	m := w.slab.Map(leaves(old))
	if err := w.intoMap(m, connect.NewMapIndex(m), "", old); err != nil {
		return nil, err
	}
	if old.Shared != nil {
		w.shapes.add(old, m)
	}
	return m, nil
}
