package transform_test

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/transform"
)

// ofJSON is what JSON without a schema, or an envelope of schema and payload,
// stands for.
func ofJSON(tb testing.TB, text string) connect.Datum {
	tb.Helper()
	codec, err := convert.JSON{SchemasEnable: strings.HasPrefix(text, `{"schema":`), DecimalFormat: "BASE64", ReplaceNullWithDefault: false}.Open(connect.RoleValue)
	if err != nil {
		tb.Fatal(err)
	}
	d, err := codec.Decode("t", []byte(text))
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return d
}

// shape is the schema and the value, as text.
func shape(d connect.Datum) string {
	if d.Schema == nil {
		return d.Value.String()
	}
	return d.Schema.String() + " " + d.Value.String()
}

const nestedSchema = `{"schema":{"type":"struct","fields":[
	{"field":"id","type":"int64"},
	{"field":"who","type":"struct","optional":true,"name":"Who","fields":[
		{"field":"name","type":"string"},
		{"field":"a.ge","type":"int32","optional":true,"default":7}]}]},"payload":`

const (
	nestedStruct = nestedSchema + `{"id":1,"who":{"name":"Ada","a.ge":null}}}`
	nestedNull   = nestedSchema + `{"id":1,"who":null}}`
	nestedMap    = `{"id":1,"who":{"name":"Ada","a.ge":36}}`
)

// TestNestedFields: paths of V2, in the transforms in which Kafka Connect has
// none to compare with too.
func TestNestedFields(t *testing.T) {
	mask := transform.MaskField{On: "value", Fields: []string{"who.name", "id"}, FieldSyntaxVersion: "V2", ReplaceNullWithDefault: true}
	cast := transform.Cast{On: "value", Spec: []string{"who.`a.ge`:string", "id:int8"}, FieldSyntaxVersion: "V2", ReplaceNullWithDefault: true}
	replace := func(r transform.ReplaceField) transform.ReplaceField {
		r.On, r.FieldSyntaxVersion = "value", "V2"
		return r
	}
	exclude := replace(transform.ReplaceField{Exclude: []string{"who.name"}})
	include := replace(transform.ReplaceField{Include: []string{"who.name"}})
	both := replace(transform.ReplaceField{Include: []string{"who", "who.name"}, Exclude: []string{"who.`a.ge`"}})
	rename := replace(transform.ReplaceField{Renames: map[string]string{"who.name": "n", "who": "w"}})
	notThere := replace(transform.ReplaceField{Include: []string{"id.x", "who.zz"}})
	for _, c := range []struct {
		tr       connect.Transform
		in, want string
	}{
		{mask, nestedStruct, `struct{id:int64 who:Who struct{name:string a.ge:int32?}?} {id:0 who:{name:"" a.ge:7}}`},
		{mask, nestedNull, `struct{id:int64 who:Who struct{name:string a.ge:int32?}?} {id:0 who:null}`},
		{mask, nestedMap, `map["id":0 "who":map["name":"" "a.ge":36]]`},
		{mask, `{"who":{}}`, `map["who":map["name":null] "id":null]`},
		{mask, `{"who":"x"}`, `map["who":"x" "id":null]`},
		{mask, `{"id":5}`, `map["id":0]`},
		{cast, nestedStruct, `struct{id:int8 who:Who struct{name:string a.ge:string?}?} {id:1 who:{name:"Ada" a.ge:"7"}}`},
		{cast, nestedNull, `struct{id:int8 who:Who struct{name:string a.ge:string?}?} {id:1 who:null}`},
		{cast, nestedMap, `map["id":1 "who":map["name":"Ada" "a.ge":"36"]]`},
		{exclude, nestedStruct, `struct{id:int64 who:Who struct{a.ge:int32?}?} {id:1 who:{a.ge:null}}`},
		{exclude, nestedMap, `map["id":1 "who":map["a.ge":36]]`},
		{include, nestedStruct, `struct{who:Who struct{name:string}?} {who:{name:"Ada"}}`},
		{include, nestedNull, `struct{who:Who struct{name:string}?} {who:null}`},
		{include, nestedMap, `map["who":map["name":"Ada"]]`},
		{include, `{"who":null,"id":1}`, `map["who":null]`},
		{both, nestedStruct, `struct{who:Who struct{name:string}?} {who:{name:"Ada"}}`},
		{both, nestedMap, `map["who":map["name":"Ada"]]`},
		{rename, nestedStruct, `struct{id:int64 w:Who struct{n:string a.ge:int32?}?} {id:1 w:{n:"Ada" a.ge:null}}`},
		{rename, nestedMap, `map["id":1 "w":map["n":"Ada" "a.ge":36]]`},
		{notThere, nestedStruct, `struct{who:Who struct{}?} {who:{}}`},
		{notThere, nestedMap, `map["who":map[]]`},
	} {
		r := &connect.Record{Value: ofJSON(t, c.in)}
		apply(t, openAll(t, c.tr), r)
		if got := shape(r.Value); got != c.want {
			t.Errorf("%T of %s:\n got %s\nwant %s", c.tr, c.in, got, c.want)
		}
	}
}

