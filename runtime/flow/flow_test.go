package flow_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/flow"
	"kcgen.dev/runtime/predicate"
	"kcgen.dev/runtime/transform"
)

var address = connect.NewStruct().Field("street", connect.OptionalStringSchema).Field("zip", connect.StringSchema).MustBuild()

var order = connect.NewStruct().Name("Order").Version(2).
	Field("id", connect.Int64Schema).
	Field("customerId", connect.Int32Schema).
	Field("price", connect.NewDecimal(2).Optional().MustBuild()).
	Field("note", connect.OptionalStringSchema).
	Field("raw", connect.BytesSchema).
	Field("ship", address).
	Field("tags", connect.NewArray(connect.StringSchema).Optional().MustBuild()).
	Field("at", connect.TimestampSchema).
	MustBuild()

// orders is what is declared of a topic of orders, with tombstones or without.
func orders(nulls connect.Nulls) connect.Shape {
	return connect.Shape{Topic: "orders", Value: connect.Form{Known: true, Schema: order, Nulls: nulls}}
}

var tombstone = predicate.RecordIsTombstone{}

// text is the faults, a line each.
func text(faults []flow.Fault) string {
	var b strings.Builder
	for _, f := range faults {
		fmt.Fprintf(&b, "%s: %v\n", f.Path, f.Err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func toKey(fields ...string) transform.ValueToKey { return transform.ValueToKey{Fields: fields} }

func v2(field string) transform.ExtractField {
	return transform.ExtractField{On: "value", Field: field, FieldSyntaxVersion: "V2"}
}

func cast(spec ...string) transform.Cast { return transform.Cast{On: "value", Spec: spec} }

func mask(fields ...string) transform.MaskField {
	return transform.MaskField{On: "value", Fields: fields}
}

// TestFaults has what cannot work, as the user reads it.
func TestFaults(t *testing.T) {
	gone := flow.Step{Do: transform.ReplaceField{On: "value", Exclude: []string{"customerId"}}}
	for _, c := range []struct {
		name  string
		nulls connect.Nulls
		steps []flow.Step
		want  string
	}{
		{"all is well", connect.NullsNever, []flow.Step{{Do: toKey("id")}, {Do: v2("ship.zip")}, {Do: cast("int32")}}, ""},
		{"a field that was left out", connect.NullsNever, []flow.Step{gone, {Do: toKey("customerId")}},
			"transforms[1].do.fields: no field customerId; there are id, price, note, raw, ship, tags, at"},
		{"two that are not there", connect.NullsNever, []flow.Step{{Do: toKey("customer", "id", "proce")}},
			"transforms[0].do.fields: no field customer; there are id, customerId, price, note, raw, ship, tags, at; did you mean customerId?\n" +
				"transforms[0].do.fields: no field proce; there are id, customerId, price, note, raw, ship, tags, at; did you mean price?"},
		{"a nested one", connect.NullsNever, []flow.Step{{Do: v2("ship.zipp")}},
			`transforms[0].do.field: field "ship": no field zipp; there are street, zip; did you mean zip?`},
		{"fields of what has none", connect.NullsNever, []flow.Step{{Do: v2("id.zip")}},
			`transforms[0].do.field: field "id.zip": only a struct has fields, and "zip" is looked for in int64`},
		{"a header's", connect.NullsNever, []flow.Step{{Do: transform.HeaderFrom{On: "value", Fields: []string{"trace"}, Headers: []string{"t"}, Operation: "copy"}}},
			"transforms[0].do.fields: no field trace; there are id, customerId, price, note, raw, ship, tags, at"},
		{"casts that can only fail", connect.NullsNever, []flow.Step{{Do: cast("ship:string", "raw:int8", "tags:string", "raw:string", "at:int64", "note:int8")}},
			"transforms[0].do.spec: field \"ship\": struct cannot be cast\ntransforms[0].do.spec: field \"tags\": array cannot be cast"},
		{"bytes as a number", connect.NullsNever, []flow.Step{{Do: cast("raw:int8")}}, `transforms[0].do.spec: field "raw": bytes cannot be cast to int8`},
		{"a struct as a string", connect.NullsNever, []flow.Step{{Do: cast("string")}}, "transforms[0].do.spec: struct cannot be cast"},
		{"masks", connect.NullsNever, []flow.Step{{Do: mask("raw", "ship", "tags", "at", "id")}},
			"transforms[0].do.fields: field \"raw\": bytes cannot be masked\ntransforms[0].do.fields: field \"ship\": struct cannot be masked"},
		{"a replacement that is no number", connect.NullsNever, []flow.Step{{Do: transform.MaskField{On: "value", Fields: []string{"id", "note"}, Replacement: "***"}}},
			`transforms[0].do.fields: field "id": int64 cannot be masked: the replacement is no number: `},
		{"a field twice", connect.NullsNever, []flow.Step{{Do: transform.InsertField{On: "value", TopicField: "id", StaticField: "note", StaticValue: "x"}}},
			"transforms[0].do.topicField: field \"id\" twice: the struct has one of that name\ntransforms[0].do.staticField: field \"note\" twice: the struct has one of that name"},
		{"names that meet", connect.NullsNever, []flow.Step{{Do: transform.ReplaceField{On: "value", Renames: map[string]string{"id": "note"}}}},
			`transforms[0].do: connect: build schema "Order": field "note" twice`},
		{"no timestamp", connect.NullsNever, []flow.Step{{Do: transform.TimestampConverter{On: "value", Field: "customerId", TargetType: "Date"}}},
			`transforms[0].do.field: field "customerId": int32 is no schema of a timestamp`},
		{"text without a format", connect.NullsNever, []flow.Step{{Do: transform.TimestampConverter{On: "value", Field: "note", TargetType: "Date"}}},
			`transforms[0].do.format: field "note": format: text cannot be read without a format`},
		{"a map", connect.NullsNever, []flow.Step{{Do: transform.HoistField{On: "value", Field: "a"}}, {Do: v2("a.tags")}, {Do: transform.Flatten{On: "value"}}},
			"transforms[2].do: only a struct has fields where there is a schema, and this is array[string]?"},
		{"no offset", connect.NullsNever, []flow.Step{{Do: transform.InsertField{On: "value", OffsetField: "o"}}, {Do: toKey("o")}},
			"transforms[0].do.offsetField: offsetField is for sinks: a source's record has no offset yet"},

		{"tombstones", connect.NullsMaybe, []flow.Step{{Do: toKey("id")}, {Do: mask("note")}},
			"transforms[0].do: the value may be null, which fails here; add unless: predicate.#RecordIsTombstone"},
		{"tombstones and a field", connect.NullsMaybe, []flow.Step{{Do: toKey("ids")}},
			"transforms[0].do: the value may be null, which fails here; add unless: predicate.#RecordIsTombstone\n" +
				"transforms[0].do.fields: no field ids; there are id, customerId, price, note, raw, ship, tags, at; did you mean id?"},
		{"tombstones kept away", connect.NullsMaybe, []flow.Step{{Do: toKey("id"), Unless: tombstone}, {Do: transform.InsertField{On: "value", TopicField: "t"}}}, ""},
		{"tombstones dropped", connect.NullsMaybe, []flow.Step{{Do: transform.Filter{}, When: tombstone}, {Do: toKey("id")}}, ""},
		{"tombstones alone", connect.NullsMaybe, []flow.Step{{Do: transform.Filter{}, Unless: tombstone}, {Do: mask("id")}},
			"transforms[1].do: the value is always null, which fails here"},
		{"of nulls nothing is said", connect.NullsUnknown, []flow.Step{{Do: mask("note"), Unless: tombstone}, {Do: toKey("id")}}, ""},
		{"a key that may be null", connect.NullsNever, []flow.Step{
			{Do: toKey("note")}, {Do: transform.ExtractField{On: "key", Field: "note"}}, {Do: transform.MaskField{On: "key", Fields: []string{"x"}}}},
			"transforms[2].do: the key may be null, which fails here\ntransforms[2].do.fields: only a struct has fields where there is a schema, and this is string?"},

		{"no follow-up faults", connect.NullsNever, []flow.Step{{Do: cast("ship:string")}, {Do: v2("nowhere")}, {Do: toKey("gone")}},
			"transforms[0].do.spec: field \"ship\": struct cannot be cast"},
		{"of two branches what both have", connect.NullsNever, []flow.Step{
			{Do: gone.Do, When: predicate.HasHeaderKey{Name: "h"}}, {Do: toKey("customerId")}}, ""},
		{"another topic's", connect.NullsNever, []flow.Step{{Do: toKey("gone"), When: predicate.TopicNameMatches{Pattern: "other"}}}, ""},
		{"after a filter", connect.NullsNever, []flow.Step{{Do: transform.Filter{}}, {Do: toKey("gone")}}, ""},
		{"what does not open", connect.NullsNever, []flow.Step{{Do: cast("int9")}, {Do: toKey("gone")}},
			`transforms[0].do: transform: open Cast: spec "int9": "int9" is no type`},
		{"a predicate that does not open", connect.NullsNever, []flow.Step{{Do: toKey("id"), When: predicate.TopicNameMatches{Pattern: "("}}, {Do: toKey("id"), Unless: predicate.HasHeaderKey{}}},
			"transforms[0].when.pattern: predicate: open TopicNameMatches: pattern: connect: regular expression `(`: the ( at 1 is not closed\ntransforms[1].unless: predicate: open HasHeaderKey: the name is empty"},

		{"a reference names the field", connect.NullsNever, []flow.Step{{Do: toKey("${env:KEY}")}, {Do: transform.ExtractField{On: "key", Field: "x"}}}, ""},
		{"a reference that changes nothing", connect.NullsNever, []flow.Step{
			{Do: transform.InsertField{On: "value", StaticField: "s", StaticValue: "${env:SITE}"}}, {Do: toKey("gone")}},
			"transforms[1].do.fields: no field gone; there are id, customerId, price, note, raw, ship, tags, at, s"},
		{"a reference in a predicate", connect.NullsNever, []flow.Step{{Do: toKey("gone"), When: predicate.TopicNameMatches{Pattern: "${env:T}"}}},
			"transforms[0].do.fields: no field gone; there are id, customerId, price, note, raw, ship, tags, at"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, faults := flow.Source(nil, flow.Chain{Steps: c.steps, Key: convert.JSON{}, Value: convert.JSON{}}, orders(c.nulls))
			if got := text(faults); got != c.want && !cut(got, c.want) {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}

// cut is whether the text goes on where the expected one ends, in one line.
func cut(got, want string) bool {
	rest, ok := strings.CutPrefix(got, want)
	return ok && want != "" && !strings.Contains(rest, "\n")
}

// TestConverterFaults has what converters refuse.
func TestConverterFaults(t *testing.T) {
	of := func(s *connect.Schema) connect.Shape { return connect.Shape{Value: connect.Of(s)} }
	for _, c := range []struct {
		declared connect.Shape
		value    connect.Converter
		want     string
	}{
		{of(order), convert.String{}, `valueConverter: field "raw" cannot be written by String: bytes have no text; leave it out, or use JSON`},
		{of(address), convert.String{}, ""},
		{of(connect.NewStruct().Field("a", connect.NewStruct().Field("b", connect.BytesSchema).MustBuild()).Field("c", connect.OptionalBytesSchema).MustBuild()), convert.String{},
			`valueConverter: field "a.b" cannot be written by String: bytes have no text; leave it out, or use JSON`},
		{of(order), convert.JSON{}, ""},
		{of(connect.BytesSchema), convert.String{}, "valueConverter: bytes cannot be written by String: bytes have no text; ByteArray keeps them"},
		{of(connect.StringSchema), convert.ByteArray{}, "valueConverter: string cannot be written by ByteArray, which takes bytes alone"},
		{of(connect.NewDecimal(2).MustBuild()), convert.ByteArray{}, "valueConverter: org.apache.kafka.connect.data.Decimal v1 bytes cannot be written by ByteArray, which takes bytes alone"},
		{of(connect.StringSchema), convert.Long{}, "valueConverter: string cannot be written by Long, which takes int64 alone"},
		{of(connect.TimestampSchema), convert.Long{}, "valueConverter: org.apache.kafka.connect.data.Timestamp v1 int64 cannot be written by Long, which takes int64 alone"},
		{of(connect.Int64Schema), convert.Long{}, ""},
		{of(connect.BoolSchema), convert.Boolean{}, ""},
		{of(connect.Int8Schema), convert.Boolean{}, "valueConverter: int8 cannot be written by Boolean, which takes boolean alone"},
		{of(nil), convert.Boolean{}, ""},
		{connect.Shape{}, convert.Double{}, ""},
	} {
		_, faults := flow.Source(nil, flow.Chain{Key: convert.String{}, Value: c.value}, c.declared)
		if got := text(faults); got != c.want {
			t.Errorf("%T: %s\nwant %s", c.value, got, c.want)
		}
	}

	_, faults := flow.Sink(nil, flow.Chain{Key: convert.Long{}, Value: convert.Float{}},
		connect.Shape{Key: connect.Of(connect.Int64Schema), Value: connect.Of(order)})
	if got, want := text(faults), "valueConverter: Float reads float32 alone, and the data are said to be Order v2 struct{"; !cut(got, want) {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// fields is a sink that needs fields.
type fields struct{ connect.Sink }

func (fields) Accepts(s connect.Shape) error {
	if v := s.Value; v.Known && v.Schema != nil && v.Schema.Kind() != connect.KindStruct {
		return connect.OptionErrorf("table", "a row is made of fields, and the value is %v", v.Schema)
	}
	return nil
}

// TestSinkFaults: a sink is asked what it needs, of what is known.
func TestSinkFaults(t *testing.T) {
	hoist := []flow.Step{{Do: transform.HoistField{On: "value", Field: "line"}}}
	for _, c := range []struct {
		value connect.Converter
		steps []flow.Step
		want  string
	}{
		{convert.String{}, nil, "connector.table: a row is made of fields, and the value is string?"},
		{convert.String{}, hoist, ""},
		{convert.JSON{SchemasEnable: true}, nil, ""},
		{carried{}, nil, ""},
		{nil, nil, ""},
		{convert.String{}, append(hoist, flow.Step{Do: transform.Filter{}}), ""},
	} {
		_, faults := flow.Sink(fields{}, flow.Chain{Steps: c.steps, Key: convert.String{}, Value: c.value}, orders(connect.NullsNever))
		if got := text(faults); got != c.want {
			t.Errorf("%T: %s\nwant %s", c.value, got, c.want)
		}
	}
}

// TestStated: what a connector states goes before what is declared, which must
// not be something else.
func TestStated(t *testing.T) {
	in := filestream.Source{Topic: "t"}
	states, faults := flow.Source(in, flow.Chain{}, connect.Shape{Topic: "u", Key: connect.Of(connect.Int64Schema), Value: connect.Of(order)})
	if got, want := text(faults), "connector: its keys are always null, and int64, never null is declared\n"+
		"connector: its values are string, never null, and struct Order v2, never null is declared"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	want := connect.Shape{Topic: "t", NoOffset: true, Key: connect.Form{Known: true, Nulls: connect.NullsAlways}, Value: connect.Of(connect.StringSchema)}
	if states[0].Shape != want {
		t.Errorf("%+v", states[0])
	}
	if _, faults = flow.Source(in, flow.Chain{}, connect.Shape{Value: connect.Of(connect.StringSchema)}); faults != nil {
		t.Error(faults)
	}
	if states, _ = flow.Source(filestream.Source{Topic: "${env:TOPIC}"}, flow.Chain{}, connect.Shape{}); states[0].Shape.Topic != "" {
		t.Errorf("%+v", states[0])
	}
}

// odd is a third party's component that goes wrong.
type odd struct{}

func (odd) Open() (connect.Apply, error) { return nil, nil }
func (odd) Flow(s *connect.Shape) error  { panic("no") }

type oddConverter struct{ carried }

func (oddConverter) Encodes(connect.Role, connect.Form) error { panic("no") }

type oddSource struct{ connect.Source }

func (oddSource) Emits() connect.Shape { panic("no") }

type oddSink struct{ connect.Sink }

func (oddSink) Accepts(connect.Shape) error { panic("no") }

type oddPredicate struct{}

func (oddPredicate) Open() (connect.Test, error)                  { return nil, nil }
func (oddPredicate) Split(connect.Shape) (yes, no *connect.Shape) { panic("no") }

// plain is a transform that states nothing.
type plain struct{ F func() }

func (plain) Open() (connect.Apply, error) { return nil, nil }

// open fails with an error of an option.
type open struct{ Fields []string }

func (open) Open() (connect.Apply, error) {
	return nil, fmt.Errorf("acme: open: %w", errors.Join(connect.OptionErrorf("fields", "none"), errors.New("and more")))
}

// TestThirdParties: nothing that a component does gets out.
func TestThirdParties(t *testing.T) {
	ch := flow.Chain{Steps: []flow.Step{{Do: odd{}, When: oddPredicate{}}, {Do: nil}, {Do: open{}}, {Do: plain{}}}, Key: oddConverter{}}
	states, faults := flow.Source(oddSource{}, ch, orders(connect.NullsNever))
	want := `connector: it panics: no
transforms[0].when: it panics: no
transforms[0].do: it panics: no
transforms[1].do: it panics: runtime error: invalid memory address or nil pointer dereference
transforms[2].do.fields: acme: open: fields: none
and more
keyConverter: it panics: no`
	if got := text(faults); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if last := states[len(states)-1].Shape; last != (connect.Shape{NoOffset: true}) {
		t.Errorf("%+v", last)
	}
	if _, faults = flow.Sink(oddSink{}, flow.Chain{}, connect.Shape{}); text(faults) != "connector: it panics: no" {
		t.Error(faults)
	}
}
