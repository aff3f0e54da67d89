package transform_test

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/transform"
)

// once applies a transform to one record.
func once(t *testing.T, x connect.Transform, r *connect.Record) (bool, error) {
	t.Helper()
	apply, err := x.Open()
	if err != nil {
		t.Fatal(err)
	}
	return apply(r)
}

// refuses says that an error has a text in it; "" is for none.
func refuses(t *testing.T, what any, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("%+v: %v, want %q", what, err, want)
	}
}

func TestDrop(t *testing.T) {
	order := connect.NewStruct().Name("Order").Version(2).Doc("d").Param("k", "v").Field("id", connect.Int64Schema)
	required, either := order.MustBuild(), order.Optional().MustBuild()
	list := connect.NewArray(connect.StringSchema).MustBuild()
	table := connect.NewMap(connect.StringSchema, connect.Int8Schema).Default(connect.MapOf().Value()).MustBuild()
	for _, c := range []struct {
		behavior string
		in, want *connect.Schema
		err      string
	}{
		{"nullify", required, nil, ""},
		{"nullify", nil, nil, ""},
		{"retain", required, required, ""},
		{"validate", either, either, ""},
		{"validate", nil, nil, ""},
		{"validate", required, nil, "is required"},
		{"force_optional", required, either, ""},
		{"force_optional", either, either, ""},
		{"force_optional", nil, nil, ""},
		{"force_optional", list, connect.NewArray(connect.StringSchema).Optional().MustBuild(), ""},
		{"force_optional", table, connect.NewMap(connect.StringSchema, connect.Int8Schema).Default(connect.MapOf().Value()).Optional().MustBuild(), ""},
		{"force_optional", connect.TimestampSchema, connect.OptionalTimestampSchema, ""},
	} {
		r := connect.Record{Key: connect.Datum{Schema: c.in, Value: connect.String("x")}, Value: connect.Datum{Value: connect.String("y")}}
		x := transform.Drop{On: "key", SchemaBehavior: c.behavior}
		keep, err := once(t, x, &r)
		refuses(t, c, err, c.err)
		if err != nil {
			continue
		}
		if !keep || !r.Key.IsNull() || !r.Key.Schema.Equal(c.want) || r.Value.IsNull() {
			t.Errorf("%s of %v: %v", c.behavior, c.in, r.Key)
		}
		s := connect.Shape{Key: connect.Form{Known: true, Schema: c.in, Nulls: connect.NullsNever}}
		if err := x.Flow(&s); err != nil || s.Key.Nulls != connect.NullsAlways || !s.Key.Schema.Equal(c.want) {
			t.Errorf("flow of %s of %v: %+v, %v", c.behavior, c.in, s.Key, err)
		}
	}
	shape := connect.Shape{Value: connect.Of(required)}
	refuses(t, shape, transform.Drop{On: "value", SchemaBehavior: "validate"}.Flow(&shape), "schemaBehavior: ")
}

func TestTombstoneHandler(t *testing.T) {
	for _, c := range []struct {
		behavior, err string
		flow          string // where all values are null
	}{{"warn", "", ""}, {"ignore", "", ""}, {"fail", "is a tombstone", "every record fails"}} {
		x := transform.TombstoneHandler{Behavior: c.behavior}
		if keep, err := once(t, x, &connect.Record{Value: connect.Datum{Value: connect.Bool(false)}}); !keep || err != nil {
			t.Errorf("%s: a value: %v, %v", c.behavior, keep, err)
		}
		keep, err := once(t, x, &connect.Record{Value: connect.Datum{Schema: connect.OptionalStringSchema}})
		if keep {
			t.Errorf("%s keeps a tombstone", c.behavior)
		}
		refuses(t, c, err, c.err)
		some := connect.Shape{Value: connect.Of(connect.OptionalStringSchema)}
		if err := x.Flow(&some); err != nil || some.Value.Nulls != connect.NullsNever || some.None {
			t.Errorf("%s: %+v, %v", c.behavior, some, err)
		}
		all := connect.Shape{Value: connect.Form{Nulls: connect.NullsAlways}}
		err = x.Flow(&all)
		refuses(t, c, err, c.flow)
		if all.None != (err == nil) {
			t.Errorf("%s: %+v", c.behavior, all)
		}
	}
}

