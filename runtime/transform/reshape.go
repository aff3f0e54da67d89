package transform

import (
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/reshape"
)

// The transforms whose work on maps and structs of the same shape is the same.
var (
	_ reshape.Transform = Cast{}
	_ reshape.Transform = HoistField{}
	_ reshape.Transform = InsertField{}
	_ reshape.Transform = MaskField{}
	_ reshape.Transform = ReplaceField{}
	_ reshape.Transform = TimestampConverter{}
	_ reshape.Transform = SetSchemaMetadata{}

	_ reshape.Picker = ExtractField{}
	_ reshape.Picker = ValueToKey{}
)

// Reshape plans for what casts fields.
func (c Cast) Reshape() (reshape.Step, error) {
	cast, err := c.changer()
	w, _ := cast.(*rewriter)
	return w.reshape(c.On), err
}

// Reshape plans for what wraps.
func (h HoistField) Reshape() (reshape.Step, error) {
	in := h.hoister()
	if h.Hoisted == "" {
		return reshape.Step{On: h.On, Whole: in.plan}, nil
	}
	w, err := h.field(in)
	return w.reshape(h.On), err
}

// Reshape plans for what inserts fields.
func (f InsertField) Reshape() (reshape.Step, error) {
	ins, err := f.inserter()
	if err != nil || ins.below != nil {
		return reshape.Step{}, err
	}
	step := reshape.Step{On: f.On, Map: ins.mapPlan, Struct: ins.structPlan}
	for _, in := range ins.fields {
		step.Fields = append(step.Fields, in.name)
	}
	return step, nil
}

// Reshape plans for what masks fields.
func (f MaskField) Reshape() (reshape.Step, error) {
	w, err := f.rewriter()
	return w.reshape(f.On), err
}

// Reshape plans for what takes and renames fields.
func (f ReplaceField) Reshape() (reshape.Step, error) {
	w, err := f.rewriter()
	return w.reshape(f.On), err
}

// Reshape plans for what converts a field.
func (x TimestampConverter) Reshape() (reshape.Step, error) {
	c, err := x.converter()
	if err != nil {
		return reshape.Step{}, err
	}
	return c.fields.reshape(x.On), nil
}

// Pick is the field.
func (f ExtractField) Pick() (reshape.Pick, error) {
	x, err := f.extractor()
	if err != nil {
		return reshape.Pick{}, err
	}
	return reshape.Pick{From: f.On, To: f.On, Paths: [][]string{x.path}, Single: true, Replace: f.ReplaceNullWithDefault, Schema: x.derive}, nil
}

// Pick is the fields of the key.
func (f ValueToKey) Pick() (reshape.Pick, error) {
	k, err := f.keyer()
	if err != nil {
		return reshape.Pick{}, err
	}
	p := reshape.Pick{From: "value", To: "key", Replace: f.ReplaceNullWithDefault, Schema: k.derive}
	for _, of := range k.fields {
		p.Paths = append(p.Paths, of.path)
	}
	return p, nil
}

// Reshape plans for what changes a struct's schema.
func (x SetSchemaMetadata) Reshape() (reshape.Step, error) {
	s := x.setter()
	return reshape.Step{On: x.On, Struct: s.plan, Map: func(*connect.KeySet) *reshape.Plan { return nil }}, nil
}

// plan plans for structs of a schema.
func (x *metadataSetter) plan(in *connect.Schema) *reshape.Plan {
	schema, err := x.schemas.of(in)
	if err != nil {
		return nil
	}
	p := &reshape.Plan{Schema: schema}
	for i, f := range schema.Fields() {
		p.Places = append(p.Places, keep(p, i, f.Schema, x.ReplaceNullWithDefault))
	}
	return p
}

// reshape is the step of a rewriter; of none, one that plans nothing.
func (w *rewriter) reshape(on string) reshape.Step {
	if w == nil {
		return reshape.Step{}
	}
	step := reshape.Step{
		On:     on,
		Map:    func(keys *connect.KeySet) *reshape.Plan { return w.mapPlan(w.root, keys) },
		Struct: w.structPlan,
	}
	for _, c := range w.root.order {
		step.Fields = append(step.Fields, c.name)
		if c.rename != "" {
			step.Fields = append(step.Fields, c.rename)
		}
	}
	return step
}

// structPlan plans for structs of a schema.
func (w *rewriter) structPlan(in *connect.Schema) *reshape.Plan {
	p, err := w.plans.of(in)
	if err != nil {
		return nil
	}
	out := &reshape.Plan{Schema: p.out}
	for i := range p.steps {
		s := &p.steps[i]
		pl := keep(out, s.from, s.field.Schema, w.replaceNull)
		pl.Change, pl.Masks = w.inField(s), s.change != nil && w.byKind
		out.Places = append(out.Places, pl)
	}
	return out
}

// inField is how a field of a struct is changed; nil where it is not.
func (w *rewriter) inField(s *step) reshape.Change {
	switch {
	case s.nested != nil:
		return func(_ *connect.Record, v connect.Value) (connect.Value, bool) {
			if v.IsNull() {
				return v, true
			}
			w.slab.Begin()
			v, err := w.inStruct(s.nested, v.Struct())
			return v, err == nil
		}
	case s.change != nil:
		return func(_ *connect.Record, v connect.Value) (connect.Value, bool) {
			v, err := w.value(s.change, s.field.Schema, v)
			return v, err == nil
		}
	}
	return nil
}

// keep is the place of a field in p, as filled has it.
func keep(p *reshape.Plan, from int, s *connect.Schema, withDefault bool) reshape.Place {
	def, ok := s.Default()
	switch {
	case ok && withDefault:
		return reshape.Place{From: from, Default: def}
	case !s.IsOptional():
		p.Required = append(p.Required, from)
	}
	return reshape.Place{From: from}
}

// structPlan plans for structs of a schema.
func (ins *inserter) structPlan(in *connect.Schema) *reshape.Plan {
	schema, err := ins.schemas.of(in)
	if err != nil {
		return nil
	}
	p := &reshape.Plan{Schema: schema}
	fields := in.Fields()
	for i := range fields {
		p.Places = append(p.Places, keep(p, i, fields[i].Schema, ins.replaceNull))
	}
	for i := range ins.fields {
		p.Places = append(p.Places, ins.fields[i].place(true))
	}
	return p
}

// plan plans for what is wrapped.
func (w *hoister) plan(in *connect.Schema) *reshape.Plan {
	if in == nil {
		return &reshape.Plan{Keys: w.keys, Places: []reshape.Place{{}}}
	}
	schema, err := w.schemas.of(in)
	if err != nil {
		return nil
	}
	return &reshape.Plan{Schema: schema, Places: []reshape.Place{{Checks: true, Change: func(_ *connect.Record, v connect.Value) (connect.Value, bool) {
		return v, connect.Validate(in, v) == nil
	}}}}
}
