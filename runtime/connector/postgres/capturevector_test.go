package postgres

import (
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
)

// pgvector is not part of the server, so its texts are given here.
func TestVectors(t *testing.T) {
	codec, err := convert.JSON{}.Open(connect.RoleValue)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, text, want string }{
		{"vector", "[1,-2.5]", "[1.0,-2.5]"},
		{"halfvec", "[0.5]", "[0.5]"},
		{"sparsevec", "{1:0.5,7:-2}/10", `{"dimensions":10,"vector":[[1,0.5],[7,-2.0]]}`},
		{"sparsevec", "{}/3", `{"dimensions":3,"vector":[]}`},
		{"sparsevec", "{1:1}/40000", ""}, // 16 bits are too few
		{"sparsevec", "{1:1}", ""},
		{"sparsevec", "{1}/2", ""},
		{"sparsevec", "1:1}/2", ""},
	} {
		m, ok := new(modes).of(&pgType{oid: 600000, name: test.name}, -1)
		if !ok {
			t.Fatalf("%s is not known", test.name)
		}
		s := m.schema().MustBuild()
		v, err := m.decoder(s)(&state{}, []byte(test.text))
		if test.want == "" {
			if err == nil {
				t.Errorf("%s %s is taken", test.name, test.text)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %s: %v", test.name, test.text, err)
			continue
		}
		got, err := codec.Encode(new(connect.Buffer), "t", connect.Datum{Schema: s, Value: v})
		if err != nil || string(got) != test.want {
			t.Errorf("%s %s: got %s (%v), want %s", test.name, test.text, got, err, test.want)
		}
	}
}
