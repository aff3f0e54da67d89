package jsonschema

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/registry"
)

func TestParseSchema(t *testing.T) {
	s, err := ParseSchema(`{"title":"T","type":"object","properties":{"id":{"type":"integer","connect.type":"int32"},"note":{"type":["string","null"]}}}`, "order.json")
	if err != nil {
		t.Fatal(err)
	}
	want := connect.NewStruct().Name("T").Field("note", connect.OptionalStringSchema).Field("id", connect.Int32Schema).MustBuild()
	if !s.Equal(want) {
		t.Errorf("got %v, want %v", s, want)
	}
	for _, test := range []struct{ text, want string }{
		{``, "empty"},
		{`{"type":`, "ends too early"},
		{`5`, "is an object, or true or false"},
		{`{"type":"decimal"}`, `#: unknown type "decimal"`},
		{`{"properties":{"a":{"items":{"type":5}}}}`, "#/properties/a/items: type is neither"},
		{`{"type":"object","properties":{"a/b":{}}}`, "#/properties/a~1b: a schema without a type has no Connect schema"},
		{`{"definitions":{"N":{"type":"object","properties":{"next":{"$ref":"#/definitions/N"}}}},"$ref":"#/definitions/N"}`, "contains itself"},
		{`{"$ref":"#"}`, "contains itself"},
		{`{"$ref":"#/definitions/X"}`, `$ref "#/definitions/X": there is nothing`},
		{`{"$ref":"other.json"}`, "nothing is fetched"},
		{`{"type":"array"}`, "does not say what it holds"},
		{`{"properties":{"a":{"type":"string","connect.parameters":{"p":1}}}}`, `"p" is no string`},
		{strings.Repeat(`{"items":`, 600) + "{}" + strings.Repeat("}", 600), "#/items"},
		{strings.Repeat(`{"items":`, 1200), "levels"},
	} {
		if _, err := ParseSchema(test.text, "order.json"); err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "order.json") {
			t.Errorf("%.80s: %v, want %q", test.text, err, test.want)
		}
	}
}

// TestLatest: under useLatestVersion data are written under the latest schema,
// if it allows them, and read by it.
func TestLatest(t *testing.T) {
	latest := with(func(c *Converter) { c.AutoRegisterSchemas, c.UseLatestVersion = false, true })
	lax := latest
	lax.LatestCompatibilityStrict = false
	s := connect.NewStruct().Name("T").Field("a", connect.StringSchema).Field("b", connect.OptionalInt32Schema).MustBuild()
	st := (&connect.Struct{Schema: s, Slots: []connect.Value{connect.String("x"), connect.Int32(5)}}).Value()
	for _, test := range []struct{ name, schema, want string }{
		{"the same types", `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":["null","integer"]}}}`, ""},
		{"wider", `{"type":"object","properties":{"a":{"type":["string","integer"]},"b":{"type":["null","number"]}}}`, ""},
		{"not named but allowed", `{"type":"object","properties":{"a":{"type":"string"}}}`, ""},
		{"closed", `{"type":"object","additionalProperties":false,"properties":{"a":{"type":"string"}}}`, "/b: it has no such property"},
		{"another type", `{"type":"object","properties":{"a":{"type":"integer"}}}`, "/a: it says integer, the record's schema string"},
		{"no null", `{"type":"object","properties":{"b":{"type":"integer"}}}`, "/b: it says integer, the record's schema null"},
		{"required", `{"type":"object","required":["z"],"properties":{"z":{"type":"string"}}}`, `requires property "z"`},
		{"values", `{"type":"object","properties":{"a":{"enum":["q"]}}}`, "/a: it lists values"},
		{"by reference", `{"definitions":{"B":{"type":"boolean"}},"type":"object","properties":{"a":{"$ref":"#/definitions/B"}}}`, "/a: it says boolean"},
	} {
		reg := newFake()
		reg.useTop = true
		id := reg.add(registry.Schema{Text: test.schema})
		reg.latest["t"] = reg.byID[id]
		out, err := latest.codec(reg).Encode(new(connect.Buffer), "t", connect.Datum{Schema: s, Value: st})
		if test.want == "" && (err != nil || string(out[5:]) != `{"a":"x","b":5}`) {
			t.Errorf("%s: %q, %v", test.name, out, err)
		} else if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
		if _, err := lax.codec(reg).Encode(new(connect.Buffer), "t", connect.Datum{Schema: s, Value: st}); err != nil {
			t.Errorf("%s, not strict: %v", test.name, err)
		}
	}

	reg := newFake()
	old := message(reg, `{"type":"object","properties":{"a":{"type":"string"}}}`, `{"a":"x"}`)
	id := reg.add(registry.Schema{Text: `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer","default":7}}}`})
	reg.latest["t"] = reg.byID[id]
	d, err := latest.codec(reg).Decode("t", old)
	if err != nil || d.Value.String() != `{a:"x" b:7}` {
		t.Errorf("read %v, %v", d.Value, err)
	}
}

func TestWithoutSchema(t *testing.T) {
	m := connect.MapOf(connect.Entry{Key: connect.String("name"), Value: connect.String("Ann")}).Value()
	if _, err := defaults().codec(newFake()).Encode(new(connect.Buffer), "t", connect.Datum{Value: m}); err == nil || !strings.Contains(err.Error(), "without a schema") {
		t.Error(err)
	}
	reg := newFake()
	reg.fixed = reg.add(registry.Schema{Text: person})
	c := with(func(c *Converter) { c.AutoRegisterSchemas, c.UseSchemaID = false, 1 }).codec(reg)
	if out := encode(t, c, connect.Datum{Value: m}); string(out[5:]) != `{"name":"Ann"}` {
		t.Errorf("%s", out)
	}
	bad := connect.MapOf(connect.Entry{Key: connect.Int32(1), Value: connect.Null}).Value()
	if _, err := c.Encode(new(connect.Buffer), "t", connect.Datum{Value: bad}); err == nil || !strings.Contains(err.Error(), "schema id 1") {
		t.Error(err)
	}
}

