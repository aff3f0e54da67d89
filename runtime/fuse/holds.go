package fuse

import (
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/flow"
)

// holds is whether a step is done, where its predicates say the same of all
// records. Told is whether it has any.
func holds(s flow.Step, before connect.Shape) (does, told bool, why string) {
	for _, p := range []struct {
		is   connect.Predicate
		want bool
	}{{s.When, true}, {s.Unless, false}} {
		if p.is == nil {
			continue
		}
		if flow.Refers(p.is) {
			return false, told, "its predicate holds a reference, which is read when the pipeline starts"
		}
		split, ok := p.is.(connect.Split)
		if !ok {
			return false, told, "its predicate looks at each record"
		}
		yes, no := split.Split(before)
		if yes != nil && no != nil {
			return false, told, "its predicate looks at each record"
		}
		told = true
		if (yes != nil) != p.want {
			return false, told, ""
		}
	}
	return true, told, ""
}
