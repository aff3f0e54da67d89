package reshape

import (
	"slices"

	"kcgen.dev/runtime/connect"
)

// then is the plan that does what p does and then what next does with what p
// makes; nil where that is no plan.
func (p *Plan) then(next *Plan) *Plan {
	out := &Plan{Keys: next.Keys, Schema: next.Schema, Required: slices.Clone(p.Required)}
	required := make([]bool, len(p.Places)) // of what is made in between
	for _, i := range next.Required {
		required[i] = true
		if pl := &p.Places[i]; pl.Change == nil && pl.Default.IsNull() {
			if pl.From == None {
				return nil // it is always null
			}
			out.Required = append(out.Required, pl.From)
			required[i] = false
		}
	}
	used := make([]bool, len(p.Places))
	for _, pl := range next.Places {
		if pl.From != None {
			used[pl.From] = true
			pl = p.Places[pl.From].then(pl, required[pl.From])
		}
		out.Places = append(out.Places, pl)
	}
	for i := range p.Places {
		if !used[i] && (p.Places[i].Change != nil || required[i]) {
			return nil // nobody would notice that it cannot be changed
		}
	}
	slices.Sort(out.Required)
	out.Required = slices.Compact(out.Required)
	return out
}

// then is the place whose value next makes of the one that comes here, which
// may be required not to be null.
func (pl Place) then(next Place, required bool) Place {
	if pl.Change == nil {
		if pl.Default.IsNull() {
			pl.Default = next.Default
		}
		pl.Change, pl.Part, pl.Checks, pl.Masks = next.Change, next.Part, next.Checks, next.Masks
		return pl
	}
	if next.Change == nil && next.Default.IsNull() && !required {
		return pl
	}
	first := pl.Change
	pl.Part, pl.Checks, pl.Masks = Nothing, false, false
	pl.Change = func(r *connect.Record, v connect.Value) (connect.Value, bool) {
		v, ok := first(r, v)
		if v.IsNull() {
			v, ok = next.Default, ok && !required
		}
		if ok && next.Change != nil {
			v, ok = next.Change(r, v)
		}
		return v, ok
	}
	return pl
}
