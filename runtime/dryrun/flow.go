package dryrun

import (
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/dryrun/wire"
	"kcgen.dev/runtime/flow"
)

// flow carries what is declared, and what components state, through all
// chains.
func (d *dry) flow() {
	for _, t := range d.targets {
		if t.source != nil {
			declared := d.shape(d.recordSchema(t, ""))
			declared.Topic = d.Connectors[t.key].Topic
			d.carry(t, declared, "")
			continue
		}
		for _, topic := range d.topicsOf(t) {
			declared := d.shape(d.recordSchema(t, topic))
			declared.Topic = topic
			title := ""
			if len(t.topics) != 1 && topic != "" {
				title = "topic " + topic + "\n"
			}
			d.carry(t, declared, title)
		}
	}
}

// topicsOf are the topics whose records a sink's chain is followed for: each
// that has a schema of its own, and else all in one.
func (d *dry) topicsOf(t *target) []string {
	if d.Connectors[t.key].Schema == nil {
		var own []string
		for _, topic := range d.Topics {
			if d.reads(t, topic.Name) {
				own = append(own, topic.Name)
			}
		}
		if len(own) > 0 {
			return own
		}
	}
	return []string{d.defaultTopic(t)}
}

func (d *dry) carry(t *target, declared connect.Shape, title string) {
	var states []flow.State
	var faults []flow.Fault
	err := guard(func() error {
		ch := flow.Chain{Key: t.chain.Key, Value: t.chain.Value}
		for _, s := range t.chain.Steps {
			ch.Steps = append(ch.Steps, flow.Step{Name: s.Name, Do: s.Do, When: s.When, Unless: s.Unless})
		}
		if t.source != nil {
			states, faults = flow.Source(t.source, ch, declared)
		} else {
			states, faults = flow.Sink(t.sink, ch, declared)
		}
		return nil
	})
	if err != nil {
		d.fault(t.key, "", err)
		return
	}
	for _, f := range faults {
		d.fault(t.key, f.Path, f.Err)
	}
	var text strings.Builder
	text.WriteString(title)
	flow.Print(&text, states)
	f := wire.Flow{Connector: t.key, Text: text.String()}
	if len(states) > 0 {
		f.Begin = fields(states[0])
		f.End = fields(states[len(states)-1])
	}
	d.report.Flows = append(d.report.Flows, f)
}

// fields are what is known of the records in a state.
func fields(s flow.State) (out []wire.Field) {
	for _, f := range flow.Fields(s.Shape) {
		out = append(out, wire.Field(f))
	}
	return out
}
