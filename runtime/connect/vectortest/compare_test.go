package vectortest

import (
	"math"
	"testing"

	"kcgen.dev/runtime/connect"
)

// TestSameBytes: what may differ, and what may not.
func TestSameBytes(t *testing.T) {
	for _, c := range []struct {
		got, want string
		same      bool
	}{
		{`{"a":1,"b":2}`, `{"b":2,"a":1}`, true}, {`x`, `x`, true}, {``, ``, true},
		{`{"a":1,"b":2}`, `{"a":2,"b":1}`, false}, {`[1,2]`, `[2,1]`, false}, {`ab`, `ba`, false},
		{`1.0`, `1.00`, false}, {`1E2`, `100`, false}, {`"\u00e9"`, `"é"`, false}, {`{"a":1}`, `{"a": 1}`, false},
	} {
		if got := sameBytes([]byte(c.got), []byte(c.want)); got != c.same {
			t.Errorf("%s and %s: %v", c.got, c.want, got)
		}
	}
	if sameBytes(nil, []byte{}) || sameBytes([]byte{}, nil) || !sameBytes(nil, nil) {
		t.Error("null and nothing are the same")
	}
}

// TestDiffRecord changes one thing at a time.
func TestDiffRecord(t *testing.T) {
	base := func() *connect.Record {
		d := connect.Datum{Schema: connect.StringSchema, Value: connect.String("x")}
		return &connect.Record{Topic: "t", Key: d, Value: d, Headers: []connect.Header{{Key: "h", Datum: d}}}
	}
	if d := diffRecord(base(), base()); d != "" {
		t.Error(d)
	}
	for what, change := range map[string]func(*connect.Record){
		"topic": func(r *connect.Record) { r.Topic = "u" }, "partition": func(r *connect.Record) { r.Partition++ },
		"timestamp": func(r *connect.Record) { r.Timestamp++ }, "offset": func(r *connect.Record) { r.Offset++ },
		"key": func(r *connect.Record) { r.Key.Schema = nil }, "value": func(r *connect.Record) { r.Value.Value = connect.String("y") },
		"kind": func(r *connect.Record) { r.Value.Value = connect.Bytes([]byte("x")) }, "headers": func(r *connect.Record) { r.Headers = nil },
		"header": func(r *connect.Record) { r.Headers[0].Key = "i" }, "header's value": func(r *connect.Record) { r.Headers[0].Value = connect.Null },
	} {
		r := base()
		change(r)
		if diffRecord(r, base()) == "" {
			t.Errorf("another %s is no difference", what)
		}
	}
}

// TestDiffDatum: the recordings show neither the sign of zero nor, in an untyped
// array, the size of a number; everything else they show.
func TestDiffDatum(t *testing.T) {
	untyped, typed := connect.NewSchema(connect.KindArray).Untyped().MustBuild(), connect.NewArray(connect.Int64Schema).MustBuild()
	array := func(s *connect.Schema, v connect.Value) connect.Datum {
		return connect.Datum{Schema: s, Value: (&connect.Array{Elems: []connect.Value{v}}).Value()}
	}
	zero := math.Copysign(0, -1)
	for name, c := range map[string]struct {
		got, want connect.Datum
		same      bool
	}{
		"zero":           {connect.Datum{Value: connect.Float64(zero)}, connect.Datum{Value: connect.Float64(0)}, true},
		"zero within":    {array(nil, connect.Float32(float32(zero))), array(nil, connect.Float32(0)), true},
		"untyped":        {array(untyped, connect.Int8(1)), array(untyped, connect.Int64(1)), true},
		"untyped number": {array(untyped, connect.Int8(1)), array(untyped, connect.Int64(2)), false},
		"untyped kind":   {array(untyped, connect.Int8(1)), array(untyped, connect.Float64(1)), false},
		"typed":          {array(typed, connect.Int8(1)), array(typed, connect.Int64(1)), false},
		"schemaless":     {array(nil, connect.Int8(1)), array(nil, connect.Int64(1)), false},
		"schema":         {array(untyped, connect.Int64(1)), array(typed, connect.Int64(1)), false},
	} {
		if d := diffDatum(c.got, c.want); (d == "") != c.same {
			t.Errorf("%s: %q", name, d)
		}
	}
}
