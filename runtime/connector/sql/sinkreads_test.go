package sql

import (
	"slices"
	"testing"

	"kcgen.dev/runtime/connect"
)

// TestSinkReads: what is said to be read is what layouts are made of.
func TestSinkReads(t *testing.T) {
	nothing := []string{}
	for name, c := range map[string]struct {
		o          Sink
		key, value []string // nil: all
	}{
		"none":         {Sink{PkMode: "none"}, nothing, nil},
		"kafka":        {Sink{PkMode: "kafka", PkFields: []string{"t", "p", "o"}, FieldsWhitelist: []string{"a"}}, nothing, []string{"a"}},
		"key":          {Sink{PkMode: "record_key", PkFields: []string{"id"}, FieldsWhitelist: []string{"a"}}, nil, []string{"a"}},
		"value":        {Sink{PkMode: "record_value", PkFields: []string{"id"}, FieldsWhitelist: []string{"a", "b"}}, nothing, []string{"a", "b", "id"}},
		"value, all":   {Sink{PkMode: "record_value", FieldsWhitelist: []string{"a"}}, nothing, nil},
		"value, whole": {Sink{PkMode: "record_value", PkFields: []string{"id"}}, nothing, nil},
	} {
		for role, want := range map[connect.Role][]string{connect.RoleKey: c.key, connect.RoleValue: c.value, connect.RoleHeader: nothing} {
			got := c.o.Reads(role)
			if (got.Only == nil) != (want == nil) || !slices.Equal(got.Only, want) {
				t.Errorf("%s: of %ss %+v is read, want %q", name, role, got, want)
			}
		}
		if c.value == nil {
			continue
		}
		// A value of which the fields alone are there that are read has the same columns.
		whole := connect.NewStruct()
		for _, f := range []string{"x", "id", "a", "b", "y"} {
			whole.Field(f, connect.StringSchema)
		}
		part, _ := c.o.Reads(connect.RoleValue).Part(whole.MustBuild())
		if part == nil {
			t.Fatalf("%s: nothing is spared", name)
		}
		key := connect.NewStruct().Field("id", connect.StringSchema).MustBuild()
		for _, tombstone := range []bool{false, true} {
			one, err := c.o.layout(key, part.Whole(), tombstone)
			two, err2 := c.o.layout(key, part, tombstone)
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			same := func(a, b column) bool { return a.name == b.name && a.from == b.from && a.schema == b.schema }
			if !slices.EqualFunc(one.columns, two.columns, same) || one.keys != two.keys {
				t.Errorf("%s: columns %v, of the whole value %v", name, two.columns, one.columns)
			}
		}
	}
}
