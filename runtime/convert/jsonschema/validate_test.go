package jsonschema

import (
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/registry"
)

func validating() Converter {
	return with(func(c *Converter) { c.JSONFailInvalidSchema = true })
}

// person is a schema with a limit of each sort.
const person = `{"title":"Person","type":"object","required":["name"],"additionalProperties":false,"properties":{
	"name":{"type":"string","minLength":2,"pattern":"^[A-Z]"},
	"age":{"type":"integer","minimum":0,"maximum":150},
	"mail":{"type":"string","format":"email"},
	"tags":{"type":"array","items":{"type":"string"},"uniqueItems":true,"maxItems":3},
	"kind":{"oneOf":[{"type":"null"},{"type":"string","enum":["a","b"]}]},
	"step":{"type":"number","multipleOf":0.5}}}`

func TestValidateRead(t *testing.T) {
	for _, test := range []struct{ data, want string }{
		{`{"name":"Ann","age":3,"mail":"a@b.de","tags":["x","y"],"kind":null,"step":1.5}`, ""},
		{`{"name":"A"}`, "/name: minLength: length must be >= 2, but got 1"},
		{`{"name":"ann"}`, "/name: pattern: does not match pattern '^[A-Z]'"},
		{`{"age":1}`, "the whole: required: missing properties: 'name'"},
		{`{"name":"Ann","x":1}`, "the whole: additionalProperties: additionalProperties 'x' not allowed"},
		{`{"name":"Ann","age":-5}`, "/age: minimum: must be >= 0"},
		{`{"name":"Ann","age":"secret"}`, "/age: type: expected integer, but got string"},
		{`{"name":"Ann","age":1.5}`, "/age: type: expected integer, but got number"},
		{`{"name":"Ann","mail":"secret"}`, "/mail: format: is not valid 'email'"},
		{`{"name":"Ann","tags":["a","b","a"]}`, "/tags: uniqueItems: items 0 and 2 are equal"},
		{`{"name":"Ann","tags":["a",2]}`, "/tags/1: type: expected string, but got number"},
		{`{"name":"Ann","kind":"secret"}`, `/kind: enum: value must be one of "a", "b"`},
		{`{"name":"Ann","kind":7}`, "/kind: oneOf: expected null or string"},
		{`{"name":"Ann","step":0.7}`, "/step: multipleOf: must be a multiple of 0.5"},
		{`{"name":"A","age":-5}`, "/age: minimum: must be >= 0\n/name: minLength"},
		{`{"name":"Ann","age":1e99999999}`, "number at byte 20: an exponent beyond 400"},
		{`{"name":"Ann","step":NaN}`, "NaN and the infinities"},
	} {
		reg := newFake()
		_, err := validating().codec(reg).Decode("t", message(reg, person, test.data))
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", test.data, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "schema id 1")):
			t.Errorf("%s: %v, want %s", test.data, err, test.want)
		case err != nil && strings.Contains(err.Error(), "secret"):
			t.Errorf("the data are in %v", err)
		}
	}
}

func TestValidateWrite(t *testing.T) {
	s := connect.NewStruct().Field("name", connect.StringSchema).MustBuild()
	st := (&connect.Struct{Schema: s, Slots: []connect.Value{connect.String("ann")}}).Value()
	reg := newFake()
	reg.fixed = reg.add(registry.Schema{Text: person})
	c := with(func(c *Converter) {
		c.JSONFailInvalidSchema, c.UseSchemaID, c.AutoRegisterSchemas, c.LatestCompatibilityStrict = true, 1, false, false
	})
	_, err := c.codec(reg).Encode(new(connect.Buffer), "t", connect.Datum{Schema: s, Value: st})
	if err == nil || !strings.Contains(err.Error(), "/name: pattern") {
		t.Error(err)
	}
}

