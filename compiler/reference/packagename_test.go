package reference

import (
	"testing"

	"cuelang.org/go/cue/parser"
)

func TestPackageName(t *testing.T) {
	for pipeline, want := range map[string]string{
		"orders": "orders", "Orders-2.eu": "orders2eu", "2x": "pipeline2x", "": "pipeline", "größe": "gre", "--": "pipeline",
		"in": "pipelinein", "For": "pipelinefor", "true": "pipelinetrue", "null": "pipelinenull", "let": "pipelinelet", "if": "pipelineif",
		"func": "pipelinefunc", "import": "import", "package": "package", "string": "string",
	} {
		got := PackageName(pipeline)
		if got != want {
			t.Errorf("%q: %q, want %q", pipeline, got, want)
		}
		if _, err := parser.ParseFile("x.cue", "package "+got+"\n"); err != nil {
			t.Errorf("%q: %v", pipeline, err)
		}
	}
}
