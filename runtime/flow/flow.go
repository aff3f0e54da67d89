package flow

import (
	"fmt"

	"kcgen.dev/runtime/connect"
)

// Step is a transform, and for which records it is done.
type Step struct {
	Name         string
	Do           connect.Transform
	When, Unless connect.Predicate
}

// Chain is what lies between a connector and its topics.
type Chain struct {
	Steps      []Step
	Key, Value connect.Converter
}

// State is what is known behind "connector", a step (by its name, or
// "transforms[1]") or the "converters".
type State struct {
	Name  string
	Shape connect.Shape
}

// Source carries what the connector states, and what is declared of its records
// where it states nothing, into the converters. Behind these is what a reader
// with the same converters gets.
func Source(c connect.Source, ch Chain, declared connect.Shape) ([]State, []Fault) {
	w := &walk{shape: declared}
	w.shape.NoOffset = true
	if e, ok := c.(connect.Emits); ok {
		var stated connect.Shape
		w.guard("connector", func() error { stated = e.Emits(); return nil })
		w.state(stated)
	}
	if refers(w.shape.Topic) {
		w.shape.Topic = ""
	}
	w.pass("connector")
	w.steps(ch.Steps)
	if !w.shape.None {
		w.encode(connect.RoleKey, ch.Key, &w.shape.Key)
		w.encode(connect.RoleValue, ch.Value, &w.shape.Value)
	}
	w.pass("converters")
	return w.states, w.faults
}

// Sink carries what is declared of a topic's data through the converters and
// the steps into the connector.
func Sink(c connect.Sink, ch Chain, declared connect.Shape) ([]State, []Fault) {
	w := &walk{shape: connect.Shape{Topic: declared.Topic}}
	if refers(w.shape.Topic) {
		w.shape.Topic = ""
	}
	w.shape.Key = w.decode(connect.RoleKey, ch.Key, declared.Key)
	w.shape.Value = w.decode(connect.RoleValue, ch.Value, declared.Value)
	w.pass("converters")
	w.steps(ch.Steps)
	if a, ok := c.(connect.Accepts); ok && !w.shape.None {
		w.guard("connector", func() error { return a.Accepts(w.shape) })
	}
	return w.states, w.faults
}

// walk is the way through one chain.
type walk struct {
	shape  connect.Shape
	states []State
	faults []Fault
}

// pass notes what is known behind a part of the chain.
func (w *walk) pass(name string) { w.states = append(w.states, State{name, w.shape}) }

// state lays what a source states over what is declared of it.
func (w *walk) state(s connect.Shape) {
	if s.Topic != "" {
		w.shape.Topic = s.Topic
	}
	w.stateForm("key", &w.shape.Key, s.Key)
	w.stateForm("value", &w.shape.Value, s.Value)
}

func (w *walk) stateForm(part string, f *connect.Form, stated connect.Form) {
	declared := *f
	if stated.Known {
		*f = stated
	}
	switch {
	case stated.Nulls != connect.NullsUnknown:
		f.Nulls = stated.Nulls
	case declared.Nulls != connect.NullsUnknown:
		f.Nulls = declared.Nulls
	}
	if !stated.Known || !declared.Known || declared.Nulls == connect.NullsAlways {
		return
	}
	if stated.Nulls == connect.NullsAlways || !stated.Schema.Equal(declared.Schema) {
		w.fault("connector", fmt.Errorf("its %ss are %s, and %s is declared", part, formText(stated), formText(declared)))
	}
}

// encode is a fault where the converter refuses the form, which becomes what
// the same converter reads of it.
func (w *walk) encode(role connect.Role, c connect.Converter, f *connect.Form) {
	faults := len(w.faults)
	if e, ok := c.(connect.Encodes); ok {
		w.guard(role.String()+"Converter", func() error { return e.Encodes(role, *f) })
	}
	if len(w.faults) > faults {
		*f = connect.Form{}
		return
	}
	read := walk{}
	*f = read.decode(role, c, *f)
	if len(read.faults) > 0 {
		*f = connect.Form{}
	}
}

// decode is the form of what the converter reads.
func (w *walk) decode(role connect.Role, c connect.Converter, declared connect.Form) (f connect.Form) {
	d, ok := c.(connect.Decodes)
	if !ok {
		return connect.Form{}
	}
	w.guard(role.String()+"Converter", func() (err error) {
		f, err = d.Decodes(role, declared)
		return err
	})
	return f
}