func TestExtractTopic(t *testing.T) {
	header := func(name, value string) connect.Header {
		return connect.Header{Key: name, Datum: connect.Datum{Value: connect.String(value)}}
	}
	typed := `{"schema":{"type":"struct","fields":[{"field":"f1","type":"struct","optional":true,"fields":[
		{"field":"f2","type":"string","optional":true,"default":"def"}]},{"field":"n","type":"int32"}]},"payload":`
	for _, c := range []struct {
		x               transform.ExtractTopic
		value, want, no string
	}{
		{transform.ExtractTopic{}, `"orders"`, "orders", ""},
		{transform.ExtractTopic{}, `5`, "", "a topic is a string"},
		{transform.ExtractTopic{}, `""`, "", "this is empty"},
		{transform.ExtractTopic{}, `null`, "", "it is null"},
		{transform.ExtractTopic{SkipMissingOrNull: true}, `null`, "t", ""},
		{transform.ExtractTopic{Field: "a.b"}, `{"a.b":"x"}`, "x", ""},
		{transform.ExtractTopic{Field: "a.b", FieldSyntaxVersion: "V2"}, `{"a":{"b":"x"}}`, "x", ""},
		{transform.ExtractTopic{Field: `$["a"]["b"]`, FieldFormat: "JSON_PATH"}, `{"a":{"b":"x"}}`, "x", ""},
		{transform.ExtractTopic{Field: `$.a['b c'].d`, FieldFormat: "JSON_PATH"}, `{"a":{"b c":{"d":"x"}}}`, "x", ""},
		{transform.ExtractTopic{Field: "a"}, `{}`, "", `"a" is missing or null`},
		{transform.ExtractTopic{Field: "a", SkipMissingOrNull: true}, `{"a":null}`, "t", ""},
		{transform.ExtractTopic{Field: "a", SkipMissingOrNull: true}, `{"a":5}`, "", "a topic is a string"},
		{transform.ExtractTopic{Field: "a"}, `5`, "", "a map is needed"},
		{transform.ExtractTopic{Field: "f1.f2", FieldSyntaxVersion: "V2"}, typed + `{"f1":{"f2":"x"},"n":1}}`, "x", ""},
		{transform.ExtractTopic{Field: "f1.f2", FieldSyntaxVersion: "V2"}, typed + `{"f1":{"f2":null},"n":1}}`, "def", ""},
		{transform.ExtractTopic{Field: "f1.f2", FieldSyntaxVersion: "V2"}, typed + `{"f1":null,"n":1}}`, "", "missing or null"},
		{transform.ExtractTopic{Field: "n"}, typed + `{"f1":null,"n":1}}`, "", "a topic is a string"},
		{transform.ExtractTopic{Field: "zz", SkipMissingOrNull: true}, typed + `{"f1":null,"n":1}}`, "t", ""},
		{transform.ExtractTopic{On: "header", Field: "h"}, `1`, "h2", ""},
		{transform.ExtractTopic{On: "header", Field: "i"}, `1`, "", `"i" is missing`},
	} {
		if c.x.On == "" {
			c.x.On = "value"
		}
		r := connect.Record{Topic: "t", Value: ofJSON(t, c.value), Headers: []connect.Header{header("h", "h1"), header("h", "h2")}}
		_, err := once(t, c.x, &r)
		refuses(t, c, err, c.no)
		if err == nil && r.Topic != c.want {
			t.Errorf("%+v: topic %q", c, r.Topic)
		}
	}
}

func TestExtractTopicFlow(t *testing.T) {
	value := connect.NewStruct().Field("a", connect.StringSchema).Field("n", connect.Int32Schema).MustBuild()
	for field, want := range map[string]string{"a": "", "n": "field: a topic is a string", "z": "field: ", "": "field: a topic is a string"} {
		s := connect.Shape{Topic: "t", Value: connect.Of(value)}
		refuses(t, field, transform.ExtractTopic{On: "value", Field: field}.Flow(&s), want)
		if s.Topic != "" {
			t.Errorf("topic %q is known", s.Topic)
		}
	}
	s := connect.Shape{Value: connect.Form{Nulls: connect.NullsMaybe}}
	refuses(t, s, transform.ExtractTopic{On: "value"}.Flow(&s), "may be null")
}

