package main

import (
	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/lock"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/dryrun/wire"
)

// locks are the kcgen.lock files beside specs, each read once.
type locks map[string]*lock.File

// beside is the lock beside a plan's spec, which need not be there.
func (l locks) beside(cfg compiler.Config, p *plan.Pipeline) (*lock.File, error) {
	name := lock.Beside(cfg.Dir, p.Spec)
	if f := l[name]; f != nil {
		return f, nil
	}
	f, err := lock.Open(cfg.Dir, name, cfg.Tags)
	l[name] = f
	return f, err
}

// guard is guarded, with the warnings said.
func guard(cmd *cobra.Command, cfg *compiler.Config, plans []*plan.Pipeline) (good []*plan.Pipeline, faults diag.List, err error) {
	good, found, err := guarded(cfg, plans)
	sayWarnings(cmd, found)
	return good, found.Faults(), err
}

// guarded holds plans against the locks beside their specs, where there are any:
// it gives those that break no promise, and what was found. What the chains make
// is held against the locks later, by cfg.Judge.
func guarded(cfg *compiler.Config, plans []*plan.Pipeline) (good []*plan.Pipeline, found diag.List, err error) {
	all := locks{}
	judges := map[*plan.Pipeline]*lock.File{}
	for _, p := range plans {
		f, err := all.beside(*cfg, p)
		if err != nil {
			return nil, nil, err
		}
		var list diag.List
		if f.Found {
			judges[p] = f
			list = f.Advise(p, f.Compare(p))
		}
		if cfg.Strict {
			list = list.Strict()
		}
		if found = append(found, list...); len(list.Faults()) == 0 {
			good = append(good, p)
		}
	}
	cfg.Judge = func(p *plan.Pipeline, flows []wire.Flow) diag.List {
		if f := judges[p]; f != nil {
			return f.Advise(p, f.CompareFlows(p, flows))
		}
		return nil
	}
	return good, found, nil
}
