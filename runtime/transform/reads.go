package transform

import (
	"strings"

	"kcgen.dev/runtime/connect"
)

// The transforms that say what they read of a record, since it is not all.
var (
	_ connect.Reads = Cast{}
	_ connect.Reads = Drop{}
	_ connect.Reads = DropHeaders{}
	_ connect.Reads = ExtractField{}
	_ connect.Reads = ExtractTopic{}
	_ connect.Reads = Filter{}
	_ connect.Reads = Flatten{}
	_ connect.Reads = HeaderFrom{}
	_ connect.Reads = HoistField{}
	_ connect.Reads = InsertField{}
	_ connect.Reads = InsertHeader{}
	_ connect.Reads = MaskField{}
	_ connect.Reads = MessageTimestampRouter{}
	_ connect.Reads = RegexRouter{}
	_ connect.Reads = ReplaceField{}
	_ connect.Reads = SetSchemaMetadata{}
	_ connect.Reads = TimestampConverter{}
	_ connect.Reads = TimestampRouter{}
	_ connect.Reads = TombstoneHandler{}
	_ connect.Reads = ValueToKey{}
)

var (
	all     = connect.Reading{}
	passed  = connect.Reading{Passed: true, SameName: true}
	nothing = connect.Reading{Only: []string{}}
)

// touches is the reading of a step on a key or value that passes on all but what
// it does to these fields, or to what is in them.
func touches(on string, role connect.Role, fields []string, version string) connect.Reading {
	if on != role.String() {
		return passed
	}
	r := connect.Reading{Passed: true}
	for _, f := range fields {
		path, err := parseFieldPath(f, version)
		if err != nil {
			return all
		}
		r.Only = append(r.Only, path[0])
	}
	return r
}

// Reads is what stays: the fields that are included, or all but those that go.
// Whether one is there that is to be renamed is looked at, even if it goes.
func (f ReplaceField) Reads(role connect.Role) connect.Reading {
	if f.On != role.String() {
		return passed
	}
	root, err := f.tree()
	if err != nil {
		return all
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
	r := touches(f.On, role, []string{f.Field}, f.FieldSyntaxVersion)
	if f.On == role.String() {
		r.Passed = false
	}
	return r
}

// Reads is the fields that are cast.
func (c Cast) Reads(role connect.Role) connect.Reading {
	var fields []string
	for _, item := range c.Spec {
		name, _, isField := strings.Cut(item, ":")
		if !isField && c.On == role.String() {
			return all
		}
		fields = append(fields, name)
	}
	return touches(c.On, role, fields, c.FieldSyntaxVersion)
}

// Reads is the fields that are masked.
func (f MaskField) Reads(role connect.Role) connect.Reading {
	return touches(f.On, role, f.Fields, f.FieldSyntaxVersion)
}

// Reads is the field, unless all is converted.
func (x TimestampConverter) Reads(role connect.Role) connect.Reading {
	if x.Field == "" && x.On == role.String() {
		return all
	}
	return touches(x.On, role, []string{x.Field}, x.FieldSyntaxVersion)
}

// Reads is the fields that are inserted: whether they are there.
func (f InsertField) Reads(role connect.Role) connect.Reading {
	var fields []string
	for _, in := range f.insertions() {
		fields = append(fields, in.name)
	}
	return touches(f.On, role, fields, f.FieldSyntaxVersion)
}

// Reads is all.
func (h HoistField) Reads(role connect.Role) connect.Reading { return whole(h.On, role) }

// Reads is all.
func (f Flatten) Reads(role connect.Role) connect.Reading { return whole(f.On, role) }

// whole is the reading of a step on all of a key or a value.
func whole(on string, role connect.Role) connect.Reading {
	if on != role.String() {
		return passed
	}
	return all
}

// Reads is the fields that become headers.
func (h HeaderFrom) Reads(role connect.Role) connect.Reading {
	return touches(h.On, role, h.Fields, h.FieldSyntaxVersion)
}

// Reads is the fields of the value that become the key, and nothing of the key
// that was.
func (f ValueToKey) Reads(role connect.Role) connect.Reading {
	if role == connect.RoleKey {
		return nothing
	}
	return touches("value", role, f.Fields, f.FieldSyntaxVersion)
}

// Reads is nothing of what goes; a schema that stays does so whole.
func (x Drop) Reads(role connect.Role) connect.Reading {
	switch {
	case x.On != role.String():
		return passed
	case x.SchemaBehavior == "nullify":
		return nothing
	}
	return all
}

// Reads is the field that names the topic, unless all of it does.
func (x ExtractTopic) Reads(role connect.Role) connect.Reading {
	if x.On != role.String() {
		return passed
	}
	path, err := x.path()
	if err != nil || len(path) == 0 {
		return all
	}
	return connect.Reading{Passed: true, Only: path[:1]}
}

// Reads is the fields that may hold the time.
func (x MessageTimestampRouter) Reads(role connect.Role) connect.Reading {
	return touches("value", role, x.MessageTimestampKeys, x.FieldSyntaxVersion)
}

// Reads is nothing of them: a record is dropped, or goes on as it is.
func (Filter) Reads(connect.Role) connect.Reading { return passed }

// Reads is nothing of them.
func (DropHeaders) Reads(connect.Role) connect.Reading { return passed }

// Reads is nothing of them.
func (InsertHeader) Reads(connect.Role) connect.Reading { return passed }

// Reads is nothing of them.
func (RegexRouter) Reads(connect.Role) connect.Reading { return passed }

// Reads is nothing of their fields.
func (SetSchemaMetadata) Reads(connect.Role) connect.Reading { return connect.Reading{Passed: true} }

// Reads is nothing of them.
func (TimestampRouter) Reads(connect.Role) connect.Reading { return passed }

// Reads is nothing but whether there is a value.
func (TombstoneHandler) Reads(connect.Role) connect.Reading { return passed }
