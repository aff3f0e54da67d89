package chain

import "kcgen.dev/runtime/connect"

// Project has the converters not make what the first steps leave out. It is for
// who decodes records and looks at nothing of them before Transform.
func (c *Chain) Project() {
	for _, role := range []connect.Role{connect.RoleKey, connect.RoleValue} {
		if codec, r, ok := c.Projection(role); ok {
			codec.Project(r)
		}
	}
}

// Projection is what is read of keys or values, where that is not all, and the
// converter that can do with it.
func (c *Chain) Projection(role connect.Role) (connect.Projects, connect.Reading, bool) {
	codec := c.Value
	if role == connect.RoleKey {
		codec = c.Key
	}
	p, ok := codec.(connect.Projects)
	r := c.reading(role)
	return p, r, ok && !r.All()
}

// reading is what is read by the first step that does not pass all on, and by
// those before it. A step that is not for every record has to pass all on.
func (c *Chain) reading(role connect.Role) connect.Reading {
	var before []string
	for _, s := range c.cfg.Steps {
		for _, p := range []connect.Predicate{s.When, s.Unless} {
			if p == nil {
				continue
			}
			r, ok := readingOf(p, role)
			if !ok || !r.Passed {
				return connect.Reading{}
			}
			before = append(before, r.Only...)
		}
		switch r, ok := readingOf(s.Do, role); {
		case !ok || !r.Passed && (s.When != nil || s.Unless != nil):
			return connect.Reading{}
		case !r.Passed:
			return r.With(before)
		default:
			before = append(before, r.Only...)
		}
	}
	return connect.Reading{}
}

// readingOf is what a component says that it reads.
func readingOf(component any, role connect.Role) (r connect.Reading, ok bool) {
	says, ok := component.(connect.Reads)
	if ok {
		r = says.Reads(role)
	}
	return r, ok
}