// TestAsksOnce: the registry is asked once for each schema and topic.
func TestAsksOnce(t *testing.T) {
	reg := newFake()
	c := defaults().codec(reg)
	for range 5 {
		encode(t, c, connect.Datum{Schema: connect.StringSchema, Value: connect.String("x")})
	}
	if reg.asked != 1 {
		t.Errorf("asked %d times to write", reg.asked)
	}
	out := encode(t, c, connect.Datum{Schema: connect.StringSchema, Value: connect.String("x")})
	other := defaults().codec(reg)
	for range 5 {
		if _, err := other.Decode("t", out); err != nil {
			t.Fatal(err)
		}
	}
	if reg.asked != 3 { // once for the schema, once for its version
		t.Errorf("asked %d times to read", reg.asked-1)
	}
}

func TestFlow(t *testing.T) {
	c := defaults()
	if err := c.Encodes(connect.RoleValue, connect.Form{}); err != nil {
		t.Error(err)
	}
	if err := c.Encodes(connect.RoleValue, connect.Of(connect.StringSchema)); err != nil {
		t.Error(err)
	}
	if err := c.Encodes(connect.RoleValue, connect.Of(nil)); err == nil {
		t.Error("data without a schema")
	}
	if err := c.Encodes(connect.RoleHeader, connect.Of(connect.StringSchema)); err == nil {
		t.Error("headers")
	}
	f, err := c.Decodes(connect.RoleValue, connect.Of(connect.StringSchema))
	if err != nil || f.Schema != connect.StringSchema {
		t.Error(f, err)
	}
	if _, err := c.Decodes(connect.RoleValue, connect.Of(nil)); err == nil {
		t.Error("declared without a schema")
	}
	c.AutoRegisterSchemas, c.UseSchemaID = false, 3
	off := c.Offline().(Converter)
	if off.SchemaRegistry.URL[0] != "mock://offline" || !off.AutoRegisterSchemas || off.UseSchemaID != 0 {
		t.Errorf("got %+v", off)
	}
	if _, err := off.Open(connect.RoleValue); err != nil {
		t.Error(err)
	}
}

func TestOpen(t *testing.T) {
	for _, test := range []struct {
		option string
		set    func(*Converter)
	}{
		{"useLatestVersion", func(c *Converter) { c.UseLatestVersion = true }},
		{"useSchemaId", func(c *Converter) { c.UseSchemaID = 1 }},
		{"decimalFormat", func(c *Converter) { c.DecimalFormat = "HEX" }},
	} {
		c := with(test.set)
		c.SchemaRegistry = registry.Registry{URL: []string{"http://127.0.0.1:1"}}
		_, err := c.Open(connect.RoleValue)
		var option *connect.OptionError
		if !errors.As(err, &option) || option.Option != test.option {
			t.Errorf("%s: %v", test.option, err)
		}
	}
}

func TestIndent(t *testing.T) {
	for in, want := range map[string]string{
		`{}`: `{ }`, `[]`: `[ ]`, `5`: `5`,
		`{"a":1,"b":[1,{"c":"x,{y"}],"e":{},"f":"\"q"}`: "{\n  \"a\" : 1,\n  \"b\" : [ 1, {\n    \"c\" : \"x,{y\"\n  } ],\n  \"e\" : { },\n  \"f\" : \"\\\"q\"\n}",
	} {
		if got := string(appendIndented(nil, []byte(in))); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

// TestAgain: a struct that is referred to three times is written with an id
// and a reference to it, and that is read, and validated with.
func TestAgain(t *testing.T) {
	reg := newFake()
	const refs = `{"definitions":{"A":{"type":"object","properties":{"s":{"type":"string"}}}},"type":"object","properties":` +
		`{"p":{"$ref":"#/definitions/A"},"q":{"$ref":"#/definitions/A"},"r":{"$ref":"#/definitions/A"}}}`
	c := validating().codec(reg)
	first, err := c.Decode("t", message(reg, refs, `{"p":{"s":"1"},"q":{"s":"2"},"r":{"s":"3"}}`))
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.Encode(new(connect.Buffer), "t", first)
	if err != nil {
		t.Fatal(err)
	}
	if text := reg.byID[2].Text; strings.Count(text, `"id":"#id2"`) != 1 || strings.Count(text, `{"$ref":"#id2"}`) != 1 {
		t.Error(text)
	}
	again, err := c.Decode("t", out)
	if err != nil || again.Value.String() != first.Value.String() {
		t.Errorf("%v, %v", again.Value, err)
	}
}

// TestUnfold: a schema whose parts share parts is not unfolded without an end.
func TestUnfold(t *testing.T) {
	s := connect.StringSchema
	for range 40 {
		s = connect.NewStruct().Field("a", s).Field("b", s).MustBuild()
	}
	if err := defaults().Encodes(connect.RoleValue, connect.Of(s)); err == nil || !strings.Contains(err.Error(), "unfolds") {
		t.Error(err)
	}
	text := `{"definitions":{`
	for i := range 40 {
		text += fmt.Sprintf(`"a%d":{"type":"array","items":{"oneOf":[{"$ref":"#/definitions/a%d"},{"type":"array","items":{"$ref":"#/definitions/a%d"}}]}},`, i, i+1, i+1)
	}
	text += `"a40":{"type":"string"}},"$ref":"#/definitions/a0"}`
	if _, err := ParseSchema(text, "x"); err == nil || !strings.Contains(err.Error(), "unfolds") {
		t.Error(err)
	}
}
