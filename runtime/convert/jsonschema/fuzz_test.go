package jsonschema

import (
	"testing"

	"kcgen.dev/runtime/connect"
)

var fuzzSchemas = []string{
	person,
	`{"type":"array","items":{"oneOf":[{"type":"null"},{"type":"object","connect.type":"map","additionalProperties":{"type":"number"}},{"type":"integer","connect.type":"int8"}]}}`,
	`{"definitions":{"A":{"allOf":[{"type":"object","properties":{"x":{"type":"string","default":"d"}}},{"$ref":"#/$defs/B"}]}},"$defs":{"B":{"properties":{"y":{"const":5}}}},"$ref":"#/definitions/A"}`,
	`{"type":"number","title":"org.apache.kafka.connect.data.Decimal","connect.type":"bytes","connect.parameters":{"scale":"2"},"default":1.5}`,
	`{"$schema":"https://json-schema.org/draft/2020-12/schema","type":["object","null"],"properties":{"d":{"type":"integer","title":"org.apache.kafka.connect.data.Date"}},"$ref":"#/$defs/x","$defs":{"x":{"minProperties":1}}}`,
	`{"type":"array","connect.type":"map","items":{"type":"object","properties":{"key":{"type":"integer"},"value":{"enum":["a",null]}}}}`,
	`{"$ref":"#"}`, `true`, `{"allOf":[{"allOf":[]}]}`,
}

var fuzzData = []string{`{"name":"Ann","tags":["a"]}`, `[null,{"a":1e3},5]`, `{"x":"q","y":5}`, `1.25`, `"AJY="`, `{"d":3}`, `[{"key":1,"value":"a"}]`, `NaN`, ``, "\xff"}

// FuzzDecode: whatever the schema and the data, nothing panics, and what is
// read without a loss can be written and is read again.
func FuzzDecode(f *testing.F) {
	for _, s := range fuzzSchemas {
		for _, d := range fuzzData {
			f.Add(s, []byte(d), true)
			f.Add(s, []byte(d), false)
		}
	}
	f.Fuzz(func(t *testing.T, schema string, data []byte, validate bool) {
		reg := newFake()
		c := with(func(c *Converter) { c.JSONFailInvalidSchema, c.Strict = validate, true }).codec(reg)
		d, err := c.Decode("t", message(reg, schema, string(data)))
		if err != nil {
			return
		}
		loose := defaults().codec(reg)
		if _, err := loose.Decode("t", message(reg, schema, string(data))); err != nil {
			t.Fatalf("only strict reads it: %v", err)
		}
		out, err := c.Encode(new(connect.Buffer), "t", d)
		if err != nil || out == nil {
			return
		}
		if _, err := c.Decode("t", out); err != nil {
			t.Fatalf("%s is not read: %v", out, err)
		}
	})
}

// FuzzParseSchema: nothing panics, and what is made of a schema can be written
// as one.
func FuzzParseSchema(f *testing.F) {
	for _, s := range fuzzSchemas {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSchema(text, "x")
		if err != nil {
			return
		}
		c := defaults()
		again, err := c.codec(nil).w.text(s)
		if err != nil {
			return // a default that JSON cannot hold
		}
		if _, err := ParseSchema(again, "x"); err != nil {
			t.Fatalf("%s\nbecame %s: %v", text, again, err)
		}
	})
}

// FuzzMessage: any bytes are read or refused.
func FuzzMessage(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x01{}"))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		reg := newFake()
		message(reg, person, "")
		_, _ = validating().codec(reg).Decode("t", data)
	})
}
