package jsonschema

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
	if err != nil || len(got) != 2 || got[0].Append != recipe.Head || string(got[0].Bytes) != `{"type":"string"}` || got[1].Append != recipe.JSON {
		t.Errorf("%+v, %v", got, err)
	}
	union := connect.NewStruct().Name(oneOfName).Field("a", connect.StringSchema).MustBuild()
	for want, change := range map[string]func(*Converter, *fuse.Value){
		"useSchemaId":           func(c *Converter, _ *fuse.Value) { c.UseSchemaID = 7 },
		"useLatestVersion":      func(c *Converter, _ *fuse.Value) { c.UseLatestVersion = true },
		"jsonFailInvalidSchema": func(c *Converter, _ *fuse.Value) { c.JSONFailInvalidSchema = true },
		"jsonIndentOutput":      func(c *Converter, _ *fuse.Value) { c.JSONIndentOutput = true },
		"unknown format":        func(c *Converter, _ *fuse.Value) { c.DecimalFormat = "x" },
		"no JSON Schema":        func(_ *Converter, v *fuse.Value) { v.Schema = nil },
		"does not fit": func(_ *Converter, v *fuse.Value) {
			*v = fuse.Value{From: fuse.Object, Schema: union, Fields: []fuse.Field{{Name: "a", Value: *v}}}
		},
		"left out": func(_ *Converter, v *fuse.Value) {
			null := fuse.Value{From: fuse.Constant, Schema: connect.StringSchema}
			s := connect.NewStruct().Field("a", connect.StringSchema).MustBuild()
			*v = fuse.Value{From: fuse.Object, Schema: s, Fields: []fuse.Field{{Name: "a", Value: null}}}
		},
		"differs from record to record": func(_ *Converter, v *fuse.Value) {
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
