package dryrun

import (
	"slices"

	"kcgen.dev/runtime/dryrun/wire"
	"kcgen.dev/runtime/flow"
	"kcgen.dev/runtime/fuse"
)

// tune finds out how a chain is done: as a function, or which steps of it
// together. A component that panics has been told of.
func (d *dry) tune(t *target, ch flow.Chain, states []flow.State) {
	if slices.ContainsFunc(d.report.Chains, func(c wire.Chain) bool { return c.Connector == t.key }) {
		return // a sink's, for another of its topics
	}
	c := wire.Chain{Connector: t.key, Steps: len(ch.Steps)}
	_ = guard(func() error {
		if t.source != nil {
			c.Recipe, c.Notes = fuse.Source(t.source, ch, states)
		}
		return nil
	})
	if o, err := t.open(); err == nil {
		c.Together = o.Together()
	}
	d.report.Chains = append(d.report.Chains, c)
}
