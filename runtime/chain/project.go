package chain

import "kcgen.dev/runtime/connect"

// Project has the converters not make what the first steps leave out. It is for
// who decodes records and looks at nothing of them before Transform.
func (c *Chain) Project() {
	project(c.Key, c.reading(connect.RoleKey))
	project(c.Value, c.reading(connect.RoleValue))
}

func project(codec connect.Codec, r connect.Reading) {
	if p, ok := codec.(connect.Projects); ok && (r.Only != nil || r.Except != nil) {
		p.Project(r)
	}
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
