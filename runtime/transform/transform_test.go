package transform_test

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/transform"
)

func apply(t *testing.T, chain []connect.Apply, r *connect.Record) {
	t.Helper()
	for _, a := range chain {
		if keep, err := a(r); !keep || err != nil {
			t.Fatalf("keep %v, %v", keep, err)
		}
	}
}

// TestOneSchema: records of one schema become records of one schema, whatever
// comes between, so that what follows needs to look at it once.
func TestOneSchema(t *testing.T) {
	chain := openAll(t, logChain...)
	other := connect.NewSchema(connect.KindString).Name("other").MustBuild()
	var first *connect.Schema
	for i := range 1000 {
		in := connect.StringSchema
		if i%3 == 1 {
			in = other
		}
		r := &connect.Record{Value: connect.Datum{Schema: in, Value: connect.String("x")}}
		apply(t, chain, r)
		switch {
		case first == nil:
			first = r.Value.Schema
		case (in == other) == (first == r.Value.Schema):
			t.Fatalf("record %d: schema %v at another address, or of another record", i, r.Value.Schema)
		}
	}
}

// TestManySchemas goes over the bound of the cache.
func TestManySchemas(t *testing.T) {
	chain := openAll(t, logChain...)
	for i := range int32(1000) {
		in := connect.NewSchema(connect.KindString).Version(i).MustBuild()
		r := &connect.Record{Value: connect.Datum{Schema: in, Value: connect.String("x")}}
		apply(t, chain, r)
		if r.Value.Schema.Fields()[0].Schema != in {
			t.Fatalf("record %d has the schema %v", i, r.Value.Schema)
		}
	}
}

// TestRecordsStand: what was made of a record stays when others follow, and
// what it was made of stays as it was.
func TestRecordsStand(t *testing.T) {
	for _, schema := range []*connect.Schema{nil, connect.StringSchema} {
		chain := openAll(t, logChain...)
		insert := openAll(t, transform.InsertField{On: "value", TopicField: "line"})[0]
		var rs []connect.Record
		for i := range 1000 {
			r := connect.Record{Topic: "t", Value: connect.Datum{Schema: schema, Value: connect.String(strings.Repeat("x", i))}}
			apply(t, chain, &r)
			rs = append(rs, r)
			copied := r
			if _, err := insert(&copied); (err == nil) != (schema == nil) {
				t.Fatal(err)
			}
		}
		for i := range rs {
			v := rs[i].Value.Value
			get := v.Map().Get
			if schema != nil {
				get = v.Struct().Get
			}
			if get("line").Str() != strings.Repeat("x", i) || get("site").Str() != "eu" {
				t.Fatalf("record %d became %v", i, v)
			}
		}
	}
}

// TestErrorLeavesTheRecord: a record that fails is as it was.
func TestErrorLeavesTheRecord(t *testing.T) {
	s := connect.NewStruct().Field("a", connect.Int8Schema).MustBuild()
	broken := (&connect.Struct{Schema: s}).Value()
	for want, c := range map[string]struct {
		tr connect.Transform
		d  connect.Datum
	}{
		"HoistField on the value: connect: validate value: null": {transform.HoistField{On: "value", Field: "f"}, connect.Datum{Schema: connect.StringSchema}},
		"field 0 has no name":           {transform.HoistField{On: "value"}, connect.Datum{Schema: connect.StringSchema, Value: connect.String("x")}},
		"slots for 1 fields":            {transform.InsertField{On: "value", TopicField: "t"}, connect.Datum{Schema: s, Value: broken}},
		`field "a" twice`:               {transform.InsertField{On: "value", TopicField: "a"}, connect.Datum{Schema: s, Value: (&connect.Struct{Schema: s, Slots: []connect.Value{connect.Int8(1)}}).Value()}},
		`field "a": null`:               {transform.InsertField{On: "value", TopicField: "t"}, connect.Datum{Schema: s, Value: (&connect.Struct{Schema: s, Slots: []connect.Value{connect.Null}}).Value()}},
		"only a struct can take a":      {transform.InsertField{On: "value", TopicField: "t"}, connect.Datum{Schema: connect.StringSchema, Value: connect.String("x")}},
		"only a map can take a":         {transform.InsertField{On: "value", TopicField: "t"}, connect.Datum{Value: connect.String("x")}},
		"a source's record has no offs": {transform.InsertField{On: "value", TopicField: "t", OffsetField: "o"}, connect.Datum{Value: (&connect.Map{}).Value()}},
	} {
		r := &connect.Record{Value: c.d, Offset: -1}
		_, err := openAll(t, c.tr)[0](r)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		if r.Value.Schema != c.d.Schema || r.Value.Value.Struct() != c.d.Value.Struct() || r.Value.Value.Map() != c.d.Value.Map() {
			t.Errorf("%s: the record changed", want)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	for _, tr := range []connect.Transform{
		transform.HoistField{Field: "f"}, transform.HoistField{On: "header", Field: "f"},
		transform.InsertField{On: "value"}, transform.InsertField{TopicField: "t"}, transform.InsertField{On: "key", StaticValue: "v"},
	} {
		if _, err := tr.Open(); err == nil {
			t.Errorf("%#v opens", tr)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	for _, schema := range []*connect.Schema{nil, connect.StringSchema} {
		chain := openAll(t, logChain...)
		r := &connect.Record{}
		n := testing.AllocsPerRun(5000, func() {
			r.Value = connect.Datum{Schema: schema, Value: line}
			for _, a := range chain {
				if _, err := a(r); err != nil {
					t.Fatal(err)
				}
			}
		})
		if n > 0.1 {
			t.Errorf("schema %v: %v allocations a record", schema, n)
		}
	}
}