// TestHostile: what would panic, or take for ever, in the library.
func TestHostile(t *testing.T) {
	chain := `{"definitions":{`
	for i := range 40 {
		chain += fmt.Sprintf(`"a%d":{"allOf":[{"$ref":"#/definitions/a%d"},{"$ref":"#/definitions/a%d"}]},`, i, i+1, i+1)
	}
	chain += `"a40":{"type":"object"}},"type":"object","properties":{},"allOf":[{"$ref":"#/definitions/a0"}]}`

	var colliding strings.Builder // arrays whose hashes are equal in the library
	for i := range 4000 {
		if i > 0 {
			colliding.WriteByte(',')
		}
		colliding.WriteByte('[')
		text := "x"
		for bit := range 12 {
			if i>>bit&1 == 0 {
				text += `\u0003x`
			} else {
				text += `","x`
			}
		}
		colliding.WriteString(`"` + text + `"]`)
	}
	for _, test := range []struct{ name, schema, data, want string }{
		{"exponent", `{"type":"object","properties":{"a":{"type":"integer"}}}`, `{"a":1e2000000}`, "an exponent beyond 400"},
		{"exponent in the schema", `{"type":"object","properties":{"a":{"type":"number","minimum":1e2000000}}}`, `{"a":1}`, "an exponent beyond 400"},
		{"reference to itself", `{"type":"object","properties":{"a":{"type":"string"}},"allOf":[{"$ref":"#"}]}`, `{"a":"x"}`, "infinite loop"},
		{"references that double", chain, `{}`, "costs too much"},
		{"equal hashes", `{"type":"object","properties":{"a":{"type":"array","uniqueItems":true,"items":{"type":"array","items":{"type":"string"}}}}}`,
			`{"a":[` + colliding.String() + `]}`, "ok"},
		{"a reference elsewhere", `{"type":"object","properties":{"a":{"$ref":"http://127.0.0.1:1/x.json"}}}`, `{}`, "nothing is fetched"},
		{"a file", `{"type":"object","properties":{"a":{"$ref":"file:///etc/passwd"}}}`, `{}`, "nothing is fetched"},
		{"multiple of 0", `{"type":"object","properties":{"a":{"type":"number","multipleOf":0}}}`, `{"a":1}`, "bad JSON Schema"},
		{"bad pattern", `{"type":"object","properties":{"a":{"type":"string","pattern":"(?<!x)y"}}}`, `{"a":"y"}`, "pattern"},
		{"no schema", `[]`, `{}`, "a JSON Schema is an object"},
	} {
		t.Run(test.name, func(t *testing.T) {
			reg := newFake()
			_, err := validating().codec(reg).Decode("t", message(reg, test.schema, test.data))
			if test.want == "ok" {
				if err != nil {
					t.Error(err)
				}
			} else if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestReferences(t *testing.T) {
	reg := newFake()
	id := reg.add(registry.Schema{
		Text: `{"$id":"http://acme.io/order.json","type":"object","properties":{"to":{"$ref":"address.json"},"from":{"$ref":"address.json#/definitions/Zip"}}}`,
		Imports: []registry.Import{
			{Name: "country.json", Text: `{"type":"string","enum":["de","fr"]}`},
			{Name: "address.json", Text: `{"type":"object","properties":{"country":{"$ref":"country.json"}},"definitions":{"Zip":{"type":"integer"}}}`},
		},
	})
	c := validating().codec(reg)
	d, err := c.Decode("t", append(registry.AppendHeader(nil, id), `{"to":{"country":"de"},"from":80331}`...))
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Value.String(); got != `{from:80331 to:{country:"de"}}` {
		t.Error(got)
	}
	_, err = c.Decode("t", append(registry.AppendHeader(nil, id), `{"to":{"country":"xx"},"from":80331}`...))
	if err == nil || !strings.Contains(err.Error(), "/to/country: enum") {
		t.Error(err)
	}
}

// TestDrafts: each draft's own words are understood.
func TestDrafts(t *testing.T) {
	for _, test := range []struct{ name, schema, good, bad string }{
		{"4", `{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","properties":{"a":{"type":"integer","minimum":0,"exclusiveMinimum":true}}}`, `{"a":1}`, `{"a":0}`},
		{"6", `{"$schema":"http://json-schema.org/draft-06/schema#","type":"object","properties":{"a":{"type":"integer","exclusiveMinimum":0}}}`, `{"a":1}`, `{"a":0}`},
		{"7", `{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"a":{"type":"string"}},"if":{"required":["a"]},"then":{"minProperties":2}}`, `{}`, `{"a":"x"}`},
		{"none", `{"type":"object","properties":{"a":{"type":"string","format":"date"}}}`, `{"a":"2026-01-01"}`, `{"a":"x"}`},
		{"2019-09", `{"$schema":"https://json-schema.org/draft/2019-09/schema","type":"object","properties":{"a":{"type":"string"}},"dependentRequired":{"a":["b"]}}`, `{}`, `{"a":"x"}`},
		{"2020-12", `{"$schema":"https://json-schema.org/draft/2020-12/schema","$defs":{"P":{"$anchor":"p","type":"integer","minimum":1}},"type":"object","properties":{"a":{"$ref":"#p"}}}`, `{"a":1}`, `{"a":0}`},
	} {
		reg := newFake()
		c := validating().codec(reg)
		if _, err := c.Decode("t", message(reg, test.schema, test.good)); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if _, err := c.Decode("t", message(reg, test.schema, test.bad)); err == nil {
			t.Errorf("%s: %s is taken", test.name, test.bad)
		}
	}
}
