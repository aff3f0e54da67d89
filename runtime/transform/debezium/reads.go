package debezium

import "kcgen.dev/runtime/connect"

var (
	_ connect.Reads = ExtractNewRecordState{}
	_ connect.Reads = EventRouter{}
)

// envelopeName is how the names of envelopes' schemas end.
const envelopeName = ".Envelope"

var (
	all    = connect.Reading{}
	passed = connect.Reading{Passed: true, SameName: true}
)

// Reads is the rows of an envelope, and what is added of it. Its source, which
// is most of it beside the rows, is rarely asked for.
func (e ExtractNewRecordState) Reads(role connect.Role) connect.Reading {
	x, err := e.open()
	if err != nil {
		return all
	}
	switch drops := x.dropper != nil; {
	case role == connect.RoleKey && drops && x.dropper.fromKey, role == connect.RoleHeader && drops:
		return all
	case role != connect.RoleValue:
		return passed
	}
	r := connect.Reading{Named: envelopeName, Only: []string{fieldBefore, fieldAfter, fieldOp}}
	for _, refs := range [][]reference{x.fields, x.headers} {
		for _, ref := range refs {
			r = r.With([]string{ref.field}) // which is looked for where the parent does not have it
			if ref.parent != "" {
				r = r.With([]string{ref.parent})
			}
		}
	}
	return r
}

// Reads is the new row, and when and how it came about.
func (e EventRouter) Reads(role connect.Role) connect.Reading {
	if role != connect.RoleValue {
		return passed
	}
	return connect.Reading{Named: envelopeName, Only: []string{fieldAfter, fieldOp, fieldTimestamp}}
}
