package reshape

import "kcgen.dev/runtime/connect"

// Follows reports whether next can be joined to the steps before it, which are
// on the same part of a record.
func (s Step) Follows(before Step) bool { return s.On == before.On && s.Whole == nil }

// Join makes one of steps that follow each other. The function that comes
// changes a record as they would, or reports false and has changed nothing: then
// they are to be taken one by one.
func Join(steps []Step) func(*connect.Record) bool {
	j := &joined{steps: steps, key: steps[0].On == "key"}
	j.maps.Make, j.structs.Make = j.ofMap, j.ofStruct
	if whole := steps[0].Whole; whole != nil {
		j.whole = true
		j.structs.Make = func(in *connect.Schema) *Plan { return j.rest(whole(in)) }
		if j.plain = j.rest(whole(nil)); j.plain != nil {
			j.plain.sort()
		}
	}
	return j.apply
}

type joined struct {
	steps   []Step
	key     bool
	maps    Plans[connect.KeySet]
	structs Plans[connect.Schema]
	slab    connect.Slab

	whole bool  // the datum is the one old value
	plain *Plan // for one without a schema
	one   [1]connect.Value
}

func (j *joined) ofMap(in *connect.KeySet) *Plan    { return j.rest(j.steps[0].Map(in)) }
func (j *joined) ofStruct(in *connect.Schema) *Plan { return j.rest(j.steps[0].Struct(in)) }

// rest adds what the steps behind the first do.
func (j *joined) rest(p *Plan) *Plan {
	for _, s := range j.steps[1:] {
		if p == nil {
			return nil
		}
		var next *Plan
		if p.Keys != nil {
			next = s.Map(p.Keys)
		} else {
			next = s.Struct(p.Schema)
		}
		if next == nil {
			return nil
		}
		p = p.then(next)
	}
	return p
}

func (j *joined) apply(r *connect.Record) (ok bool) {
	d := &r.Value
	if j.key {
		d = &r.Key
	}
	p, in, old := j.planFor(d)
	if p == nil {
		return false
	}
	var v connect.Value
	schema := d.Schema
	if p.Keys != nil {
		v, ok = p.Map(&j.slab, r, old)
	} else {
		v, ok = p.Struct(&j.slab, r, old)
		if p.Schema != in {
			schema = p.Schema // else the datum's own is left, which is equal
		}
	}
	j.one[0] = connect.Null
	if ok {
		d.Schema, d.Value = schema, v
	}
	return ok
}

// planFor is the plan for d, if there is one, with the schema and the values that
// it is for.
func (j *joined) planFor(d *connect.Datum) (p *Plan, in *connect.Schema, old []connect.Value) {
	if j.whole {
		p = j.plain
		if d.Schema != nil {
			p = j.structs.Of(d.Schema)
		}
		j.one[0] = d.Value
		return p, d.Schema, j.one[:]
	}
	if d.Schema == nil {
		if m := d.Value.Map(); m != nil && m.Shared != nil && len(m.Vals) == len(m.Shared.Keys()) {
			return j.maps.Of(m.Shared), nil, m.Vals
		}
		return nil, nil, nil
	}
	st := d.Value.Struct()
	if st == nil || len(st.Slots) != len(st.Schema.Fields()) {
		return nil, nil, nil
	}
	return j.structs.Of(st.Schema), st.Schema, st.Slots
}
