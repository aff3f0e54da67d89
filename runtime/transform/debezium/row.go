package debezium

import (
	"fmt"

	"kcgen.dev/runtime/connect"
)

// deletedField is the field that the rewriting modes add.
const deletedField = "__deleted"

// rowPlan says how to make rows of the rows in an envelope.
type rowPlan struct {
	in, out *connect.Schema
	columns int // the fields of out that are not added of the envelope
	adds    []addition
	topic   topicField
}

// planRow plans for rows of a schema. The new schema has the name, version,
// documentation and parameters of the old one, and does not allow null.
func (x *extractor) planRow(in, envelope *connect.Schema) (*rowPlan, error) {
	if in.Kind() != connect.KindStruct {
		return nil, fmt.Errorf("the row is a %v, and has to be a struct", in.Kind())
	}
	if _, err := typed(envelope, fieldOp, connect.KindString); err != nil {
		return nil, err
	}
	adds, err := additions(x.fields, envelope)
	if err != nil {
		return nil, connect.OptionErrorf("addFields", "%w", err)
	}
	p := &rowPlan{in: in, columns: len(in.Fields()), adds: adds}
	b := connect.NewStruct().Basics(in)
	for _, f := range in.Fields() {
		b.Field(f.Name, f.Schema)
	}
	if x.rewrites {
		b.Field(deletedField, connect.OptionalStringSchema)
		p.columns++
	}
	for i := range adds {
		b.Field(adds[i].name, adds[i].schema)
	}
	if p.out, err = b.Build(); err != nil {
		return nil, connect.OptionErrorf(x.adding(), "%w", err)
	}
	p.topic = x.topicIn(p.out, p.columns)
	return p, nil
}

// adding is the option by which a row gets fields.
func (x *extractor) adding() string {
	if len(x.fields) > 0 {
		return "addFields"
	}
	return "deleteTombstoneHandlingMode"
}

// row makes a row of the one in an envelope.
func (x *extractor) row(p *rowPlan, row connect.Value, envelope []connect.Value, deleted connect.Value) (*connect.Struct, error) {
	old, err := slots(p.in, row)
	if err != nil {
		return nil, err
	}
	out := x.slab.Struct(p.out)
	fields := p.in.Fields()
	for i, v := range old {
		if x.rewrites && x.ReplaceNullWithDefault {
			v = orDefault(fields[i].Schema, v)
		}
		if err := required(&fields[i], v); err != nil {
			return nil, err
		}
		out.Slots[i] = v
	}
	if x.rewrites {
		out.Slots[p.columns-1] = deleted
	}
	for i := range p.adds {
		a := &p.adds[i]
		v, err := a.value(envelope)
		if err == nil && a.whole && !v.IsNull() {
			err = fmt.Errorf("a %v cannot be added; name a field in it", v.Kind())
		}
		if err != nil {
			return nil, fmt.Errorf("addFields: %q: %w", a.name, err)
		}
		out.Slots[p.columns+i] = v
	}
	return out, nil
}
