package transform

import (
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/reshape"
)

// inMap makes a map of an old one.
func (w *rewriter) inMap(b *branch, old *connect.Map) (connect.Value, error) {
	if b.maps.Make == nil {
		b.maps.Make = func(keys *connect.KeySet) *reshape.Plan { return w.mapPlan(b, keys) }
	}
	if v, ok := b.maps.Of(old.Shared).Map(&w.slab, nil, old.Vals); ok {
		return v, nil
	}
	return w.eachEntry(b, old)
}

// mapPlan plans for maps of these keys, which b stands for. There is no plan
// where the values say which entries stay, where two entries come to one
// place, and for keys that are an error.
func (w *rewriter) mapPlan(b *branch, keys *connect.KeySet) *reshape.Plan {
	p := &reshape.Plan{Keys: keys}
	var out []connect.Value
	same := true // so far, the keys
	for i, key := range keys.Keys() {
		c := b.entry(key)
		switch {
		case w.checkKey(key) != nil:
			return nil
		case b.goes(c):
			same = false
			continue
		case c != nil && !c.change && c.only:
			return nil
		case c != nil && c.rename != "":
			key, same = connect.String(c.rename), false
		}
		if b.place(out, key) >= 0 {
			return nil
		}
		out = append(out, key)
		p.Places = append(p.Places, reshape.Place{From: i, Change: w.inEntry(c)})
	}
	for _, c := range b.order {
		if c.change && !w.keepMissing && !has(keys, c.name) {
			out, same = append(out, connect.String(c.name)), false
			p.Places = append(p.Places, reshape.Place{From: reshape.None, Change: w.inEntry(c)})
		}
	}
	if !same {
		p.Keys = connect.NewKeySet(out)
	}
	return p
}

// inEntry is how an entry of a map is changed; nil where it is not.
func (w *rewriter) inEntry(c *branch) reshape.Change {
	switch {
	case c == nil:
	case c.change:
		return func(_ *connect.Record, v connect.Value) (connect.Value, bool) {
			v, err := w.value(c, nil, v)
			return v, err == nil
		}
	case c.below != nil:
		return func(_ *connect.Record, v connect.Value) (connect.Value, bool) {
			m := v.Map()
			if m == nil {
				return v, true
			}
			w.slab.Begin()
			v, err := w.inMap(c, m)
			return v, err == nil
		}
	}
	return nil
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
