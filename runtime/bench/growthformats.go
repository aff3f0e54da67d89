package main

import (
	"fmt"

	"kcgen.dev/runtime/chain"
	vocabulary "kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/convert/avro"
	"kcgen.dev/runtime/transform"
)

// formats are what records with fields may be written in.
var formats = []struct {
	name  string
	value vocabulary.Converter
}{
	{"JSON", convert.JSON{}},
	{"JSON with schema", convert.JSON{SchemasEnable: true}},
	{"Avro", avro.Converter{SubjectNameStrategy: "TopicNameStrategy", ConnectMetaData: true, FlattenSingletonUnions: true}.Offline()},
}

// byFormats grows records of which a chain keeps three fields: where only these
// are made, and where all are.
func byFormats(widths []int) ([]curve, error) {
	less := curve{title: "CPU time a record in the chain alone, three fields read", x: "fields", unit: "µs", log: true}
	whole := curve{title: "The same where all fields are made", x: "fields", unit: "µs", log: true}
	for _, f := range formats {
		for _, n := range widths {
			for _, c := range []*curve{&less, &whole} {
				once, err := keepingThree(f.value, n, c == &less)
				if err != nil {
					return nil, fmt.Errorf("%s of %d fields: %w", f.name, n, err)
				}
				micros, err := cpuOf(once)
				if err != nil {
					return nil, fmt.Errorf("%s of %d fields: %w", f.name, n, err)
				}
				c.add(f.name, float64(n), micros)
			}
		}
	}
	return []curve{less, whole}, nil
}

// keepingThree reads a record of n fields, keeps three, and writes them.
func keepingThree(value vocabulary.Converter, n int, project bool) (once func() error, err error) {
	keep := transform.ReplaceField{On: "value", ReplaceNullWithDefault: true}
	for f := range 3 {
		keep.Include = append(keep.Include, fmt.Sprintf("field%04d", f*n/3))
	}
	c, err := chain.Open(chain.Config{Steps: []chain.Step{{Do: keep}}, Key: convert.String{}, Value: value, Header: convert.SimpleHeader{}})
	if err != nil {
		return nil, err
	}
	record, err := c.Value.Encode(new(vocabulary.Buffer), "orders", wideStruct(n))
	if err != nil {
		return nil, err
	}
	if project {
		c.Project()
	}
	return through(c, record, "kept"), nil
}

// wideStruct is a record of n fields.
func wideStruct(n int) vocabulary.Datum {
	kinds := []*vocabulary.Schema{vocabulary.StringSchema, vocabulary.Int64Schema, vocabulary.OptionalStringSchema, vocabulary.Float64Schema}
	values := []vocabulary.Value{vocabulary.String("value 000007"), vocabulary.Int64(1_234_567), vocabulary.String("another value"), vocabulary.Float64(99.25)}
	schema, st := vocabulary.NewStruct().Name("bench.Wide"), &vocabulary.Struct{}
	for f := range n {
		schema.Field(fmt.Sprintf("field%04d", f), kinds[f%len(kinds)])
		st.Slots = append(st.Slots, values[f%len(values)])
	}
	st.Schema = schema.MustBuild()
	return vocabulary.Datum{Schema: st.Schema, Value: st.Value()}
}
