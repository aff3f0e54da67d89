package chain_test

import (
	"errors"
	"strings"
	"testing"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/predicate"
	"kcgen.dev/runtime/transform"
)

var errNo = errors.New("no")

// refuse refuses records of the topic bad, and drops those of the topic gone.
func refuse(r *connect.Record) (bool, error) {
	if r.Topic == "bad" {
		return false, errNo
	}
	return r.Topic != "gone", nil
}

func open(t testing.TB, steps ...chain.Step) *chain.Chain {
	t.Helper()
	c, err := chain.Open(chain.Config{Steps: steps, Key: convert.String{}, Value: convert.JSON{}, Header: convert.SimpleHeader{}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTransform(t *testing.T) {
	c := open(t,
		chain.Step{Do: transform.HoistField{On: "value", Field: "line"}, Unless: predicate.RecordIsTombstone{}},
		chain.Step{Name: "refuse", Do: connect.TransformFunc(refuse)},
		chain.Step{Do: transform.HoistField{On: "key", Field: "id"}, When: predicate.TopicNameMatches{Pattern: "k.*"}},
	)
	for _, test := range []struct {
		topic      string
		value      connect.Value
		keep       bool
		err        error
		step       string
		key, hoist bool
	}{
		{"t", connect.String("x"), true, nil, "", false, true},
		{"t", connect.Null, true, nil, "", false, false},
		{"keys", connect.String("x"), true, nil, "", true, true},
		{"gone", connect.String("x"), false, nil, "refuse", false, true},
		{"bad", connect.String("x"), false, errNo, "refuse", false, true},
	} {
		r := connect.Record{Topic: test.topic, Key: connect.Datum{Value: connect.String("k")}, Value: connect.Datum{Value: test.value}}
		var d chain.Doing
		keep, err := c.Transform(&r, &d)
		if keep != test.keep || err != test.err {
			t.Errorf("%s: keep %v, error %v", test.topic, keep, err)
		}
		step := ""
		if d.Step != nil {
			step = d.Step.Name
		}
		if step != test.step || (r.Key.Value.Kind() == connect.KindMap) != test.key || (r.Value.Value.Kind() == connect.KindMap) != test.hoist {
			t.Errorf("%s: stopped at %q, with %v", test.topic, step, r)
		}
		if test.err != nil && c.Component(d) == nil {
			t.Errorf("%s: no component is to blame", test.topic)
		}
	}
}

// TestOpen: an error names the step, or the converter.
func TestOpen(t *testing.T) {
	str, bad := convert.String{}, convert.String{Encoding: "EBCDIC"}
	for want, cfg := range map[string]chain.Config{
		"transform transforms[0]: ": {Steps: []chain.Step{{Do: transform.RegexRouter{Regex: "("}}}, Key: str, Value: str, Header: str},
		"transform r: when: ":       {Steps: []chain.Step{{Name: "r", Do: transform.Filter{}, When: predicate.TopicNameMatches{Pattern: "("}}}, Key: str, Value: str, Header: str},
		"transform r: unless: ":     {Steps: []chain.Step{{Name: "r", Do: transform.Filter{}, Unless: predicate.TopicNameMatches{Pattern: "("}}}, Key: str, Value: str, Header: str},
		"keyConverter: ":            {Key: bad, Value: str, Header: str},
		"valueConverter: ":          {Key: str, Value: bad, Header: str},
		"headerConverter: ":         {Key: str, Value: str, Header: bad},
	} {
		if _, err := chain.Open(cfg); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %s…", err, want)
		}
	}
}

func BenchmarkTransform(b *testing.B) {
	c := open(b, chain.Step{Do: connect.TransformFunc(refuse)}, chain.Step{Do: connect.TransformFunc(refuse), Unless: predicate.RecordIsTombstone{}})
	r := connect.Record{Topic: "t", Value: connect.Datum{Value: connect.String("x")}}
	var d chain.Doing
	b.ReportAllocs()
	for b.Loop() {
		if keep, err := c.Transform(&r, &d); !keep || err != nil {
			b.Fatal(keep, err)
		}
	}
}

// BenchmarkLine is what becomes of a file's line: wrapped, marked and written.
func BenchmarkLine(b *testing.B) {
	c := open(b, chain.Step{Do: transform.HoistField{On: "value", Field: "line"}},
		chain.Step{Do: transform.InsertField{On: "value", StaticField: "site", StaticValue: "eu", ReplaceNullWithDefault: true}})
	line := connect.Datum{Value: connect.String(strings.Repeat("ten bytes ", 10))}
	var r connect.Record
	var d chain.Doing
	var out connect.Buffer
	b.ReportAllocs()
	for b.Loop() {
		r = connect.Record{Topic: "t", Value: line}
		if keep, err := c.Transform(&r, &d); !keep || err != nil {
			b.Fatal(keep, err)
		}
		if _, err := c.Value.Encode(&out, r.Topic, r.Value); err != nil {
			b.Fatal(err)
		}
	}
}
