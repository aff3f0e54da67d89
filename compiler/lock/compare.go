package lock

import (
	"cmp"
	"fmt"
	"strings"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/lint"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/review"
	"kcgen.dev/runtime/dryrun/wire"
)

// Compare holds a plan against the lock. What is broken is a fault each, which
// Advise completes; what is only more, so that nobody loses anything, is one
// warning.
func (f *File) Compare(p *plan.Pipeline) diag.List {
	e, now := f.Of(p), f.Entry(p, nil)
	if e != nil {
		if broken := f.faults(p, e, now); len(broken) > 0 {
			return broken
		}
		if e.Name == p.Name && e.text(false) == now.text(false) {
			return nil
		}
	}
	if lint.Accepts(p, lint.StaleID) {
		return nil
	}
	return diag.List{f.stale(p)}
}

// CompareFlows holds what the chains of a plan make against the lock.
func (f *File) CompareFlows(p *plan.Pipeline, flows []wire.Flow) diag.List {
	e := f.Of(p)
	if e == nil || len(e.flows) == 0 {
		return nil
	}
	was := &Entry{Name: e.Name, Spec: e.Spec, root: &plan.Struct{}, flows: e.flows}
	is := f.Entry(p, flows)
	is.root = &plan.Struct{}
	return f.faults(p, was, is)
}

// Advise says of what is broken what to do.
func (f *File) Advise(p *plan.Pipeline, broken diag.List) diag.List {
	for i := range broken {
		if !broken[i].Warning {
			broken[i].Msg += "; take it back, or accept it by kcgen lock -accept " + f.arguments(p)
		}
	}
	return broken
}

// arguments are what names a plan's spec on the command line.
func (f *File) arguments(p *plan.Pipeline) string {
	tags := ""
	for _, t := range f.Tags {
		tags += "-t " + t + " "
	}
	return tags + p.Spec
}

// Holds says whether the lock says of a plan what an entry says.
func (f *File) Holds(p *plan.Pipeline, e *Entry) bool {
	old := f.Of(p)
	return old != nil && old.Name == e.Name && old.Spec == e.Spec && old.text(true) == e.text(true)
}

// Stale is the fault of a lock that does not hold all that a plan says.
func (f *File) Stale(p *plan.Pipeline) diag.List {
	return diag.List{f.stale(p)}.Strict()
}

func (f *File) stale(p *plan.Pipeline) diag.Diag {
	what := f.Path + " does not hold all of the spec"
	if f.Of(p) == nil {
		what = "the pipeline is not in " + f.Path
	}
	d := diag.Diag{File: p.Spec, Path: "name", ID: lint.StaleID, Warning: true,
		Msg: fmt.Sprintf("%s: what is not there can be changed without a word; run kcgen lock %s", what, f.arguments(p))}
	return put(d, p.Root.At("name"))
}

func put(d diag.Diag, at plan.Pos) diag.Diag {
	if at.IsValid() {
		d.File, d.Line, d.Col = at.File, at.Line, at.Column
	}
	return d
}

// Faults are what is broken between two entries of a plan.
func (f *File) faults(p *plan.Pipeline, was, is *Entry) (out diag.List) {
	for _, c := range f.changes(p, was, is) {
		if !grave(c) {
			continue
		}
		d := diag.Diag{File: p.Spec, Path: c.Path, Msg: values(c) + ": " + c.Text}
		if c.Was.IsValid() {
			d.At = []string{fmt.Sprintf("%s:%d:%d", c.Was.File, c.Was.Line, c.Was.Column)}
		}
		out = append(out, put(d, plan.First(c.Is, p.Root.At("name"))))
	}
	return out.Sorted()
}

// changes are what a plan says now, in the words of package review.
func (f *File) changes(p *plan.Pipeline, was, is *Entry) []review.Change {
	r := review.Compare(
		review.Side{Plans: []*plan.Pipeline{{Name: was.Name, Spec: f.Path, Root: was.root}}},
		review.Side{Plans: []*plan.Pipeline{{Name: is.Name, Spec: p.Spec, Root: is.root}}},
	)
	r.Pipelines[0].Flows(was.flows, is.flows)
	return r.Pipelines[0].Changes
}

// grave says whether somebody loses something by a change. What is kept of
// failures from now on, or is read more, is no loss.
func grave(c review.Change) bool {
	if c.Kind == review.Guarantee {
		return c.New == ""
	}
	return c.Kind >= review.Duplicates
}

// values are what was and what is. Of options of a format the lock has those that
// are not as by default.
func values(c review.Change) string {
	const usual = "the default"
	switch {
	case (c.Kind == review.Output || c.Kind == review.Incompatible) && !strings.Contains(c.Path, " "):
		return fmt.Sprintf("was %s, is %s", cmp.Or(c.Old, usual), cmp.Or(c.New, usual))
	case c.Old == "":
		return "is " + c.New + ", and was not there"
	case c.New == "":
		return "was " + c.Old + ", and is gone"
	}
	return fmt.Sprintf("was %s, is %s", c.Old, c.New)
}
