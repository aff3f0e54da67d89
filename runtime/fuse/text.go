package fuse

import (
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/reshape"
)

// Shape are the steps of a chain, by their places, that make a struct of a text:
// the first one wraps it.
type Shape []int

// schemaOf is the schema that the steps make.
func (s Shape) schemaOf(steps []connect.Transform) (*connect.Schema, error) {
	schema := connect.OptionalStringSchema
	for i, at := range s {
		if at < 0 || at >= len(steps) {
			return nil, fmt.Errorf("there is no transforms[%d]", at)
		}
		t, ok := steps[at].(reshape.Transform)
		if !ok {
			return nil, fmt.Errorf("transforms[%d]: %T has no plans", at, steps[at])
		}
		step, err := t.Reshape()
		if err != nil {
			return nil, fmt.Errorf("transforms[%d]: %w", at, err)
		}
		plan := ofSchema(step, schema, i == 0)
		if plan == nil {
			return nil, fmt.Errorf("transforms[%d]: %T has no plan for %v", at, steps[at], schema)
		}
		schema = plan.Schema
	}
	return schema, nil
}

// ofSchema is a step's plan for a text, or for what was made of it.
func ofSchema(step reshape.Step, in *connect.Schema, text bool) (plan *reshape.Plan) {
	switch {
	case text && step.Whole != nil:
		plan = step.Whole(in)
	case !text && step.Struct != nil:
		plan = step.Struct(in)
	}
	if plan == nil || plan.Schema == nil {
		return nil
	}
	return plan
}

// Text is a message that is a text.
func (m *Message) Text() connect.Value { return connect.Text(m.data) }

// Struct gives the record a struct of these values, which are those of the
// fields in their order.
func (m *Message) Struct(r *connect.Record, values ...connect.Value) bool {
	if m.schema == nil || len(values) != len(m.schema.Fields()) {
		return false
	}
	st := m.slab.Struct(m.schema)
	copy(st.Slots, values)
	r.Value = connect.Datum{Schema: m.schema, Value: st.Value()}
	return true
}
