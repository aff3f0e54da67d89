package convert

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

// TestInPart: what is common is read in part, and the tape is not needed.
func TestInPart(t *testing.T) {
	const (
		schema = `{"type":"struct","fields":[{"type":"string","field":"a"},{"type":"int32","field":"b"},{"type":"int64","name":"org.apache.kafka.connect.data.Timestamp","version":1,"field":"c"},` +
			`{"type":"struct","optional":true,"field":"d","fields":[{"type":"array","items":{"type":"string"},"field":"x"},{"type":"bytes","field":"y","optional":true}]},` +
			`{"type":"map","keys":{"type":"string"},"values":{"type":"double"},"field":"e","optional":true},{"type":"int32","default":7,"field":"ü"}]}`
		other = `{"type":"struct","fields":[{"type":"string","field":"a"},{"type":"string","field":"z"},{"type":"string","field":"y"}]}`
	)
	codec, err := JSON{SchemasEnable: true, ReplaceNullWithDefault: true}.Open(connect.RoleValue)
	if err != nil {
		t.Fatal(err)
	}
	c := codec.(*jsonCodec)
	c.Project(connect.Reading{Only: []string{"a", "c"}})
	for _, m := range []string{`{"schema":` + schema + `,"payload":{"a":"","b":1,"c":2}}`, `{"schema":` + other + `,"payload":{"a":"","z":"","y":""}}`} {
		if _, err := c.Decode("t", []byte(m)); err != nil { // the schemas become known
			t.Fatal(err)
		}
	}
	for _, m := range []string{
		`{"schema":` + schema + `,"payload":{"a":"x","b":1,"c":1700000000000,"d":{"x":["y","ü\"\n"],"y":"AAE="},"e":{"k":1.5e-7},"ü":1}}`,
		`{"schema":` + schema + `,"payload":{"c":-1,"a":"x\ny","unknown":[{}],"ü":null,"b":-2}}`,
		`{"schema":` + other + `,"payload":{"a":"x","z":"y","y":"z"}}`,
		`{"schema":` + schema + `,"payload":{"a":"x","b":1,"c":5,"d":null,"e":null}}`,
		` { "schema" : ` + schema + ` , "payload" : { "a" : "x" , "b" : 1 , "c" : 5 } } `,
	} {
		c.r.part.Luck = 0
		d, err := c.Decode("t", []byte(m))
		if err != nil || !strings.HasPrefix(d.Value.Struct().Slots[0].Str(), "x") || len(d.Schema.Fields()) > 2 {
			t.Errorf("%s is %v of %v, %v", m, d.Value, d.Schema, err)
		}
		if c.r.part.Luck == 0 {
			t.Errorf("%s is not read in part", m)
		}
	}
}

// TestOneSchema: messages of one schema have one schema in part, however they
// were read.
func TestOneSchema(t *testing.T) {
	const schema = `{"type":"struct","fields":[{"type":"string","field":"a"},{"type":"int32","field":"b"}]}`
	codec, err := JSON{SchemasEnable: true}.Open(connect.RoleValue)
	if err != nil {
		t.Fatal(err)
	}
	codec.(connect.Projects).Project(connect.Reading{Except: []string{"b"}})
	var first *connect.Schema
	for _, payload := range []string{`{"a":"x","b":1}`, `{"a":"x","b":1}`, `{"\u0061":"x","b":1}`, `{"a":"x","b":1}`} {
		d, err := codec.Decode("t", []byte(`{"schema":`+schema+`,"payload":`+payload+`}`))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = d.Schema
		}
		if d.Schema != first || len(d.Schema.Fields()) != 1 {
			t.Errorf("%s has the schema %v, want %v", payload, d.Schema, first)
		}
	}
}
