package transform

import (
	"fmt"

	"kcgen.dev/runtime/connect"
)

// mapPlan says how to make maps of shared keys.
type mapPlan struct {
	out   *connect.KeySet
	runs  []mapRun  // the entries that stay as they are
	steps []mapStep // the others, in their order
	added []*branch // the fields that are changed but are not there
	// byValue is whether the values say which entries stay, so that there is
	// nothing to plan.
	byValue bool
}

// mapRun is n entries in a row that stay together.
type mapRun struct{ from, to, n int }

// mapStep makes one entry of another.
type mapStep struct {
	from, to int
	change   *branch
	nested   *branch // where it is a map
}

// inMap makes a map of an old one.
func (w *rewriter) inMap(b *branch, old *connect.Map) (connect.Value, error) {
	if old.Shared == nil {
		return w.eachEntry(b, old)
	}
	if b.maps.derive == nil {
		b.maps.derive = func(keys *connect.KeySet) (*mapPlan, error) { return w.mapPlan(b, keys) }
	}
	p, err := b.maps.of(old.Shared)
	if err != nil {
		return connect.Null, err
	}
	if p.byValue {
		return w.eachEntry(b, old)
	}
	return w.planned(p, old)
}

// mapPlan plans for maps of these keys, which b stands for.
func (w *rewriter) mapPlan(b *branch, keys *connect.KeySet) (*mapPlan, error) {
	p := &mapPlan{out: keys}
	var out []connect.Value
	same, twice := true, false // so far: the keys, and whether two come to one place
	for i, key := range keys.Keys() {
		if err := w.checkKey(key); err != nil {
			return nil, err
		}
		c := b.entry(key)
		s := mapStep{from: i, to: len(out)}
		switch {
		case b.goes(c):
			same = false
			continue
		case c == nil:
		case c.change:
			s.change = c
		case c.only:
			p.byValue = true
			return p, nil
		case c.below != nil:
			s.nested = c
		}
		if c != nil && c.rename != "" {
			key, same = connect.String(c.rename), false
		}
		if at := b.place(out, key); at >= 0 {
			s.to, same, twice = at, false, true
		} else {
			out = append(out, key)
		}
		p.steps = append(p.steps, s)
	}
	for _, c := range b.order {
		if c.change && !w.keepMissing && !has(keys, c.name) {
			p.added = append(p.added, c)
			out, same = append(out, connect.String(c.name)), false
		}
	}
	if !same {
		p.out = connect.NewKeySet(out)
	}
	if !twice { // else their order counts
		p.split()
	}
	return p, nil
}

// split takes the entries that stay as they are out of the steps.
func (p *mapPlan) split() {
	var steps []mapStep
	for _, s := range p.steps {
		last := len(p.runs) - 1
		switch {
		case s.change != nil || s.nested != nil:
			steps = append(steps, s)
		case last >= 0 && p.runs[last].from+p.runs[last].n == s.from && p.runs[last].to+p.runs[last].n == s.to:
			p.runs[last].n++
		default:
			p.runs = append(p.runs, mapRun{s.from, s.to, 1})
		}
	}
	p.steps = steps
}

// planned makes a map by a plan.
func (w *rewriter) planned(p *mapPlan, old *connect.Map) (connect.Value, error) {
	m := w.slab.MapOf(p.out)
	for _, r := range p.runs {
		copy(m.Vals[r.to:r.to+r.n], old.Vals[r.from:])
	}
	for i := range p.steps {
		s := &p.steps[i]
		v, err := old.Vals[s.from], error(nil)
		switch {
		case s.change != nil:
			v, err = w.value(s.change, nil, v)
		case s.nested != nil && v.Kind() == connect.KindMap:
			v, err = w.inMap(s.nested, v.Map())
		}
		if err != nil {
			return connect.Null, fmt.Errorf("field %q: %w", old.Keys[s.from].Str(), err)
		}
		m.Vals[s.to] = v
	}
	for i, c := range p.added {
		v, err := w.value(c, nil, connect.Null)
		if err != nil {
			return connect.Null, err
		}
		m.Vals[len(m.Vals)-len(p.added)+i] = v
	}
	return m.Value(), nil
}

// eachEntry makes a map by looking at each name and value.
func (w *rewriter) eachEntry(b *branch, old *connect.Map) (connect.Value, error) {
	m := w.slab.Map(old.Len() + len(b.order))
	for i := range old.Len() {
		e := old.At(i)
		if err := w.checkKey(e.Key); err != nil {
			return connect.Null, err
		}
		keep, err := w.entry(b, b.entry(e.Key), &e)
		if err != nil {
			return connect.Null, fmt.Errorf("field %q: %w", e.Key.Str(), err)
		}
		if !keep {
			continue
		}
		if at := b.place(m.Keys, e.Key); at >= 0 {
			m.Vals[at] = e.Value
		} else {
			m.Put(e.Key, e.Value)
		}
	}
	for _, c := range b.order {
		if c.change && !w.keepMissing && old.Index(c.name) < 0 {
			v, err := w.value(c, nil, connect.Null)
			if err != nil {
				return connect.Null, err
			}
			m.Put(connect.String(c.name), v)
		}
	}
	return m.Value(), nil
}

func (w *rewriter) checkKey(key connect.Value) error {
	if w.textKeys && key.Kind() != connect.KindString && !key.IsNull() {
		return fmt.Errorf("the map has the key %v, and names of fields are strings", key)
	}
	return nil
}

// entry is the branch of a key; nil where it is not named.
func (b *branch) entry(key connect.Value) *branch {
	if key.Kind() != connect.KindString {
		return nil
	}
	return b.named(key.Str())
}

// entry changes one entry of a map, or says that it goes.
func (w *rewriter) entry(b, c *branch, e *connect.Entry) (keep bool, err error) {
	if c == nil || b.goes(c) {
		return !b.goes(c), nil
	}
	m := e.Value.Map()
	switch {
	case c.change:
		e.Value, err = w.value(c, nil, e.Value)
	case c.below != nil && m != nil:
		e.Value, err = w.inMap(c, m)
	case c.only && !e.Value.IsNull():
		return false, nil // it has none of the fields that are included
	}
	if err == nil && c.rename != "" {
		e.Key = connect.String(c.rename)
	}
	return true, err
}

// place is where a key stands already, if it may be the new name of a field;
// of two that come to one name the later one stays.
func (b *branch) place(keys []connect.Value, key connect.Value) int {
	if b.targets == nil || key.Kind() != connect.KindString || !b.targets[key.Str()] {
		return -1
	}
	return (&connect.Map{Keys: keys}).Index(key.Str())
}

// has reports whether a name is among the keys.
func has(keys *connect.KeySet, name string) bool {
	return (&connect.Map{Keys: keys.Keys()}).Index(name) >= 0
}
