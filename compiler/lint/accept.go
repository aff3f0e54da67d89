package lint

import (
	"slices"
	"strings"

	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/wiring"
)

// acceptance is one line of accept: a lint, and where it is meant.
type acceptance struct {
	plan *plan.Pipeline
	id   string
	path string // of the connector; empty: of the whole pipeline
	at   plan.Pos
	used bool
}

func acceptances(p *plan.Pipeline) []*acceptance {
	out := accepts(p, "", p.Root)
	for _, c := range wiring.Connectors(p.Root) {
		out = append(out, accepts(p, c.Path, c.Struct)...)
	}
	return out
}

func accepts(p *plan.Pipeline, path string, s *plan.Struct) (out []*acceptance) {
	f := s.Get("accept")
	if f == nil {
		return nil
	}
	m, ok := f.Value.(*plan.Map)
	if !ok {
		return nil
	}
	for i, id := range m.Keys {
		a := &acceptance{plan: p, id: id, path: path, at: f.Pos}
		if l, ok := m.Vals[i].(*plan.Lit); ok && l.Pos.IsValid() {
			a.at = l.Pos
		}
		out = append(out, a)
	}
	return out
}

// Accepts says whether a spec accepts a lint for the whole pipeline: for those
// that are found elsewhere.
func Accepts(p *plan.Pipeline, id string) bool {
	return slices.ContainsFunc(accepts(p, "", p.Root), func(a *acceptance) bool { return a.id == id })
}

// accepts says whether a pipeline accepts what is being looked for, at a path.
func (f *finder) accepts(p *plan.Pipeline, path string) bool {
	all := false
	for _, a := range f.accepted {
		if a.plan == p && a.id == f.id && (a.path == "" || path == a.path || strings.HasPrefix(path, a.path+".")) {
			a.used, all = true, true
		}
	}
	return all
}

// unused tells acceptances that accept nothing. Of a lint that specs can have
// against each other nobody knows that.
func (f *finder) unused() {
	f.id = unusedID
	for _, a := range f.accepted {
		path := strings.TrimPrefix(a.path+".accept."+a.id, ".")
		switch r, ok := find(a.id); {
		case a.id == unusedID:
		case !ok:
			f.warn(a.plan, path, "there is no lint "+a.id+"; kcgen explain -lints tells all", a.at)
		case !a.used && !r.across && r.find != nil:
			f.warn(a.plan, path, "accepts nothing: there is no such warning here any more; take it out", a.at)
		}
	}
}
