package fuse

import (
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/internal/jsontext"
	"kcgen.dev/runtime/internal/reshape"
)

// Sink is what of a sink's chain is one function.
type Sink struct {
	Do SinkFunc
	// Steps is how many of the first steps are in the function. Those behind them
	// are the chain's to do.
	Steps   int
	Changes Changes // that the function asks for by their places here
	Shape   Shape   // of what it makes of a text
}

// SinkFunc gives a record the value that the first steps of its chain make of a
// message. Its key is as its converter reads it. Where it is false the message
// is not of the form that the function is for, and the record is as it was.
type SinkFunc func(m *Message, r *connect.Record) (ok bool)

// Change is what a step does to the value of a field.
type Change struct {
	Step  int
	Field string
}

// Changes are those that a function does.
type Changes []Change

// Opened is a sink's function for one task.
type Opened struct {
	Steps int

	do      SinkFunc
	message Message
	guesses jsontext.Guesses
}

// Open makes a function ready. Steps are those of its chain.
func (s Sink) Open(steps []connect.Transform) (*Opened, error) {
	o := &Opened{Steps: s.Steps, do: s.Do}
	if s.Steps < 0 || s.Steps > len(steps) {
		return nil, fmt.Errorf("fuse: open a function: its chain has %d steps, and it does %d: build the program anew", len(steps), s.Steps)
	}
	for _, c := range s.Changes {
		if c.Step < 0 || c.Step >= s.Steps {
			return nil, fmt.Errorf("fuse: open a function: it does %d steps, and asks for one more, transforms[%d]: build the program anew", s.Steps, c.Step)
		}
		change, err := changeOf(steps[c.Step], c.Field)
		if err != nil {
			return nil, fmt.Errorf("fuse: open a function: transforms[%d]: %w", c.Step, err)
		}
		o.message.changes = append(o.message.changes, change)
	}
	if len(s.Shape) > 0 {
		var err error
		if o.message.schema, err = s.Shape.schemaOf(steps); err != nil {
			return nil, fmt.Errorf("fuse: open a function: %w", err)
		}
	}
	return o, nil
}

// changeOf is what a transform does to a field of a map.
func changeOf(t connect.Transform, field string) (reshape.Change, error) {
	shapes, ok := t.(reshape.Transform)
	if !ok {
		return nil, fmt.Errorf("%T has no plans", t)
	}
	step, err := shapes.Reshape()
	if err != nil {
		return nil, err
	}
	if step.Map != nil {
		plan := step.Map(connect.NewKeySet([]connect.Value{connect.String(field)}))
		if plan != nil && len(plan.Places) > 0 && plan.Places[0].From == 0 && plan.Places[0].Change != nil {
			return plan.Places[0].Change, nil
		}
	}
	return nil, fmt.Errorf("%T does not change the field %q", t, field)
}

// Decode gives r the value that the function makes of a message; false where it
// makes none, and r is as it was.
func (o *Opened) Decode(message []byte, r *connect.Record) bool {
	if message == nil || !o.guesses.May() {
		return false
	}
	o.message.data = message
	ok := o.do(&o.message, r)
	o.message.data = nil
	o.guesses.Went(ok)
	return ok
}

// String is a text that is the same for many records. Who writes it need not look
// whether it is plain.
func String(s string) connect.Value {
	v := connect.String(s)
	if raw := v.Raw(); jsontext.PlainLen(raw) == len(raw) {
		return connect.PlainText(raw)
	}
	return v
}

// HasPlace reports whether a record has a partition and an offset.
func HasPlace(r *connect.Record) bool {
	return r.Partition != connect.NoPartition && r.Offset >= 0
}
