package jsonschema

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
)

// foreign is a schema, data of it, and what Confluent's JsonSchemaData and
// Kafka's JsonConverter made of them: recorded answers.
type foreign struct {
	ID, Schema, Data, Envelope string
	Conf                       map[string]string
	Error                      bool
}

func (f foreign) converter() Converter {
	return with(func(c *Converter) {
		c.UseOptionalForNonrequired = f.Conf["use.optional.for.nonrequired"] == "true"
		c.FlattenSingletonUnions = f.Conf["flatten.singleton.unions"] != "false"
		c.GeneralizedSumTypeSupport = f.Conf["generalized.sum.type.support"] == "true"
	})
}

// TestForeign: schemas that others wrote, and data of them.
func TestForeign(t *testing.T) {
	file, err := os.Open("testdata/foreign.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var f foreign
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
			t.Fatal(err)
		}
		t.Run(f.ID, func(t *testing.T) {
			got, err := f.envelope()
			switch {
			case f.Error && err == nil:
				t.Errorf("got %s, want an error", got)
			case !f.Error && err != nil:
				t.Errorf("%v, want %s", err, f.Envelope)
			case got != f.Envelope:
				t.Errorf("got  %s\nwant %s", got, f.Envelope)
			}
		})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// envelope reads the data, and writes them with their schema as JsonConverter
// does.
func (f foreign) envelope() (string, error) {
	reg := newFake()
	d, err := f.converter().codec(reg).Decode("t", message(reg, f.Schema, f.Data))
	if err != nil {
		return "", err
	}
	codec, err := convert.JSON{SchemasEnable: true}.Open(connect.RoleValue)
	if err != nil {
		return "", err
	}
	out, err := codec.Encode(new(connect.Buffer), "t", d)
	return string(out), err
}
