package mask

import (
	"testing"

	"kcgen.dev/runtime/connect"
)

func TestMask(t *testing.T) {
	schema := connect.NewStruct().Field("id", connect.Int64Schema).Field("name", connect.StringSchema).MustBuild()
	structOf := func(name string) connect.Value {
		return (&connect.Struct{Schema: schema, Slots: []connect.Value{connect.Int64(7), connect.String(name)}}).Value()
	}
	mapOf := func(name string) connect.Value {
		return connect.MapOf(
			connect.Entry{Key: connect.String("name"), Value: connect.String(name)},
			connect.Entry{Key: connect.String("n"), Value: connect.Int64(7)},
		).Value()
	}
	digits := Mask{On: "value", Pattern: "[0-9]+", Replacement: "#"}
	given := []connect.Value{structOf("a1"), mapOf("a1")}
	name, n, gone := digits, digits, digits
	name.Field, n.Field, gone.Field = "name", "n", "gone"
	for _, c := range []struct {
		do       Mask
		in, want connect.Value
	}{
		{digits, connect.String("a1b22"), connect.String("a#b#")},
		{digits, connect.String("ab"), connect.String("ab")},
		{digits, connect.Null, connect.Null},
		{digits, connect.Int64(1), connect.Int64(1)},
		{Mask{On: "value", Pattern: "(.)@.*", Replacement: "$1@…"}, connect.String("ann@example.com"), connect.String("ann@…")},
		{name, given[0], structOf("a#")},
		{name, given[1], mapOf("a#")},
		{name, connect.Null, connect.Null},
		{n, mapOf("a1"), mapOf("a1")},
		{gone, structOf("a1"), structOf("a1")},
		{gone, mapOf("a1"), mapOf("a1")},
	} {
		apply, err := c.do.Open()
		if err != nil {
			t.Fatal(err)
		}
		r := connect.Record{Key: connect.Datum{Value: connect.String("k1")}, Value: connect.Datum{Value: c.in}}
		if keep, err := apply(&r); !keep || err != nil {
			t.Errorf("%+v: keep %v, %v", c.do, keep, err)
		}
		if !r.Value.Value.Equal(c.want) || r.Key.Value.Str() != "k1" {
			t.Errorf("%+v: %q", c.do, r.Value.Value.Str())
		}
	}
	if !given[0].Equal(structOf("a1")) || !given[1].Equal(mapOf("a1")) {
		t.Error("what it was given has changed")
	}
}

func TestMaskKey(t *testing.T) {
	apply, err := Mask{On: "key", Pattern: "^.", Replacement: "*"}.Open()
	if err != nil {
		t.Fatal(err)
	}
	r := connect.Record{Key: connect.Datum{Value: connect.String("key")}, Value: connect.Datum{Value: connect.String("value")}}
	if _, err := apply(&r); err != nil || r.Key.Value.Str() != "*ey" || r.Value.Value.Str() != "value" {
		t.Errorf("%q, %q, %v", r.Key.Value.Str(), r.Value.Value.Str(), err)
	}
}

func TestBadPattern(t *testing.T) {
	if _, err := (Mask{Pattern: "("}).Open(); err == nil {
		t.Error("a pattern that is none is taken")
	}
}
