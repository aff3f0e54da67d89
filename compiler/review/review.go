// Package review says what the change of a spec means for what runs: it
// compares plans, not texts, and gives each difference its consequence.
//
// What the change of a field means stands beside the field, in the CUE that
// declares it (@change, see package gotype). What a change of several fields
// means together is said here.
//
//	review.go   the report
//	kind.go     the vocabulary
//	compare.go  two plans, node by node
//	pair.go     which pipeline is which
//	match.go    which connector, and which step, is which
//	rule.go     what a difference means
//	show.go     values in words
//	built.go    what the two programs say of themselves
//	folder.go   the specs in a folder
//	revision.go the files of a git revision
//	print.go    text, Markdown and JSON
package review

import (
	"cmp"
	"slices"

	"kcgen.dev/compiler/plan"
)

// Report is what is said of all pipelines.
type Report struct {
	Pipelines []*Pipeline `json:"pipelines"`
}

// Pipeline is what has become of one pipeline. Old or New is empty where it was
// added or removed.
type Pipeline struct {
	Name    string   `json:"name"`
	Old     string   `json:"old,omitempty"` // its spec
	New     string   `json:"new,omitempty"`
	Changes []Change `json:"changes"`

	plans  [2]*plan.Pipeline
	prefix [2]string // before the names of files, old and new
}

// Side is one of the two that are compared.
type Side struct {
	Prefix string // what its files are called by: "main:" of a git revision
	Plans  []*plan.Pipeline
}

// Change is one difference and its consequence.
type Change struct {
	Kind Kind   `json:"kind"`
	Path string `json:"path"` // as in the spec: sources.lines.connector.file
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
	Text string `json:"text"` // what it comes to
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`

	Was plan.Pos `json:"-"` // where the old spec says it
	Is  plan.Pos `json:"-"` // and the new one
}

// Compare compares specs. One with one are the same pipeline, whatever it is
// called; of more, those of one name are, and those that go on under another.
func Compare(old, now Side) *Report {
	before, after := old.Plans, now.Plans
	r := &Report{Pipelines: []*Pipeline{}}
	prefix := [2]string{old.Prefix, now.Prefix}
	if len(before) == 1 && len(after) == 1 {
		r.Pipelines = append(r.Pipelines, plans(prefix, before[0], after[0]))
		return r
	}
	for _, two := range pairs(before, after) {
		r.Pipelines = append(r.Pipelines, plans(prefix, two[0], two[1]))
	}
	slices.SortStableFunc(r.Pipelines, func(a, b *Pipeline) int { return cmp.Compare(a.Name, b.Name) })
	return r
}

// plans compares the plans of one pipeline; one may be nil.
func plans(prefix [2]string, before, after *plan.Pipeline) *Pipeline {
	p := &Pipeline{prefix: prefix, Changes: []Change{}, plans: [2]*plan.Pipeline{before, after}}
	switch {
	case before == nil:
		p.Name, p.New = after.Name, prefix[1]+after.Spec
		p.add(1, Change{Kind: Restart, Path: "name", New: quote(after.Name), Text: "a pipeline more: it is to be started"}, nameAt(after))
	case after == nil:
		p.Name, p.Old = before.Name, prefix[0]+before.Spec
		p.add(0, Change{Kind: Gap, Path: "name", Old: quote(before.Name), Text: "the pipeline is gone: what it moved is moved no more"}, nameAt(before))
	default:
		p.Name, p.Old, p.New = after.Name, prefix[0]+before.Spec, prefix[1]+after.Spec
		c := &comparison{files: [2]map[string]string{before.Files, after.Files}, say: p.add}
		c.structs(place{}, before.Root, after.Root)
	}
	p.sort()
	return p
}

// nameAt is where a spec says what it is called.
func nameAt(p *plan.Pipeline) plan.Pos { return p.Root.At("name") }

// add takes a change that stands in the old spec (0) or in the new one (1).
func (p *Pipeline) add(side int, c Change, at plan.Pos) {
	if at.IsValid() {
		c.File, c.Line = p.prefix[side]+at.File, at.Line
	}
	if side == 0 {
		c.Was = at
	} else {
		c.Is = at
	}
	p.Changes = append(p.Changes, c)
}

// sort puts the worst first; what is alike stays in the spec's order.
func (p *Pipeline) sort() {
	slices.SortStableFunc(p.Changes, func(a, b Change) int { return cmp.Compare(b.Kind, a.Kind) })
}

// Worst is the gravest consequence of all.
func (r *Report) Worst() Kind {
	worst := None
	for _, p := range r.Pipelines {
		for _, c := range p.Changes {
			worst = max(worst, c.Kind)
		}
	}
	return worst
}

// Fails says whether a consequence is of a kind or graver. Where nothing has
// changed, there is none.
func (r *Report) Fails(least Kind) bool {
	for _, p := range r.Pipelines {
		if len(p.Changes) > 0 && r.Worst() >= least {
			return true
		}
	}
	return false
}
