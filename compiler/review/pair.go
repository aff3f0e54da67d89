package review

import (
	"slices"

	"kcgen.dev/compiler/plan"
)

// pairs says which pipeline is which, old and new; of one that was added or
// removed, there is only one. Of those whose names are gone, one is renamed if
// its file has a connector of the same name, or else if any new pipeline has a
// connector that is the same: positions are kept by the connectors' names, so
// it goes on where it was.
func pairs(before, after []*plan.Pipeline) (out [][2]*plan.Pipeline) {
	pair := func(same func(p, q *plan.Pipeline) bool) {
		before = slices.DeleteFunc(slices.Clone(before), func(p *plan.Pipeline) bool {
			i := slices.IndexFunc(after, func(q *plan.Pipeline) bool { return same(p, q) })
			if i < 0 {
				return false
			}
			out = append(out, [2]*plan.Pipeline{p, after[i]})
			after = slices.Delete(slices.Clone(after), i, i+1)
			return true
		})
	}
	pair(func(p, q *plan.Pipeline) bool { return p.Name == q.Name })
	pair(func(p, q *plan.Pipeline) bool {
		return p.Spec == q.Spec && share(p, q, func(a, b *plan.Struct) bool { return a.Type == b.Type })
	})
	pair(func(p, q *plan.Pipeline) bool {
		c := &comparison{files: [2]map[string]string{p.Files, q.Files}}
		return share(p, q, func(a, b *plan.Struct) bool { return c.equal(a, b) })
	})
	for _, p := range before {
		out = append(out, [2]*plan.Pipeline{p, nil})
	}
	for _, q := range after {
		out = append(out, [2]*plan.Pipeline{nil, q})
	}
	return out
}

// share says whether two pipelines have a connector of one name whose options
// are alike.
func share(p, q *plan.Pipeline, alike func(a, b *plan.Struct) bool) bool {
	for _, kind := range []string{"sources", "sinks"} {
		for _, s := range p.Root.Structs(kind) {
			for _, t := range q.Root.Structs(kind) {
				if a, b := s.Struct("connector"), t.Struct("connector"); s.Key() == t.Key() && a != nil && b != nil && alike(a, b) {
					return true
				}
			}
		}
	}
	return false
}