func TestValueToKeyOfNested(t *testing.T) {
	for in, want := range map[string]string{
		nestedStruct:    `struct{a.ge:int32? id:int64} {a.ge:7 id:1}`,
		nestedMap:       `map["a.ge":36 "id":1]`,
		`{"who":null}`:  `map["a.ge":null "id":null]`,
		`{"who":{}}`:    `map["a.ge":null "id":null]`,
		`{"other":"x"}`: `map["a.ge":null "id":null]`,
	} {
		r := &connect.Record{Value: ofJSON(t, in)}
		before := r.Value
		apply(t, openAll(t, transform.ValueToKey{Fields: []string{"who.`a.ge`", "id"}, FieldSyntaxVersion: "V2", ReplaceNullWithDefault: true}), r)
		if got := shape(r.Key); got != want || !r.Value.Equal(before) {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// TestReplaceFieldNames: new names say nothing about the fields that had them.
func TestReplaceFieldNames(t *testing.T) {
	in := `{"schema":{"type":"struct","fields":[{"field":"a","type":"int32"},{"field":"b","type":"int32"}]},"payload":{"a":1,"b":2}}`
	for want, tr := range map[string]transform.ReplaceField{
		"{b:2}":     {Renames: map[string]string{"a": "b"}, Exclude: []string{"a"}},
		"{a:1 b:2}": {Renames: map[string]string{"zz": "c"}},
		"{z:1}":     {Renames: map[string]string{"a": "z", "y": "z"}, Include: []string{"a"}},
	} {
		tr.On = "value"
		r := &connect.Record{Value: ofJSON(t, in)}
		apply(t, openAll(t, tr), r)
		if got := r.Value.Value.String(); got != want {
			t.Errorf("%+v: %s, want %s", tr, got, want)
		}
	}
	taken := transform.ReplaceField{On: "value", Renames: map[string]string{"zz": "b"}}
	_, err := once(t, taken, &connect.Record{Value: ofJSON(t, in)})
	refuses(t, taken, err, `renames: "zz" is to become "b", which is there: no field zz`)
	_, err = once(t, taken, &connect.Record{Value: ofJSON(t, `{"b":1}`)})
	refuses(t, taken, err, "")
}

func TestFieldOpenErrors(t *testing.T) {
	for want, tr := range map[string]connect.Transform{
		"on is":                          transform.ExtractField{Field: "f"},
		`has to be "V1" or "V2"`:         transform.ExtractField{On: "key", Field: "f", FieldSyntaxVersion: "V3"},
		"no name in it":                  transform.ExtractField{On: "key", FieldSyntaxVersion: "V2"},
		"the backtick at byte 3 opens":   transform.ExtractField{On: "key", Field: "a.`b", FieldSyntaxVersion: "V2"},
		"MaskField: no fields":           transform.MaskField{On: "key"},
		"fields: field path":             transform.MaskField{On: "key", Fields: []string{"`a"}, FieldSyntaxVersion: "V2"},
		"include: field path":            transform.ReplaceField{On: "key", Include: []string{"`a"}, FieldSyntaxVersion: "V2"},
		"exclude: field path":            transform.ReplaceField{On: "key", Exclude: []string{"`a"}, FieldSyntaxVersion: "V2"},
		"renames: field path":            transform.ReplaceField{On: "key", Renames: map[string]string{"`a": "b"}, FieldSyntaxVersion: "V2"},
		`renames: "a" gets no name`:      transform.ReplaceField{On: "key", Renames: map[string]string{"a": ""}},
		"ValueToKey: no fields":          transform.ValueToKey{},
		`both be "x" in the key`:         transform.ValueToKey{Fields: []string{"a.x", "b.x"}, FieldSyntaxVersion: "V2"},
		"Flatten: on is":                 transform.Flatten{},
		"no field and no type":           transform.Cast{On: "key"},
		`spec "int8" is for all`:         transform.Cast{On: "key", Spec: []string{"a:int8", "int8"}},
		`spec "int9": "int9" is no type`: transform.Cast{On: "key", Spec: []string{"int9"}},
		`"b:int8" is no type`:            transform.Cast{On: "key", Spec: []string{"a:b:int8"}},
		`"bytes" is no type`:             transform.Cast{On: "key", Spec: []string{"a:bytes"}},
		"field path":                     transform.Cast{On: "key", Spec: []string{"`a:int8"}, FieldSyntaxVersion: "V2"},
	} {
		if _, err := tr.Open(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%#v: %v, want %q", tr, err, want)
		}
	}
}

// fieldChain is one of each, for records like orderStruct.
var fieldChain = []connect.Transform{
	transform.MaskField{On: "value", Fields: []string{"card"}, Replacement: "***"},
	transform.Cast{On: "value", Spec: []string{"qty:int64", "price:string"}},
	transform.ReplaceField{On: "value", Exclude: []string{"note"}, Renames: map[string]string{"id": "orderId"}},
	transform.ValueToKey{Fields: []string{"orderId"}},
	transform.ExtractField{On: "key", Field: "orderId"},
	transform.Flatten{On: "value", Delimiter: "_"},
}

const orderMap = `{"id":12345,"card":"4111111111111111","qty":3,"price":9.99,"note":"leave at the door","ship":{"city":"Berlin","zip":{"code":"10115"}}}`

const orderStruct = `{"schema":{"type":"struct","fields":[{"field":"id","type":"int64"},{"field":"card","type":"string"},
	{"field":"qty","type":"int32"},{"field":"price","type":"double"},{"field":"note","type":"string","optional":true},
	{"field":"ship","type":"struct","fields":[{"field":"city","type":"string"},
		{"field":"zip","type":"struct","optional":true,"fields":[{"field":"code","type":"string"}]}]}]},"payload":` + orderMap + `}`

// TestFieldChain: what comes out of the chain, the same for every record, at
// one schema's address, and what went in stays as it was.
func TestFieldChain(t *testing.T) {
	for in, want := range map[string]string{
		orderMap: `map["orderId":12345 "card":"***" "qty":3 "price":"9.99" "ship_city":"Berlin" "ship_zip_code":"10115"]`,
		orderStruct: `struct{orderId:int64 card:string qty:int64 price:string ship_city:string ship_zip_code:string?} ` +
			`{orderId:12345 card:"***" qty:3 price:"9.99" ship_city:"Berlin" ship_zip_code:"10115"}`,
	} {
		chain := openAll(t, fieldChain...)
		d := ofJSON(t, in)
		before := shape(d)
		var rs []connect.Record
		for range 500 {
			r := connect.Record{Value: d}
			apply(t, chain, &r)
			rs = append(rs, r)
		}
		for i, r := range rs {
			if got := shape(r.Value); got != want || r.Key.Value.Int() != 12345 {
				t.Fatalf("record %d: %s, want %s", i, got, want)
			}
			if r.Value.Schema != rs[0].Value.Schema || r.Key.Schema != rs[0].Key.Schema {
				t.Fatalf("record %d has a schema of its own", i)
			}
		}
		if shape(d) != before {
			t.Errorf("what went in became %s", shape(d))
		}
	}
}

// TestFieldErrorLeavesTheRecord: a record that fails is as it was.
func TestFieldErrorLeavesTheRecord(t *testing.T) {
	s := connect.NewStruct().Field("a", connect.Int8Schema).MustBuild()
	broken := connect.Datum{Schema: s, Value: (&connect.Struct{Schema: s}).Value()}
	for _, tr := range []connect.Transform{
		transform.ExtractField{On: "value", Field: "a"}, transform.MaskField{On: "value", Fields: []string{"a"}},
		transform.ReplaceField{On: "value"}, transform.Flatten{On: "value"}, transform.ValueToKey{Fields: []string{"a"}},
		transform.Cast{On: "value", Spec: []string{"a:int8"}}, transform.Cast{On: "value", Spec: []string{"int8"}},
	} {
		r := &connect.Record{Value: broken}
		if _, err := openAll(t, tr)[0](r); err == nil {
			t.Errorf("%T: no error", tr)
		}
		if r.Value.Schema != s || r.Value.Value.Struct() != broken.Value.Struct() || !r.Key.IsNull() {
			t.Errorf("%T: the record changed", tr)
		}
	}
}

func TestFieldAllocations(t *testing.T) {
	for _, in := range []string{orderMap, orderStruct} {
		chain, d := openAll(t, fieldChain...), ofJSON(t, in)
		r := &connect.Record{}
		n := testing.AllocsPerRun(5000, func() {
			r.Value = d
			for _, a := range chain {
				if _, err := a(r); err != nil {
					t.Fatal(err)
				}
			}
		})
		if n > 0.2 {
			t.Errorf("%v allocations a record in %d steps", n, len(chain))
		}
	}
}

// TestHeaderFromNested: paths of V2.
func TestHeaderFromNested(t *testing.T) {
	for _, c := range []struct {
		operation, in, want, header string
		fields                      []string
		err                         string
	}{
		{"move", nestedStruct, `struct{id:int64 who:Who struct{a.ge:int32?}?} {id:1 who:{a.ge:7}}`, `"Ada"`, []string{"who.name"}, ""},
		{"move", nestedStruct, `struct{id:int64 who:Who struct{name:string}?} {id:1 who:{name:"Ada"}}`, `7`, []string{"who.`a.ge`"}, ""},
		{"copy", nestedStruct, `struct{id:int64 who:Who struct{name:string a.ge:int32?}?} {id:1 who:{name:"Ada" a.ge:null}}`, `"Ada"`, []string{"who.name"}, ""},
		{"move", nestedNull, `struct{id:int64 who:Who struct{a.ge:int32?}?} {id:1 who:null}`, `null`, []string{"who.name"}, ""},
		{"move", nestedMap, `map["id":1 "who":map["a.ge":36]]`, `"Ada"`, []string{"who.name"}, ""},
		{"copy", `{"who":null}`, `map["who":null]`, `null`, []string{"who.name"}, ""},
		{"move", `{"who":5}`, "", "", []string{"who.name"}, "no map"},
		{"move", nestedStruct, "", "", []string{"who.zz"}, "no field zz"},
	} {
		x := transform.HeaderFrom{On: "value", Fields: c.fields, Headers: []string{"h"}, Operation: c.operation, FieldSyntaxVersion: "V2", ReplaceNullWithDefault: true}
		r := connect.Record{Value: ofJSON(t, c.in)}
		_, err := once(t, x, &r)
		refuses(t, c, err, c.err)
		if err == nil && (shape(r.Value) != c.want || r.Headers[0].Value.String() != c.header) {
			t.Errorf("%s of %v: %s, %s", c.operation, c.fields, shape(r.Value), r.Headers[0].Value)
		}
		s := connect.Shape{Value: connect.Form{Known: true, Schema: ofJSON(t, c.in).Schema, Nulls: connect.NullsNever}}
		if err := x.Flow(&s); err == nil && c.err == "" && !s.Value.Schema.Equal(r.Value.Schema) {
			t.Errorf("flow of %s of %v: %v", c.operation, c.fields, s.Value.Schema)
		}
	}
}
