package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/lint"
	"kcgen.dev/compiler/lock"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/dryrun/wire"
)

func lockCommand() *cobra.Command {
	var l lockFlags
	cmd := &cobra.Command{
		Use:   "lock [-accept | -check] [-t TAG=VALUE] SPEC…",
		Short: "Hold on to positions and promises, so that no change breaks them in silence",
		Long: `Lock writes kcgen.lock beside the specs: where pipelines keep their positions
(connectors' names, files, tables, slots, server ids, consumer groups) and what
they promise (topics, dead letter queues, formats, the schema of what sources
write). Commit it. Where it is there, kcgen vet, build and run refuse a spec that
says something else, and say what would come of it.

Once written it is added to: what is new and breaks nothing, as a further
connector, is taken in. What breaks something is refused, and taken in with
-accept, so that the decision is a line of the change that makes it. With -check
nothing is written, and the exit code is 1 where the file does not hold all that
the specs say: for CI.`,
		Example: "  kcgen lock orders.cue\n  kcgen lock -check pipelines/*.cue\n  kcgen lock -accept orders.cue",
		Args: func(cmd *cobra.Command, args []string) error {
			if l.accept && l.check {
				return errors.New("-accept writes the lock and -check does not: which of them?")
			}
			return specs(cmd, args)
		},
		RunE:              func(cmd *cobra.Command, args []string) error { return l.run(cmd, args) },
		ValidArgsFunction: completeSpecs,
	}
	cmd.Flags().BoolVar(&l.accept, "accept", false, "take in what breaks something too")
	cmd.Flags().BoolVar(&l.check, "check", false, "write nothing, and tell what the lock does not hold")
	tagFlag(cmd, &l.tags)
	return cmd
}

type lockFlags struct {
	tags          []string
	accept, check bool
}

func (l *lockFlags) run(cmd *cobra.Command, specs []string) error {
	show := newProgress(cmd.ErrOrStderr())
	defer show.done()
	cfg := config(cmd, l.tags)
	cfg.Progress, cfg.Fuse = show.stage, nil
	plans, faults, err := checkFaults(cmd, cfg, specs)
	if err == nil {
		err = distinct(plans)
	}
	if err == nil && len(faults) > 0 {
		err = faults
	}
	if err != nil {
		return err
	}
	files, found, err := l.entries(cmd, cfg, plans)
	show.done()
	if err != nil {
		return err
	}
	switch {
	case l.accept:
		found.Print(cmd.ErrOrStderr())
	case len(found) > 0:
		return found
	case l.check:
		return nil
	}
	return write(cmd, cfg, files)
}

// entries puts what the plans say into their locks, and gives what was found on
// the way.
func (l *lockFlags) entries(cmd *cobra.Command, cfg compiler.Config, plans []*plan.Pipeline) (files locks, found diag.List, err error) {
	files = locks{}
	tried := compiler.DryRuns(cmd.Context(), cfg, plans, compiler.DryOptions{Tests: func(string) bool { return false }})
	for i, p := range plans {
		if tried[i].Err != nil {
			return nil, nil, tried[i].Err
		}
		f, err := files.beside(cfg, p)
		if err != nil {
			return nil, nil, err
		}
		flows := tried[i].Report.Flows
		found = append(found, l.judge(f, p, flows)...)
		f.Set(p, f.Entry(p, flows))
	}
	for _, f := range files {
		gone := f.Gone(cfg.Dir)
		for _, e := range gone {
			found = append(found, diag.Diag{File: e.At.File, Line: e.At.Line, Col: e.At.Column, ID: lint.StaleID,
				Msg: fmt.Sprintf("the pipeline %q is locked, and its spec %q is not there: what it moved is moved no more; where that is meant, accept it", e.Name, e.Spec)})
		}
		f.Drop(gone)
	}
	return files, found.Sorted(), nil
}

// judge says what of a plan its lock does not allow.
func (l *lockFlags) judge(f *lock.File, p *plan.Pipeline, flows []wire.Flow) diag.List {
	broken := append(f.Compare(p).Faults(), f.CompareFlows(p, flows)...)
	switch {
	case l.accept:
		for i := range broken {
			broken[i].Msg = "accepted: " + broken[i].Msg
		}
		return broken
	case len(broken) == 0 && l.check && !f.Holds(p, f.Entry(p, flows)):
		return f.Stale(p)
	}
	return f.Advise(p, broken)
}

// write writes the locks that say something else than before.
func write(cmd *cobra.Command, cfg compiler.Config, files locks) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file := filepath.Join(cfg.Dir, filepath.FromSlash(name))
		old, err := os.ReadFile(file)
		text := files[name].Text()
		if err == nil && bytes.Equal(old, text) {
			continue
		}
		if err := replaceFile(file, text); err != nil {
			return err
		}
		fmt.Fprintln(cmd.OutOrStdout(), name)
	}
	return nil
}
