package compiler

import (
	"fmt"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/load"
	"kcgen.dev/compiler/lower"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/review"
)

// underPolicies holds a good spec against the policies. They allow and refuse;
// what they would set the spec has to say, for it is built without them.
func underPolicies(cfg load.Config, spec string, p *plan.Pipeline) diag.List {
	s, bad := load.Load(cfg, spec)
	if len(bad) > 0 {
		return bad
	}
	q, bad := lower.Pipeline(s)
	if len(bad) > 0 {
		return bad
	}
	var out diag.List
	r := review.Compare(review.Side{Plans: []*plan.Pipeline{p}}, review.Side{Plans: []*plan.Pipeline{q}})
	for _, c := range r.Pipelines[0].Changes {
		d := diag.Diag{File: p.Spec, Path: c.Path, Msg: wish(c), At: s.PolicyAt(c.Path)}
		at := plan.First(c.Was, c.Is, p.Root.At("name"))
		place(&d, at)
		out = append(out, d)
	}
	return out.Sorted()
}

// wish says what a policy would make of a spec.
func wish(c review.Change) string {
	switch {
	case c.New == "":
		return fmt.Sprintf("a policy takes away %s: leave it out of the spec", c.Old)
	case c.Old == "":
		return fmt.Sprintf("a policy wants %s, and the spec does not say it: write it there", c.New)
	}
	return fmt.Sprintf("a policy wants %s, and the spec leaves it at %s: write it there", c.New, c.Old)
}
