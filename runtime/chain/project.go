package chain

import "kcgen.dev/runtime/connect"

// Project has the converters not make what the first steps leave out. It is for
// who decodes records and looks at nothing of them before Transform.
func (c *Chain) Project() {
	for _, role := range []connect.Role{connect.RoleKey, connect.RoleValue, connect.RoleHeader} {
		if codec, r, ok := c.Projection(role); ok {
			codec.Project(r)
		}
	}
}

// Projection is what is read of keys, values or headers, where that is not all, and the
// converter that can do with it.
func (c *Chain) Projection(role connect.Role) (connect.Projects, connect.Reading, bool) {
	codec := [...]connect.Codec{connect.RoleKey: c.Key, connect.RoleValue: c.Value, connect.RoleHeader: c.Header}[role]
	p, ok := codec.(connect.Projects)
	r := c.reading(role)
	return p, r, ok && !r.All()
}

// reading is what is read by the first step that does not pass all on, or else by
// the sink, and by those before it. A step that is not for every record has to
// pass all on.
func (c *Chain) reading(role connect.Role) connect.Reading {
	var before []string
	named := true // the schema of what comes to a step has the name that it came with
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
			return narrowed(r, named, before)
		default:
			before, named = append(before, r.Only...), named && r.SameName
		}
	}
	r, _ := readingOf(c.cfg.Sink, role)
	return narrowed(r, named, before)
}

// narrowed is r with what was read before; named is whether the names of schemas
// are those that data came with.
func narrowed(r connect.Reading, named bool, before []string) connect.Reading {
	if r.Named != "" && !named {
		return connect.Reading{}
	}
	return r.With(before)
}

// readingOf is what a component says that it reads.
func readingOf(component any, role connect.Role) (r connect.Reading, ok bool) {
	says, ok := component.(connect.Reads)
	if ok {
		r = says.Reads(role)
	}
	return r, ok
}
