package main

import (
	"fmt"
	"io"
	"strings"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/dryrun/wire"
)

// printReport says of each connector's chain how it is done.
func printReport(w io.Writer, p *plan.Pipeline, rep *compiler.DryReport) {
	chains := map[string]wire.Chain{}
	for _, c := range rep.Chains {
		chains[c.Connector] = c
	}
	for _, name := range compiler.Connectors(p) {
		c := chains[name]
		how := "not specialised"
		switch {
		case c.Steps == 0:
			how = "nothing to specialise: it has no transforms"
		case c.Recipe != nil:
			how = "specialised: one function"
		case strings.HasPrefix(name, "sinks."):
			how = "not specialised: what its topics hold is not known before it comes"
		}
		fmt.Fprintf(w, "%s  %s\n", name, how)
		if c.Steps > 0 {
			printNotes(w, c)
		}
	}
}

func printNotes(w io.Writer, c wire.Chain) {
	for _, n := range c.Notes {
		what := n.Type
		if n.Name != "" {
			what = fmt.Sprintf("%s (%s)", n.Name, n.Type)
		}
		why := n.Why
		switch {
		case why != "":
		case c.Recipe != nil:
			why = "in the function"
		default:
			why = "could be in a function"
		}
		fmt.Fprintf(w, "  %-15s %-28s %s\n", n.Part, printable(what), why)
	}
	if c.Recipe != nil {
		return
	}
	for _, run := range c.Together {
		for i := range run {
			run[i] = printable(run[i])
		}
		fmt.Fprintf(w, "  %s are done together\n", strings.Join(run, ", "))
	}
}
