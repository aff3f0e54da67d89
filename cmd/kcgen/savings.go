package main

import (
	"fmt"
	"io"
	"maps"
	"strings"

	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/flow"
	"kcgen.dev/runtime/transform"
)

// telling are the components that say what they do together, or read.
var telling = func() components {
	m := componentsOf(
		transform.DropHeaders{}, transform.ExtractField{}, transform.ExtractTopic{}, transform.Filter{}, transform.HeaderFrom{},
		transform.InsertHeader{}, transform.MessageTimestampRouter{}, transform.SetSchemaMetadata{}, transform.TimestampRouter{},
		transform.TombstoneHandler{}, transform.ValueToKey{},
	)
	maps.Copy(m, fusable)
	return m
}()

// printSavings says what of a chain that is no function is done at once, or not
// at all.
func printSavings(w io.Writer, s *plan.Struct, sink bool) {
	c := opened(s)
	if c == nil {
		return
	}
	for _, run := range c.Together() {
		fmt.Fprintf(w, "  %s are done together\n", strings.Join(run, ", "))
	}
	for _, role := range []connect.Role{connect.RoleKey, connect.RoleValue} {
		if _, r, ok := c.Projection(role); ok && sink {
			fmt.Fprintf(w, "  %-15s reads %s\n", role.String()+"Converter", read(r))
		}
	}
}

// read says which fields are read.
func read(r connect.Reading) string {
	of, fields := "only", r.Only
	switch {
	case fields == nil:
		of, fields = "all but", r.Except
	case len(fields) == 0:
		return "nothing"
	}
	for _, f := range fields {
		of += " " + printable(f)
	}
	return of
}

// opened is a connector's chain as a task has it; nil where it does not open.
func opened(s *plan.Struct) *chain.Chain {
	ch := telling.chain(s)
	cfg := chain.Config{Key: spares(ch.Key), Value: spares(ch.Value), Header: foreignConverter{}}
	for _, step := range ch.Steps {
		cfg.Steps = append(cfg.Steps, openable(step))
	}
	c, err := chain.Open(cfg)
	if err != nil {
		return nil
	}
	return c
}

// openable is a step that opens here: what waits in it for what its references
// stand for is stood for, and goes on saying what it reads.
func openable(s flow.Step) chain.Step {
	out := chain.Step{Do: s.Do, When: openTest(s.When), Unless: openTest(s.Unless)}
	if _, err := s.Do.Open(); err != nil && flow.Refers(s.Do) {
		out.Do = waitingStep{says: says{s.Do}}
	}
	return out
}

func openTest(p connect.Predicate) connect.Predicate {
	if p == nil {
		return nil
	}
	if _, err := p.Open(); err != nil && flow.Refers(p) {
		return waitingTest{says: says{p}}
	}
	return p
}

// What stands for steps and predicates that open when the pipeline starts.
type (
	waitingStep struct {
		foreignTransform
		says
	}
	waitingTest struct {
		foreignPredicate
		says
	}
	says struct{ component any }
)

// Reads is what the component says; one that does not say it reads all.
func (s says) Reads(role connect.Role) (r connect.Reading) {
	if component, ok := s.component.(connect.Reads); ok {
		r = component.Reads(role)
	}
	return r
}

// spares is a converter that says of itself whether it can do with less.
func spares(c connect.Converter) connect.Converter {
	if j, ok := c.(convert.JSON); ok && j.Strict {
		return foreignConverter{} // it makes all
	}
	if o, ok := c.(connect.Offline); ok {
		return o.Offline()
	}
	return c
}
