package emit

import (
	"strings"
	"testing"

	"kcgen.dev/compiler/plan"
)

// TestDryRunIsTheSameProgram: but for main and what that imports.
func TestDryRunIsTheSameProgram(t *testing.T) {
	p := &plan.Pipeline{Name: "x", Spec: "x.cue", Root: &plan.Struct{
		Type: plan.Type{Path: runtimePath, Pkg: "runtime", Name: "Pipeline"},
		Fields: []plan.Field{{Go: "Name", Value: &plan.Lit{Kind: plan.String, Str: "x"}},
			{Go: "Other", Value: &plan.Struct{Component: true, Type: plan.Type{Path: "example.com/avro", Pkg: "avro", Name: "Thing"}}}},
	}}
	run, err := Go(p)
	if err != nil {
		t.Fatal(err)
	}
	dry, err := DryRun(p, map[string]bool{"avro": true, "protobuf": true})
	if err != nil {
		t.Fatal(err)
	}
	const main = `dryrun.Main(pipeline, dryrun.Parsers{"avro": avro.ParseSchema, "protobuf": protobuf.ParseSchema})`
	if !strings.Contains(string(dry), main) {
		t.Errorf("main is not %s:\n%s", main, dry)
	}
	_, runLit, _ := strings.Cut(string(run), "var pipeline")
	_, dryLit, _ := strings.Cut(string(dry), "var pipeline")
	if dryLit = strings.ReplaceAll(dryLit, "avro2.", "avro."); runLit != dryLit {
		t.Errorf("the literals differ:\n%s\n%s", runLit, dryLit)
	}
}
