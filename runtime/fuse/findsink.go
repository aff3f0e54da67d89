package fuse

import (
	"fmt"
	"slices"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/flow"
	"kcgen.dev/runtime/fuse/recipe"
	"kcgen.dev/runtime/internal/reshape"
)

// Reader is a converter whose messages a function can read itself.
type Reader interface {
	connect.Converter
	// Members is nil where messages that are JSON objects are read as maps with
	// their members; an error says what they are read as.
	Members() error
}

// FindSink finds the function of a sink's chain: of as many of its first steps as
// go into one. Topic is the one that all records are of; "" is unknown. Where
// there is no function the recipe is nil, and notes say why.
func FindSink(ch flow.Chain, topic string) (*recipe.Sink, []recipe.Note) {
	states, _ := flow.Sink(nil, ch, connect.Shape{Topic: topic, Value: connect.Form{Nulls: connect.NullsNever}})
	w := &sinkWalk{topic: states[0].Shape.Topic}
	if w.note("valueConverter", w.reads(ch.Value)); w.failed {
		w.texts = nil
	}
	for i, s := range ch.Steps {
		w.note(fmt.Sprintf("transforms[%d]", i), w.step(i, s, states[i].Shape))
	}
	if w.found == nil && (w.texts == nil || len(w.texts.shape) == 0) {
		return nil, w.notes
	}
	w.print()
	return &w.made, w.notes
}

// reads is why a converter's messages are not for functions.
func (w *sinkWalk) reads(c connect.Converter) (why string) {
	if flow.Refers(c) {
		return atStart
	}
	var err error
	switch c := c.(type) {
	case TextReader:
		w.texts = &texts{schema: connect.OptionalStringSchema, cells: []cell{{}}}
		err = c.Text()
	case Reader:
		err = c.Members()
	default:
		return "it is not one of the converters that are"
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// sinkWalk is the way through a sink's chain.
type sinkWalk struct {
	topic  string // of all records; "" is unknown
	made   recipe.Sink
	routed string
	steps  []mapStep
	found  *members // what they do, all together
	texts  *texts   // the same of messages that are texts; nil: they are objects
	notes  []recipe.Note
	failed bool
}

func (w *sinkWalk) note(part, why string) {
	w.failed = w.failed || why != ""
	w.notes = append(w.notes, recipe.Note{Part: part, Why: why})
}

// step takes a step into the function.
func (w *sinkWalk) step(i int, s flow.Step, before connect.Shape) (why string) {
	if w.failed {
		return behind
	}
	does, told, why := holds(s, before)
	if why != "" {
		return why
	}
	if told {
		w.made.When = w.topic // a predicate may have looked at that
	}
	if does {
		if why = w.do(i, s.Do, before); why != "" {
			return why
		}
	}
	w.made.Steps = i + 1
	return ""
}

func (w *sinkWalk) do(i int, t connect.Transform, before connect.Shape) (why string) {
	if flow.Refers(t) {
		return atStart
	}
	switch t := t.(type) {
	case Router:
		return w.route(t, before)
	case reshape.Transform:
		return w.reshape(i, t)
	}
	return "it is not one of the transforms that are"
}

func (w *sinkWalk) route(t Router, before connect.Shape) (why string) {
	if before.Topic == "" {
		return "the topic is not known before the pipeline starts"
	}
	to, err := t.Route()
	if err == nil {
		w.routed, err = to(before.Topic)
	}
	if err != nil {
		return err.Error()
	}
	w.made.When, w.made.Topic = w.topic, w.routed
	return ""
}

func (w *sinkWalk) reshape(i int, t reshape.Transform) (why string) {
	step, err := t.Reshape()
	switch {
	case err != nil:
		return err.Error()
	case step.On == "key":
		return "it is on the key"
	case w.texts != nil && step.On != "":
		next, why := w.texts.with(mapStep{at: i, topic: w.routed, Step: step})
		if why == "" {
			w.texts = next
		}
		return why
	case step.Whole != nil:
		return "it wraps the whole value"
	case step.Map == nil:
		return differs
	}
	steps := append(slices.Clip(w.steps), mapStep{at: i, topic: w.routed, Step: step})
	found, err := findMembers(steps)
	if err != nil {
		return err.Error()
	}
	if !found.printable() {
		return "what it makes of a field has no literal"
	}
	w.steps, w.found = steps, found
	return ""
}
