package main

import (
	"bytes"
	"testing"

	diff "github.com/google/go-cmp/cmp"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/dryrun/wire"
	"kcgen.dev/runtime/fuse/recipe"
)

// TestReport: each connector, in the spec's order, with what keeps it from being
// a function.
func TestReport(t *testing.T) {
	named := func(names ...string) *plan.List {
		l := &plan.List{Named: true}
		for _, n := range names {
			l.Elems = append(l.Elems, &plan.Struct{Fields: []plan.Field{{Go: "Name", Value: &plan.Lit{Kind: plan.String, Str: n}}}})
		}
		return l
	}
	p := &plan.Pipeline{Root: &plan.Struct{Fields: []plan.Field{{Name: "sources", Value: named("fast", "slow", "bare")}, {Name: "sinks", Value: named("out")}}}}
	rep := &compiler.DryReport{Chains: []wire.Chain{
		{Connector: "sources.fast", Steps: 1, Recipe: &recipe.Recipe{}, Notes: []recipe.Note{{Part: "transforms[0]", Type: "transform.HoistField", Name: "wrap"}}},
		{Connector: "sources.slow", Steps: 2, Together: [][]string{{"transforms[0]", "transforms[1]"}}, Notes: []recipe.Note{
			{Part: "transforms[0]", Type: "transform.HoistField"}, {Part: "transforms[1]", Type: "transform.Cast", Why: "it changes a field of each record"},
		}},
		{Connector: "sinks.out", Steps: 1},
	}}
	var out bytes.Buffer
	printReport(&out, p, rep)
	want := `sources.fast  specialised: one function
  transforms[0]   wrap (transform.HoistField)  in the function
sources.slow  not specialised
  transforms[0]   transform.HoistField         could be in a function
  transforms[1]   transform.Cast               it changes a field of each record
  transforms[0], transforms[1] are done together
sources.bare  nothing to specialise: it has no transforms
sinks.out  not specialised: what its topics hold is not known before it comes
`
	if d := diff.Diff(want, out.String()); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}
