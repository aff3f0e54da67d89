package protobuf

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/fuse"
	"kcgen.dev/runtime/fuse/recipe"
)

// TestPieces has what is known before there is a record, and what is not.
func TestPieces(t *testing.T) {
	text := fuse.Value{From: fuse.Text, Schema: connect.StringSchema}
	got, err := Converter{AutoRegisterSchemas: true}.Pieces(connect.RoleValue, text)
	if err != nil || len(got) != 2 || got[0].Append != recipe.Head || got[1].Append != recipe.ProtoText || got[1].Tag != 10 {
		t.Errorf("%+v, %v", got, err)
	}
	slot := func(s *connect.Schema) fuse.Value {
		return fuse.Value{From: fuse.Object, Schema: connect.NewStruct().Field("a", s).MustBuild(), Fields: []fuse.Field{{Name: "a", Value: fuse.Value{From: fuse.Slot, Schema: s}}}}
	}
	for want, change := range map[string]func(*Converter, *fuse.Value){
		"useSchemaId":       func(c *Converter, _ *fuse.Value) { c.UseSchemaID = 7 },
		"useLatestVersion)": func(c *Converter, _ *fuse.Value) { c.UseLatestVersion = true },
		"no schema":         func(_ *Converter, v *fuse.Value) { v.Schema = nil },
		"does not fit": func(_ *Converter, v *fuse.Value) {
			v.Schema = connect.NewStruct().Field("a", connect.StringSchema).MustBuild()
		},
		`field "a": how int64 is written differs`: func(_ *Converter, v *fuse.Value) { *v = slot(connect.TimestampSchema) },
		`field "a": how string is written`:        func(_ *Converter, v *fuse.Value) { *v = slot(connect.NewArray(connect.StringSchema).MustBuild()) },
		"whether it is null differs": func(_ *Converter, v *fuse.Value) {
			*v = fuse.Value{From: fuse.Slot, Schema: connect.OptionalStringSchema}
		},
	} {
		c, v := Converter{}, text
		change(&c, &v)
		if _, err := c.Pieces(connect.RoleValue, v); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want one with %q", err, want)
		}
	}
	if _, err := (Converter{}).Pieces(connect.RoleHeader, text); err == nil {
		t.Error("pieces of a header")
	}
}
