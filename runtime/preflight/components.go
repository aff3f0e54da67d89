package preflight

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"kcgen.dev/runtime/connect"
)

// component is a connector or a converter, and where it stands in the spec.
type component struct {
	who     string
	value   any
	context connect.CheckContext
}

// components are those of a pipeline, in the order of the spec.
func components(p *Pipeline) []component {
	var out []component
	add := func(who string, cc connect.CheckContext, values ...any) {
		for _, v := range values {
			if v != nil {
				out = append(out, component{who, v, cc})
			}
		}
	}
	for _, s := range p.Sources {
		add("sources."+s.Name, connect.CheckContext{Name: s.Name, TasksMax: max(s.MaxTasks, 1)}, s.Connector, s.Key, s.Value, s.Header)
	}
	for _, s := range p.Sinks {
		add("sinks."+s.Name, connect.CheckContext{Name: s.Name, Topics: s.Topics, TasksMax: max(s.Tasks, 1)}, s.Connector, s.Key, s.Value, s.Header)
	}
	return out
}

// checkComponents asks each that can look at its system, all at once. What
// several of one connector found alike is said once.
func checkComponents(ctx context.Context, p *Pipeline) []Finding {
	all := components(p)
	found := make([][]Finding, len(all))
	var wait sync.WaitGroup
	for i, c := range all {
		if with, ok := c.value.(connect.Checks); ok {
			wait.Go(func() { found[i] = c.check(ctx, with) })
		}
	}
	wait.Wait()
	var out []Finding
	for _, f := range slices.Concat(found...) {
		if !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

// check waits for a component for as long as there is time.
func (c component) check(ctx context.Context, with connect.Checks) []Finding {
	done := make(chan []connect.Finding, 1)
	failed := make(chan error, 1)
	go func() {
		var found []connect.Finding
		if err := guarded(func() error { found = with.Check(ctx, c.context); return nil }); err != nil {
			failed <- err
			return
		}
		done <- found
	}()
	select {
	case list := <-done:
		var out []Finding
		for _, f := range list {
			out = append(out, ofComponent(c.who, f))
		}
		return out
	case err := <-failed:
		return []Finding{{Status: Unknown, About: c.who, What: "what it works with", Problem: err.Error()}}
	case <-ctx.Done():
		return []Finding{{Status: Unknown, About: c.who, What: "what it works with", Problem: "it did not answer in time", Fix: "give it more by -timeout"}}
	}
}

func ofComponent(who string, f connect.Finding) Finding {
	out := Finding{About: who, What: f.What, Problem: f.Problem, Fix: f.Fix}
	switch {
	case f.Problem == "":
		out.Status, out.Fix = OK, ""
	case f.Warning:
		out.Status = Warning
	default:
		out.Status = Missing
	}
	return out
}

// guarded makes an error of a panic: a component may be anybody's.
func guarded(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("it panicked: %v", r)
		}
	}()
	return do()
}
