package jsonschema

import (
	"testing"

	"kcgen.dev/runtime/connect"
)

const modern = `"$schema":"https://json-schema.org/draft/2020-12/schema"`

// TestModern: what differs in the drafts from 2019-09 on.
func TestModern(t *testing.T) {
	str, num := connect.StringSchema, connect.Int64Schema
	field := func(name string, s *connect.Schema) *connect.SchemaBuilder { return connect.NewStruct().Field(name, s) }
	for _, test := range []struct {
		name, text string
		want       *connect.Schema
	}{
		{"a format takes no title away", `{` + modern + `,"type":"integer","format":"int64","title":"T"}`, connect.NewSchema(connect.KindInt64).Name("T").MustBuild()},
		{"as it does before", `{"type":"integer","format":"int64","title":"T"}`, num},
		{"keywords beside $ref", `{` + modern + `,"$defs":{"A":{"type":"object","properties":{"a":{"type":"string"}}}},"$ref":"#/$defs/A","properties":{"b":{"type":"integer"}}}`,
			field("a", str).Field("b", num).MustBuild()},
		{"and before", `{"$defs":{"A":{"type":"object","properties":{"a":{"type":"string"}}}},"$ref":"#/$defs/A","properties":{"b":{"type":"integer"}}}`,
			field("a", str).MustBuild()},
		{"an anchor", `{` + modern + `,"$defs":{"A":{"$anchor":"here","type":"string"}},"properties":{"a":{"$ref":"#here"}}}`, field("a", str).MustBuild()},
		{"an id within", `{` + modern + `,"$id":"https://acme.io/root","$defs":{"A":{"$id":"sub","type":"string"}},"properties":{"a":{"$ref":"sub"},"b":{"$ref":"https://acme.io/sub"}}}`,
			field("a", str).Field("b", str).MustBuild()},
		{"a type and null", `{` + modern + `,"properties":{"a":{"type":["null","string"],"minLength":1}}}`, field("a", connect.OptionalStringSchema).MustBuild()},
		{"an enum with a type", `{` + modern + `,"type":"string","enum":["x"]}`, connect.NewSchema(connect.KindString).Param(enumParam, "").Param(enumParam+".x", "x").MustBuild()},
	} {
		got, err := ParseSchema(test.text, "x")
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		} else if !got.Equal(test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
	c := with(func(c *Converter) { c.IgnoreModernDialects = true }).codec(nil)
	l := loader{ignoreModern: true}
	root, err := l.load(`{`+modern+`,"type":"integer","format":"int64","title":"T"}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.options.toConnect(root, nil); err != nil || !got.Equal(num) {
		t.Errorf("ignoreModernDialects: %v, %v", got, err)
	}
}
