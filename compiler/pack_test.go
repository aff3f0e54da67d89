package compiler

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kcgen.dev/compiler/plan"
)

// TestPack holds generated/pack to what the compiler makes of three examples.
func TestPack(t *testing.T) {
	root := repository(t)
	var specs []string
	for _, name := range []string{"topic-to-file", "log-analysis", "file-to-topic"} {
		specs = append(specs, "examples/"+name+"/pipeline.cue")
	}
	var plans []*plan.Pipeline
	for _, c := range CheckAll(t.Context(), Config{Builtin: os.DirFS(root), Dir: root}, specs) {
		if c.Err != nil || len(c.Found) > 0 {
			t.Fatalf("%v\n%v", c.Err, c.Found)
		}
		plans = append(plans, c.Plan)
	}
	files, err := GeneratePack(plans, "kcgen.dev/generated/pack")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 4 {
		t.Errorf("%d files", len(files))
	}
	for name, got := range files {
		golden := filepath.Join(root, "generated", "pack", filepath.FromSlash(name))
		if *update {
			if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), string(got)); d != "" {
			t.Errorf("%s (-want +got):\n%s", golden, d)
		}
	}
}

func TestPackageNames(t *testing.T) {
	names := "log-analysis loganalysis Log.Analysis 2nd type string main runtime com1 v2 vendor a"
	want := "loganalysis loganalysis2 loganalysis3 p2nd ptype string2 main2 runtime2 com12 v2 vendor2 a"
	var plans []*plan.Pipeline
	for name := range strings.FieldsSeq(names) {
		plans = append(plans, &plan.Pipeline{Name: name})
	}
	if got := packageNames(plans); !slices.Equal(got, strings.Fields(want)) {
		t.Errorf("%v", got)
	}
}

func TestPackable(t *testing.T) {
	pipeline := func(name, dir string) *plan.Pipeline {
		p := &plan.Pipeline{Name: name, Spec: name + ".cue"}
		if dir != "" {
			p.GoModDir, p.Modules = dir, []string{"example.com/" + name}
		}
		return p
	}
	for want, plans := range map[string][]*plan.Pipeline{
		"": {pipeline("a", ""), pipeline("b", "/m"), pipeline("c", "/m")},
		"help.cue: a pack has a verb help, so no pipeline in it can have that name": {pipeline("help", "")},
		"a.cue needs packages of the Go module in /m, and b.cue of the one in /n: one binary has one go.mod": {
			pipeline("a", "/m"), pipeline("x", ""), pipeline("b", "/n"),
		},
	} {
		got := ""
		if err := Packable(plans); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
