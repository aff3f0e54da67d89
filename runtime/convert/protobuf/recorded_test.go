package protobuf

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
)

// recorded is what Confluent's own converter (schema-registry 8.5, on Kafka
// 4.3.1) answered: data as Kafka Connect's JSON with what they are written as,
// or a schema and data with what they are read as.
type recorded struct {
	Name   string
	Config map[string]string // what differs from the defaults
	JSON   string            // written, as JSON with its schema
	Text   string            // the schema that was registered, or is read by
	Data   string            // the message, in hex
	Back   string            // what it is read as, as JSON with its schema
}

func (r recorded) converter(t *testing.T) Converter {
	c := defaults
	for name, value := range r.Config {
		field, ok := map[string]*bool{
			"enhanced.protobuf.schema.support": &c.EnhancedProtobufSchemaSupport,
			"scrub.invalid.names":              &c.ScrubInvalidNames,
			"generate.index.for.unions":        &c.GenerateIndexForUnions,
			"int.for.enums":                    &c.IntForEnums,
			"optional.for.nullables":           &c.OptionalForNullables,
			"optional.for.proto2":              &c.OptionalForProto2,
			"wrapper.for.nullables":            &c.WrapperForNullables,
			"wrapper.for.raw.primitives":       &c.WrapperForRawPrimitives,
			"generate.struct.for.nulls":        &c.GenerateStructForNulls,
			"flatten.unions":                   &c.FlattenUnions,
			"ignore.default.for.nullables":     &c.IgnoreDefaultForNullables,
			"generalized.sum.type.support":     &c.GeneralizedSumTypeSupport,
		}[name]
		if !ok {
			t.Fatalf("there is no option %s", name)
		}
		*field = value == "true"
	}
	return c
}

func TestRecorded(t *testing.T) {
	f, err := os.Open("testdata/confluent.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	codec, err := convert.JSON{SchemasEnable: true}.Open(connect.RoleValue)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r recorded
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		t.Run(r.Name, func(t *testing.T) { r.check(t, codec) })
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

func (r recorded) check(t *testing.T, codec connect.Codec) {
	c, index := r.converter(t), 0
	data := unhex(t, r.Data)
	if r.JSON != "" {
		d, err := codec.Decode("t", []byte(r.JSON))
		if err != nil {
			t.Fatal(err)
		}
		w := c.newWriter(d.Schema)
		if w.err != nil {
			t.Fatal(w.err)
		}
		if w.own.Text != r.Text {
			t.Errorf("the schema is\n%s\nwant\n%s", w.own.Text, r.Text)
		}
		if data, err = w.plan.write(nil, d.Value); err != nil {
			t.Fatal(err)
		}
		if !sameButForOrder(data, unhex(t, r.Data)) {
			t.Errorf("the message is\n%x\nwant\n%s", data, r.Data)
		}
		index = w.made.index
	}
	f, err := parse(r.Text, nil)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := c.planRead(f.at([]int{index}))
	if err != nil {
		t.Fatal(err)
	}
	v, err := new(decoder).read(plan, data, data)
	if err != nil {
		t.Fatal(err)
	}
	out, err := codec.Encode(new(connect.Buffer), "t", connect.Datum{Schema: plan.schema, Value: v})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := canonical(t, string(out)), canonical(t, r.Back); got != want {
		t.Errorf("it is read as\n%s\nwant\n%s", got, want)
	}
}

// sameButForOrder allows another order of a map's entries, which is Java's own.
func sameButForOrder(a, b []byte) bool {
	a, b = bytes.Clone(a), bytes.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return bytes.Equal(a, b)
}

// canonical is JSON with members and the entries of maps in one order.
func canonical(t *testing.T, s string) string {
	var v any
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	sortPairs(v)
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// sortPairs sorts lists of pairs, which are maps whose keys are no strings.
func sortPairs(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			sortPairs(e)
		}
	case []any:
		pairs := true
		for _, e := range v {
			sortPairs(e)
			p, ok := e.([]any)
			pairs = pairs && ok && len(p) == 2
		}
		if pairs {
			slices.SortFunc(v, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
	}
}
