package jsonschema

import (
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/registry"
	"kcgen.dev/runtime/servertest"
)

// TestPython has another validator, in another language, judge what is written
// here, whole and spoilt. It agrees with the verdict here.
func TestPython(t *testing.T) {
	var cases []servertest.JSONSchemaCase
	for seed := range uint64(400) {
		m := newMaker(seed + 50000)
		s := m.schema(3, false)
		c := with(func(c *Converter) {
			c.DecimalFormat = []string{"BASE64", "NUMERIC"}[m.IntN(2)]
			c.ObjectAdditionalProperties = m.IntN(2) == 0
		})
		reg := newFake()
		out := encode(t, c.codec(reg), connect.Datum{Schema: s, Value: m.value(s, 0)})
		if out == nil {
			continue
		}
		text := reg.byID[1].Text
		cases = append(cases, servertest.JSONSchemaCase{Schema: text, Data: string(out[5:])})
		for range 3 {
			tree, err := parseTree(string(out[5:]))
			if err != nil {
				t.Fatal(err)
			}
			cases = append(cases, servertest.JSONSchemaCase{Schema: text, Data: string(appendTree(nil, m.spoil(tree)))})
		}
	}
	for _, f := range []string{`{"name":"Ann","age":3,"tags":["x"]}`, `{"name":"A"}`, `{"name":"Ann","age":151}`, `{"name":"Ann","tags":["a","a"]}`,
		`{"name":"Ann","kind":"b","step":1}`, `{"name":"Ann","step":0.7}`, `{"x":1}`} {
		cases = append(cases, servertest.JSONSchemaCase{Schema: person, Data: f})
	}
	verdicts := servertest.JSONSchema(t, cases)
	bad := 0
	for i, c := range cases {
		in := &incoming{id: 1, found: registry.Schema{Text: c.Schema}}
		r := newReader(true)
		if err := r.scan([]byte(c.Data)); err != nil {
			t.Fatal(err)
		}
		err := in.check(r)
		if (err == nil) != (verdicts[i] == "") {
			t.Errorf("%s\n%s\nhere: %v, there: %q", c.Schema, c.Data, err, verdicts[i])
		}
		if err != nil {
			bad++
		}
	}
	if bad < 50 || bad > len(cases)-100 {
		t.Errorf("%d of %d cases are invalid", bad, len(cases))
	}
}

// spoil changes something in data.
func (m maker) spoil(v any) any {
	others := []any{nil, true, number("-7"), number("1.5"), "x", []any{}, &object{}}
	switch c := v.(type) {
	case []any:
		if len(c) > 0 && m.IntN(4) > 0 {
			i := m.IntN(len(c))
			c[i] = m.spoil(c[i])
			return c
		}
	case *object:
		switch n := len(c.members); {
		case m.IntN(6) == 0:
			c.set("more", number("1"))
			return c
		case n > 0 && m.IntN(6) == 0:
			c.members = append(c.members[:0], c.members[1:]...)
			return c
		case n > 0:
			i := m.IntN(n)
			c.members[i].value = m.spoil(c.members[i].value)
			return c
		}
	}
	return others[m.IntN(len(others))]
}
