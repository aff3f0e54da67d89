package reshape

import "kcgen.dev/runtime/connect"

// run is n values in a row that stay together.
type run struct{ from, to, n int }

// other is a place whose value is not just taken over.
type other struct {
	to int
	Place
}

// sort tells the values that are taken over from those that are not.
func (p *Plan) sort() {
	p.runs, p.others = nil, nil
	for to, pl := range p.Places {
		last := len(p.runs) - 1
		switch {
		case pl.From == None || pl.Change != nil || !pl.Default.IsNull():
			p.others = append(p.others, other{to, pl})
		case last >= 0 && p.runs[last].from+p.runs[last].n == pl.From && p.runs[last].to+p.runs[last].n == to:
			p.runs[last].n++
		default:
			p.runs = append(p.runs, run{pl.From, to, 1})
		}
	}
}

// Map makes a map of the plan's keys; false where the plan does not fit, or is
// none.
func (p *Plan) Map(slab *connect.Slab, r *connect.Record, old []connect.Value) (connect.Value, bool) {
	if p == nil {
		return connect.Null, false
	}
	m := slab.MapOf(p.Keys)
	return m.Value(), p.fill(m.Vals, r, old)
}

// Struct makes a struct of the plan's schema; false where the plan does not fit.
func (p *Plan) Struct(slab *connect.Slab, r *connect.Record, old []connect.Value) (connect.Value, bool) {
	st := slab.Struct(p.Schema)
	return st.Value(), p.fill(st.Slots, r, old)
}

func (p *Plan) fill(out []connect.Value, r *connect.Record, old []connect.Value) bool {
	for _, i := range p.Required {
		if old[i].IsNull() {
			return false
		}
	}
	for _, c := range p.runs {
		copy(out[c.to:c.to+c.n], old[c.from:])
	}
	for i := range p.others {
		o, v, ok := &p.others[i], connect.Null, true
		if o.From != None {
			v = old[o.From]
		}
		if v.IsNull() {
			v = o.Default
		}
		if o.Change != nil {
			if v, ok = o.Change(r, v); !ok {
				return false
			}
		}
		out[o.to] = v
	}
	return true
}
