package transform

import "kcgen.dev/runtime/connect"

// The transforms that say what they read of a record, since it is not all.
var (
	_ connect.Reads = ReplaceField{}
	_ connect.Reads = ExtractField{}
	_ connect.Reads = RegexRouter{}
	_ connect.Reads = DropHeaders{}
	_ connect.Reads = InsertHeader{}
)

var passed = connect.Reading{Passed: true}

// Reads is what stays: the fields that are included, or all but those that go.
// Whether one is there that is to be renamed is looked at, even if it goes.
func (f ReplaceField) Reads(role connect.Role) connect.Reading {
	if f.On != role.String() {
		return passed
	}
	root, err := f.tree()
	if err != nil {
		return connect.Reading{}
	}
	var out connect.Reading
	if root.only {
		out.Only = []string{}
	}
	for _, c := range root.order {
		switch goes := root.goes(c) && c.rename == ""; {
		case root.only && !goes:
			out.Only = append(out.Only, c.name)
		case !root.only && goes:
			out.Except = append(out.Except, c.name)
		}
	}
	return out
}

// Reads is the field, or what it is in.
func (f ExtractField) Reads(role connect.Role) connect.Reading {
	if f.On != role.String() {
		return passed
	}
	path, err := parseFieldPath(f.Field, f.FieldSyntaxVersion)
	if err != nil {
		return connect.Reading{}
	}
	return connect.Reading{Only: []string(path[:1])}
}

// Reads is nothing of them.
func (RegexRouter) Reads(connect.Role) connect.Reading { return passed }

// Reads is nothing of them.
func (DropHeaders) Reads(connect.Role) connect.Reading { return passed }

// Reads is nothing of them.
func (InsertHeader) Reads(connect.Role) connect.Reading { return passed }
