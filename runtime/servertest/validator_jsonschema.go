package servertest

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"testing"
)

// jsonSchemaVersion is that of Python's jsonschema.
const jsonSchemaVersion = "4.23.0"

//go:embed jsonschema/validate.py
var jsonSchemaValidate string

// JSONSchemaCase is a JSON Schema of draft 7 and data.
type JSONSchemaCase struct {
	Schema string `json:"schema"`
	Data   string `json:"data"`
}

// JSONSchema validates data by Python's jsonschema. It gives what is wrong
// with each, "" where nothing is; a schema that is none fails the test.
func JSONSchema(t testing.TB, cases []JSONSchemaCase) []string {
	t.Helper()
	needServers(t, "Python with jsonschema")
	dir, err := InstallJSONSchema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var in bytes.Buffer
	for _, c := range cases {
		if err := json.NewEncoder(&in).Encode(c); err != nil {
			t.Fatal(err)
		}
	}
	var verdicts []string
	for _, line := range python(t, "Python's jsonschema", jsonSchemaValidate, dir, in.Bytes(), len(cases), "PYTHONIOENCODING=utf-8") {
		var verdict string
		if err := json.Unmarshal(line, &verdict); err != nil {
			t.Fatal(err)
		}
		verdicts = append(verdicts, verdict)
	}
	return verdicts
}

// InstallJSONSchema fetches Python's jsonschema, unless it is there, and
// returns the folder to find it in.
func InstallJSONSchema(ctx context.Context) (string, error) {
	return install(ctx, recipe{name: "jsonschema", version: jsonSchemaVersion, build: func(ctx context.Context, dir string) error {
		return pipInstall(ctx, dir, "jsonschema=="+jsonSchemaVersion)
	}})
}
