package fuse

import (
	"slices"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/reshape"
)

// texts is what steps make of messages that are texts: a struct.
type texts struct {
	shape  Shape
	schema *connect.Schema
	cells  []cell // its fields
}

// TextReader is a converter of messages that are texts as they are.
type TextReader interface {
	connect.Converter
	// Text is nil where it is so; an error says why it is not.
	Text() error
}

// with is the same with one step more.
func (t *texts) with(s mapStep) (next *texts, why string) {
	if len(t.shape) > 0 && s.Whole != nil {
		return nil, "it wraps a value that was made before"
	}
	if len(t.shape) == 0 && s.Whole == nil {
		return nil, "a text has no fields"
	}
	plan := ofSchema(s.Step, t.schema, len(t.shape) == 0)
	if plan == nil {
		return nil, differs
	}
	for _, i := range plan.Required {
		if c := t.cells[i]; c.from == reshape.None && c.part == reshape.Nothing && c.always.IsNull() {
			return nil, differs
		}
	}
	next = &texts{shape: append(slices.Clip(t.shape), s.at), schema: plan.Schema}
	for i, pl := range plan.Places {
		if pl.Checks { // what is checked is known to be good
			pl.Change = nil
		}
		c, ok := s.place(pl, t.cells)
		if !ok || len(c.changes) > 0 {
			return nil, "it changes a field of each record"
		}
		if _, ok := literal(c.always); !ok {
			return nil, differs
		}
		c.name = plan.Schema.Fields()[i].Name
		next.cells = append(next.cells, c)
	}
	return next, ""
}
