package main

import (
	"fmt"
	"io"
	"slices"

	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/fuse/recipe"
)

// printReport says of each connector's chain how it is done.
func printReport(w io.Writer, p *plan.Pipeline) {
	for _, s := range p.Root.Structs("sources") {
		how := "nothing to specialise: it has no transforms"
		r, notes := function(p, s)
		switch {
		case r != nil:
			how = "specialised: one function"
		case len(s.List("transforms")) > 0:
			how = "not specialised"
		default:
			notes = nil
		}
		fmt.Fprintf(w, "sources.%s  %s\n", printable(s.Key()), how)
		printNotes(w, s, notes, r != nil)
		if r == nil {
			printSavings(w, s, false)
		}
	}
	for _, s := range p.Root.Structs("sinks") {
		reportSink(w, s)
	}
}

func reportSink(w io.Writer, s *plan.Struct) {
	how := "nothing to specialise: it has no transforms"
	r, notes := sinkFunction(s)
	steps := len(s.List("transforms"))
	switch {
	case r != nil && r.Steps == steps:
		how = "specialised: one function"
	case r != nil:
		how = fmt.Sprintf("specialised: one function of %d of %d transforms", r.Steps, steps)
	case steps > 0 && !slices.ContainsFunc(notes, func(n recipe.Note) bool { return n.Why != "" }):
		how, notes = "nothing to specialise: its transforms change no fields", nil
	case steps > 0:
		how = "not specialised"
	default:
		notes = nil
	}
	fmt.Fprintf(w, "sinks.%s  %s\n", printable(s.Key()), how)
	printNotes(w, s, notes, r != nil)
	if r == nil || r.Steps < steps {
		printSavings(w, s, true)
	}
}

// printNotes says which part of a chain is in the function, or what keeps it out.
func printNotes(w io.Writer, s *plan.Struct, notes []recipe.Note, fused bool) {
	for _, n := range notes {
		why := n.Why
		switch {
		case why != "":
		case fused:
			why = "in the function"
		default:
			why = "could be in a function"
		}
		fmt.Fprintf(w, "  %-15s %-28s %s\n", n.Part, typeAt(s, n.Part), why)
	}
}

// typeAt is the component that stands in a part of a connector.
func typeAt(s *plan.Struct, part string) string {
	c := s.Struct(part)
	for i, n := range s.List("transforms") {
		if step, ok := n.(*plan.Struct); ok && part == fmt.Sprintf("transforms[%d]", i) {
			c = step.Struct("do")
		}
	}
	if c == nil {
		return ""
	}
	return c.Type.Pkg + "." + c.Type.Name
}
