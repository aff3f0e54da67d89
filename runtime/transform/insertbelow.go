package transform

import (
	"errors"

	"kcgen.dev/runtime/connect"
)

func newInserter(replaceNull bool) *inserter {
	ins := &inserter{replaceNull: replaceNull}
	ins.schemas.derive, ins.maps.Make = ins.derive, ins.mapPlan
	return ins
}

// insertBelow puts fields into the structs or maps that are fields themselves.
type insertBelow struct {
	*rewriter
	into    map[*branch]*inserter
	options map[*branch]string // that ask for it
	record  *connect.Record    // that is at work
}

// within is the inserter for what the field of this name holds.
func (ins *inserter) within(name, option string) *inserter {
	if ins.below == nil {
		ins.below = newInsertBelow(ins.replaceNull)
	}
	b := ins.below.root.at(fieldPath{name})
	kid := ins.below.into[b]
	if kid == nil {
		kid = newInserter(ins.replaceNull)
		kid.nested = true
		b.change = true
		ins.below.into[b], ins.below.options[b] = kid, option
	}
	return kid
}

func newInsertBelow(replaceNull bool) *insertBelow {
	w := &insertBelow{into: map[*branch]*inserter{}, options: map[*branch]string{}}
	w.rewriter = (&rewriter{
		root: &branch{}, replaceNull: replaceNull, optional: true, keepMissing: true,
		schema: func(b *branch, in *connect.Schema) (*connect.Schema, error) { return w.into[b].becomes(in) },
		value: func(b *branch, s *connect.Schema, v connect.Value) (connect.Value, error) {
			d := connect.Datum{Schema: s, Value: v}
			err := w.into[b].insert(w.record, &d)
			return d.Value, err
		},
		fits: func(*branch, *connect.Schema) error { return nil }, // schema says it
	}).open()
	derive := w.plans.derive
	w.plans.derive = func(in *connect.Schema) (*plan, error) {
		if err := w.missing(in); err != nil {
			return nil, err
		}
		return derive(in)
	}
	return w
}

func (w *insertBelow) insert(r *connect.Record, d *connect.Datum) error {
	w.record = r
	defer func() { w.record = nil }()
	return w.rewrite(d)
}

// missing is the error of fields that are to hold others and are not there.
func (w *insertBelow) missing(in *connect.Schema) (err error) {
	for _, b := range w.root.order {
		if in.FieldIndex(b.name) < 0 {
			err = errors.Join(err, &connect.OptionError{Option: w.options[b], Err: connect.NoField(b.name, in)})
		}
	}
	return err
}

// becomes is the schema of a struct with all fields in it.
func (ins *inserter) becomes(in *connect.Schema) (out *connect.Schema, err error) {
	out = in
	if ins.below != nil {
		if out, err = ins.below.becomes(in); err != nil {
			return nil, err
		}
	}
	if len(ins.fields) == 0 {
		return out, nil
	}
	return ins.schemas.of(out)
}
