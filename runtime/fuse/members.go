package fuse

import (
	"errors"
	"slices"

	"kcgen.dev/runtime/internal/reshape"
)

// members is what steps make of each member of any map, by its name alone.
type members struct {
	named []string // in order, and last one that stands for all others
	of    []outcome
	added []cell // behind all members, each unless there is one of its name
}

// outcome is what becomes of one member.
type outcome struct {
	leave bool // it depends: the steps have no plan
	gone  bool
	cell
}

// maxNamed is how many names are told from others.
const maxNamed = 200

var (
	errDepends = errors.New("what becomes of a field depends on the others")
	errMany    = errors.New("it tells too many names from each other")
	errNoPlan  = errors.New(differs)
)

// findMembers finds out what steps do, and tries whether what they make of
// members is what they make of each.
func findMembers(steps []mapStep) (*members, error) {
	m := &members{}
	for _, s := range steps {
		m.named = append(m.named, s.Fields...)
	}
	slices.Sort(m.named)
	m.named = slices.Compact(m.named)
	if len(m.named) > maxNamed {
		return nil, errMany
	}
	other := "field"
	for slices.Contains(m.named, other) {
		other += "'"
	}
	m.named = append(m.named, other)
	var ok bool
	if m.added, ok = trace(steps, nil); !ok {
		return nil, errNoPlan
	}
	for _, name := range m.named {
		m.of = append(m.of, outcomeOf(steps, name))
	}
	if rest := m.rest(); rest.leave || !rest.gone && (rest.name != other || len(rest.changes) > 0 || rest.from == reshape.None) {
		return nil, errDepends
	}
	return m, m.try(steps)
}

// rest is what becomes of all that are not named.
func (m *members) rest() outcome { return m.of[len(m.of)-1] }

func outcomeOf(steps []mapStep, name string) outcome {
	cells, ok := trace(steps, []string{name})
	if !ok {
		return outcome{leave: true}
	}
	for _, c := range cells {
		if c.at != tail {
			return outcome{cell: c}
		}
	}
	return outcome{gone: true}
}

// try holds what was found against the steps' plans for maps of several members.
func (m *members) try(steps []mapStep) error {
	n := len(m.named)
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	sets := [][]int{all, slices.Collect(reversed(all))}
	for i := range n {
		sets = append(sets, slices.Concat(all[:i], all[i+1:]))
		for j := range n {
			if i != j && (n <= 32 || j == i+1) {
				sets = append(sets, []int{i, j})
			}
		}
	}
	for _, set := range sets {
		if !m.fits(steps, set) {
			return errDepends
		}
	}
	return nil
}

func reversed(s []int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for _, i := range slices.Backward(s) {
			if !yield(i) {
				return
			}
		}
	}
}

// fits reports whether the steps make of these members what was found, or that
// is nothing.
func (m *members) fits(steps []mapStep, set []int) bool {
	found, ok := m.made(set)
	if !ok {
		return true
	}
	var names []string
	for _, i := range set {
		names = append(names, m.named[i])
	}
	cells, ok := trace(steps, names)
	return ok && slices.EqualFunc(found, cells, cell.same)
}

// made is what was found to become of these members; false where they are left
// to the chain.
func (m *members) made(set []int) (out []cell, ok bool) {
	has := func(name string) bool {
		return slices.ContainsFunc(out, func(c cell) bool { return c.name == name })
	}
	for place, i := range set {
		o := m.of[i]
		switch {
		case o.leave || !o.gone && has(o.name):
			return nil, false
		case o.gone:
			continue
		}
		if o.from != reshape.None {
			o.from = place
		}
		out = append(out, o.cell)
	}
	for _, c := range m.added {
		if !has(c.name) {
			out = append(out, c)
		}
	}
	return out, true
}
