package fuse

import (
	"slices"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse/recipe"
	"kcgen.dev/runtime/internal/reshape"
)

// mapStep is a step that changes the fields of a map.
type mapStep struct {
	at    int // its place in the chain
	topic string
	reshape.Step
}

// cell is a field of what steps make of a map: of one of its members, or of
// none.
type cell struct {
	name    string
	at      int // the member at whose place it is, or tail
	from    int // the member whose value it has, or reshape.None
	changes []recipe.Change
	part    reshape.Part  // of the record, where it is from none
	always  connect.Value // else
}

// tail is the place behind all members.
const tail = -1

// trace is what steps make of a map with these members, by their plans for it;
// false where they have none.
func trace(steps []mapStep, members []string) ([]cell, bool) {
	cells := make([]cell, len(members))
	for i, name := range members {
		cells[i] = cell{name: name, at: i, from: i}
	}
	for _, s := range steps {
		var ok bool
		if cells, ok = s.trace(cells); !ok {
			return nil, false
		}
	}
	return cells, true
}

func (s *mapStep) trace(old []cell) ([]cell, bool) {
	var keys []connect.Value
	for i := range old {
		keys = append(keys, connect.String(old[i].name))
	}
	plan := s.Map(connect.NewKeySet(keys))
	if plan == nil || plan.Keys == nil || len(plan.Required) > 0 {
		return nil, false
	}
	var out []cell
	used := make([]bool, len(old))
	for i, pl := range plan.Places {
		if pl.From != reshape.None {
			used[pl.From] = true
		}
		c, ok := s.place(pl, old)
		if c.name = plan.Keys.Keys()[i].Str(); !ok || plan.Keys.Keys()[i].Kind() != connect.KindString {
			return nil, false
		}
		if pl.From == reshape.None { // in the place of the field of its name
			taken := func(f reshape.Place) bool { return f.From != reshape.None && old[f.From].name == c.name }
			if at := slices.IndexFunc(old, func(o cell) bool { return o.name == c.name }); at >= 0 && !slices.ContainsFunc(plan.Places, taken) {
				c.at = old[at].at
			}
		}
		out = append(out, c)
	}
	for i, c := range old {
		if !used[i] && (len(c.changes) > 0 || c.part != reshape.Nothing) {
			return nil, false // nobody would notice that it cannot be made
		}
	}
	return out, true
}

// place is what a plan puts in one place, but for its name.
func (s *mapStep) place(pl reshape.Place, old []cell) (c cell, ok bool) {
	c = cell{at: tail, from: reshape.None, always: pl.Default}
	if pl.From != reshape.None {
		if c = old[pl.From]; !pl.Default.IsNull() {
			return c, false
		}
	}
	switch {
	case pl.Change == nil:
		return c, true
	case pl.Part == reshape.Topic && s.topic != "":
		c.always = connect.String(s.topic)
		return c, pl.From == reshape.None
	case pl.Part != reshape.Nothing:
		c.part = pl.Part
		return c, pl.From == reshape.None
	case c.from != reshape.None:
		c.changes = append(slices.Clone(c.changes), recipe.Change{Step: s.at, Field: c.name})
		return c, true
	case c.part != reshape.Nothing:
		return c, false
	}
	c.always, ok = pl.Change(nil, c.always)
	return c, ok
}

// same reports whether two cells are alike but for their places.
func (c cell) same(o cell) bool {
	return c.name == o.name && c.from == o.from && c.part == o.part && slices.Equal(c.changes, o.changes) && alike(c.always, o.always)
}

// alike reports whether two values, which are scalars, are the same.
func alike(a, b connect.Value) bool {
	return a.Kind() == b.Kind() && a.Bool() == b.Bool() && a.Int() == b.Int() && a.Float() == b.Float() && a.Str() == b.Str()
}
