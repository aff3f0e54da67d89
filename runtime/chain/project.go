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
	return p, r, ok && (r.Only != nil || r.Except != nil)
}

// reading is what the first step reads that does not pass it all on.
func (c *Chain) reading(role connect.Role) connect.Reading {
	for i := range c.Steps {
		s := &c.Steps[i]
		says, ok := s.what.(connect.Reads)
		if !ok || s.when != nil || s.not != nil {
			break // a predicate may look at all of the record
		}
		if r := says.Reads(role); !r.Passed {
			return r
		}
	}
	return connect.Reading{}
}
