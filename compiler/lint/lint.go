// Package lint says what may not be meant: a spec that is good, and will make
// trouble. Each lint has an id that is never given to another, a text in texts/
// (why, how to mend it, a bad spec and a good one), and can be accepted in the
// spec with a reason.
//
//	lint.go     what others call
//	rules.go    the table of all lints
//	text.go     what is told of each
//	accept.go   what a spec accepts
//	finder.go   how a rule looks, and tells
//	tasks.go errors.go times.go security.go delivery.go dead.go capture.go
//	            rules by subject
//	clash.go    what only one connector may use
//	match.go    who writes and who reads a topic
package lint

import (
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
)

// Pipeline returns the warnings of one spec, by file and line.
func Pipeline(p *plan.Pipeline) diag.List {
	f := newFinder([]*plan.Pipeline{p})
	for _, r := range rules {
		f.run(r)
	}
	f.unused()
	return f.list()
}

// Across returns what several specs say against each other.
func Across(plans []*plan.Pipeline) diag.List {
	if len(plans) < 2 {
		return nil
	}
	f := newFinder(plans)
	for _, r := range rules {
		if r.across {
			f.run(r)
		}
	}
	return f.list()
}
