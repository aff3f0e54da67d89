package timezone

import "kcgen.dev/runtime/connect"

var _ connect.Reads = Converter{}

// Reads is the rows of an envelope, and where it came from.
func (x Converter) Reads(role connect.Role) connect.Reading {
	r := connect.Reading{Passed: true, SameName: true}
	if role == connect.RoleValue {
		r.Only = partNames[:]
	}
	return r
}
