package convert

import (
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
)

func TestParseSchema(t *testing.T) {
	s, err := ParseSchema(`{"type":"struct","fields":[{"field":"id","type":"int64"},{"field":"note","type":"string","optional":true}]}`, "")
	if err != nil {
		t.Fatal(err)
	}
	want := connect.NewStruct().Field("id", connect.Int64Schema).Field("note", connect.OptionalStringSchema).MustBuild()
	if !s.Equal(want) {
		t.Errorf("got %v, want %v", s, want)
	}
	for text, want := range map[string]string{
		``:                  "there is none",
		`null`:              "there is none",
		`{"type":"int65"}`:  "unknown type",
		`{"type":"struct"}`: "fields",
		`{"type":`:          "parse schema",
		`[]`:                "type",
	} {
		if s, err := ParseSchema(text, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, error %v, want one of %q", text, s, err, want)
		}
	}
}
