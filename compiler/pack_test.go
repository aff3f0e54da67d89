package compiler

import (
	"slices"
	"strings"
	"testing"

	"kcgen.dev/compiler/plan"
)

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