func TestMessageTimestampRouter(t *testing.T) {
	x := transform.MessageTimestampRouter{
		TopicFormat: "foo-${topic}-${timestamp}", TopicTimestampFormat: "yyyy.MM.dd",
		MessageTimestampFormat: "yyyy-MM-dd", MessageTimestampKeys: []string{"timestamp", "time", "ts.at"},
	}
	typed := `{"schema":{"type":"struct","fields":[{"field":"time","type":"int64","name":"org.apache.kafka.connect.data.Timestamp","version":1}]},"payload":`
	for _, c := range []struct{ version, value, want, no string }{
		{"", `{"time":"2019-08-06"}`, "foo-bar-2019.08.06", ""},
		{"", `{"timestamp":null,"time":"2019-08-06","ts.at":"2020-01-01"}`, "foo-bar-2019.08.06", ""},
		{"", `{"ts.at":"2020-01-01"}`, "foo-bar-2020.01.01", ""},
		{"V2", `{"ts":{"at":"2020-01-01"}}`, "foo-bar-2020.01.01", ""},
		{"", typed + `{"time":1709210096789}}`, "foo-bar-2024.02.29", ""},
		{"", `{"time":"yesterday"}`, "", `field "time"`},
		{"", `{"time":5}`, "", "this is int64"},
		{"", `{"other":"2019-08-06"}`, "", "none of the fields"},
		{"", `null`, "", "is null"},
		{"", `"2019-08-06"`, "", "a map is needed"},
	} {
		x.FieldSyntaxVersion = c.version
		r := connect.Record{Topic: "bar", Value: ofJSON(t, c.value)}
		_, err := once(t, x, &r)
		refuses(t, c, err, c.no)
		if err == nil && r.Topic != c.want {
			t.Errorf("%+v: topic %q", c, r.Topic)
		}
	}
	timed := connect.NewStruct().Field("time", connect.StringSchema).MustBuild()
	s := connect.Shape{Topic: "t", Value: connect.Of(timed)}
	refuses(t, s, x.Flow(&s), "")
	s = connect.Shape{Topic: "t", Value: connect.Of(connect.NewStruct().Field("time", connect.Int64Schema).MustBuild())}
	refuses(t, s, x.Flow(&s), "messageTimestampKeys: ")
	s = connect.Shape{Topic: "t", Value: connect.Form{Nulls: connect.NullsAlways}}
	refuses(t, s, x.Flow(&s), "is always null")
}

func TestConfluentOpenErrors(t *testing.T) {
	router := transform.MessageTimestampRouter{TopicTimestampFormat: "yyyy", MessageTimestampFormat: "yyyy", MessageTimestampKeys: []string{"a"}}
	bad := func(change func(*transform.MessageTimestampRouter)) connect.Transform {
		x := router
		change(&x)
		return x
	}
	for want, x := range map[string]connect.Transform{
		"schemaBehavior":         transform.Drop{On: "key"},
		"on is":                  transform.Drop{SchemaBehavior: "retain"},
		"behavior":               transform.TombstoneHandler{},
		`on is ""`:               transform.ExtractTopic{},
		"header's name":          transform.ExtractTopic{On: "header"},
		"fieldFormat":            transform.ExtractTopic{On: "key", Field: "a", FieldFormat: "XPATH"},
		"field: JSONPath \"a\"":  transform.ExtractTopic{On: "key", Field: "a", FieldFormat: "JSON_PATH"},
		"at byte 4":              transform.ExtractTopic{On: "key", Field: "$.a[0]", FieldFormat: "JSON_PATH"},
		"topicTimestampFormat":   bad(func(x *transform.MessageTimestampRouter) { x.TopicTimestampFormat = "bad" }),
		"messageTimestampFormat": bad(func(x *transform.MessageTimestampRouter) { x.MessageTimestampFormat = "bad" }),
		"messageTimestampKeys":   bad(func(x *transform.MessageTimestampRouter) { x.MessageTimestampKeys = nil }),
	} {
		_, err := x.Open()
		refuses(t, x, err, want)
	}
}

// FuzzExtractTopicPath: no path panics.
func FuzzExtractTopicPath(f *testing.F) {
	f.Add(`$["a"].b['c d']`)
	f.Fuzz(func(t *testing.T, path string) {
		_, _ = transform.ExtractTopic{On: "value", Field: path, FieldFormat: "JSON_PATH"}.Open()
	})
}
