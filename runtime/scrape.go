package runtime

import (
	"net/http"
	"slices"
	"strings"

	"kcgen.dev/runtime/herder"
	"kcgen.dev/runtime/metrics"
	"kcgen.dev/runtime/state"
	"kcgen.dev/runtime/worker"
)

// metrics answers with what there is to measure.
func (i *instance) metrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	if err := metrics.Write(w, i.measure()); err != nil {
		i.log.Debug("metrics were not written", "error", err.Error())
	}
}

// measure gives the figures of what this instance has: what others of its group
// have is in theirs, so that a sum over all counts everything once.
func (i *instance) measure() metrics.Snapshot {
	s := metrics.Snapshot{Pipeline: i.p.Name, Version: builtBy, Tasks: i.worker.Stats(), Starts: i.worker.Starts()}
	started := i.started.Load() // else open is still writing what follows
	for _, c := range i.shown {
		m := metrics.Connector{
			Name: c.Name, Class: c.Config["connector.class"], Sink: c.Kind == "sink", Here: i.p.Worker.Group == nil,
			Components: components(c.Config),
		}
		if started {
			st, _ := i.statuses.Connector(c.Name)
			m.Phase = string(st.Phase)
		}
		s.Connectors = append(s.Connectors, m)
	}
	switch {
	case i.p.Worker.Group == nil:
	case started:
		i.measureGroup(&s)
	default:
		s.Tasks = nil // nothing was given yet
	}
	return s
}

// measureGroup leaves to others what is theirs.
func (i *instance) measureGroup(s *metrics.Snapshot) {
	now := i.herder.Snapshot()
	s.Tasks = slices.DeleteFunc(s.Tasks, func(x worker.Stats) bool { return !has(now, x) })
	for n := range s.Connectors {
		s.Connectors[n].Here = slices.Contains(now.Connectors, s.Connectors[n].Name)
	}
	took, last := i.rebalances.read()
	s.Group = &metrics.Group{
		Name: i.p.Worker.Group.ID, Leader: now.Leader, Generation: now.Generation, Rebalancing: now.Joining,
		Rebalances: took, Last: last,
	}
}

// has reports whether a task is the instance's, or still ends in it.
func has(now *herder.Snapshot, x worker.Stats) bool {
	id := state.TaskID{Connector: x.Connector, Task: x.Task}
	return slices.ContainsFunc(now.Tasks, func(t herder.Task) bool { return t.ID == id })
}

// components are those that a connector's configuration names, and the converter
// of headers that it has without one.
func components(config map[string]string) (out []metrics.Component) {
	for _, role := range []string{"key.converter", "value.converter", "header.converter"} {
		class := config[role]
		if class == "" && role == "header.converter" {
			class = "convert.SimpleHeader"
		}
		if class != "" {
			out = append(out, metrics.Component{Role: role, Class: class})
		}
	}
	for _, role := range []string{"transform", "predicate"} {
		for name := range strings.SplitSeq(config[role+"s"], ",") {
			if class := config[role+"s."+name+".type"]; class != "" {
				out = append(out, metrics.Component{Role: role, Name: name, Class: class})
			}
		}
	}
	return out
}
