package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
)

func buildCommand() *cobra.Command {
	var tags []string
	var o compiler.BuildOptions
	var report, pack, strict bool
	cmd := &cobra.Command{
		Use:   "build [-o FILE] [-pack] [-target OS/ARCH] [-strict] [-report] [-t TAG=VALUE] SPEC…",
		Short: "Build one static binary a pipeline",
		Long: `Build checks specs, runs their tests and compiles each into one static binary,
./<pipeline> unless -o says otherwise. A spec whose tests fail gets none. The
same spec gives the same bytes wherever it is built; nothing is fetched that
Go's module cache holds. Where one of several specs has faults the others are
built all the same.

A source whose records and transforms are known to the byte becomes one function,
which is faster than the chain and writes the same; -report tells which do, and
what keeps the others from it. Of sinks it tells which fields are read, where
the converter need not make the others.

With -pack all specs become one binary, FILE, little larger than one of them.
FILE PIPELINE runs one, and takes its verbs and flags; FILE a,b runs some and
FILE all runs all in one process; a link to FILE that is called like a pipeline
is that pipeline. Where one spec has faults there is no binary.`,
		Example: "  kcgen build pipeline.cue\n  kcgen build -o bin/orders -target linux/arm64 -t env=prod orders.cue\n  kcgen build -pack -o bin/pipelines pipelines/*.cue",
		Args: func(cmd *cobra.Command, args []string) error {
			if pack && o.Out == "" {
				return errors.New("-pack needs -o FILE: which file is to hold the pipelines?")
			}
			if len(args) > 1 && o.Out != "" && !pack {
				return fmt.Errorf("-o names one file, but there are %d specs; leave it out, or put them into one binary by -pack", len(args))
			}
			if i, err := os.Stat(o.Out); err == nil && i.IsDir() {
				return fmt.Errorf("-o %s is a folder; name a file in it", o.Out)
			}
			if err := target(cmd, o.Target); err != nil {
				return err
			}
			return specs(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg := config(cmd, tags)
			cfg.Strict = strict
			return buildAll(cmd, cfg, o, report, pack, args)
		},
		ValidArgsFunction: completeSpecs,
	}
	cmd.Flags().StringVarP(&o.Out, "o", "o", "", "the binary's `file`; by default ./<pipeline>")
	cmd.Flags().BoolVar(&pack, "pack", false, "put all pipelines into one binary")
	cmd.Flags().StringVar(&o.Target, "target", "", "the machine it is for, as `OS/ARCH`; by default this one")
	cmd.Flags().BoolVar(&report, "report", false, "tell which chains are specialised, and why others are not")
	strictFlag(cmd, &strict)
	tagFlag(cmd, &tags)
	return cmd
}

// target refuses a machine that Go does not build for. Without a go command it
// is left to the build to complain.
func target(cmd *cobra.Command, target string) error {
	if target == "" {
		return nil
	}
	out, err := goOutput(cmd.Context(), "tool", "dist", "list")
	if known := strings.Fields(string(out)); err == nil && !slices.Contains(known, target) {
		return fmt.Errorf("-target %s is no OS/ARCH that Go knows%s", target, diag.DidYouMean(target, known))
	}
	return nil
}

// buildAll builds what has no faults, then tells the faults. That a build
// failed outweighs that a spec has faults.
func buildAll(cmd *cobra.Command, cfg compiler.Config, o compiler.BuildOptions, report, pack bool, specs []string) error {
	show := newProgress(cmd.ErrOrStderr())
	defer show.done()
	cfg.Progress = show.stage

	plans, faults, err := checkAll(cmd, cfg, specs)
	if err == nil {
		err = distinct(plans)
	}
	if err != nil {
		return err
	}
	plans, broken, err := guard(cmd, &cfg, plans)
	if err != nil {
		return err
	}
	faults = append(faults, broken...)
	if pack {
		return buildPack(cmd, cfg, plans, faults, o, report)
	}
	var failed []error
	compiler.Build(cmd.Context(), cfg, plans, o, func(b compiler.Binary) {
		faults = append(faults, b.Faults...)
		if b.Err == nil && b.File != "" {
			show.done()
			b.Err = tellBuilt(cmd.OutOrStdout(), b.File, o.Out)
			if report {
				printReport(cmd.OutOrStdout(), b.Plan)
			}
		}
		if b.Err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", b.Plan.Spec, b.Err))
		}
	})
	show.done()
	if len(faults) == 0 {
		return errors.Join(failed...)
	}
	if len(failed) == 0 {
		return faults
	}
	faults.Print(cmd.ErrOrStderr())
	return errors.Join(failed...)
}

// buildPack builds one binary of all, if none has faults.
func buildPack(cmd *cobra.Command, cfg compiler.Config, plans []*plan.Pipeline, faults diag.List, o compiler.BuildOptions, report bool) error {
	if len(faults) > 0 {
		return faults
	}
	name := strings.TrimSuffix(filepath.Base(o.Out), ".exe")
	for _, p := range plans {
		if p.Name == name {
			return usageError{fmt.Errorf("-o %s: called like the pipeline of %s the binary would be that alone; give it another name", o.Out, p.Spec)}
		}
	}
	if err := compiler.Packable(plans); err != nil {
		return usageError{err}
	}
	b := compiler.BuildPack(cmd.Context(), cfg, plans, o)
	if len(b.Faults) > 0 {
		b.Faults.Print(cmd.ErrOrStderr())
		return cmp.Or(b.Err, errFaults)
	}
	if b.Err != nil {
		return b.Err
	}
	if err := tellBuilt(cmd.OutOrStdout(), b.File, o.Out); err != nil {
		return err
	}
	for _, p := range plans {
		if report {
			printReport(cmd.OutOrStdout(), p)
		}
	}
	return nil
}

// tellBuilt tells of a binary: its name as the user knows it, and its size.
func tellBuilt(w io.Writer, file, out string) error {
	i, err := os.Stat(file)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s  %.1f MiB\n", cmp.Or(out, "./"+filepath.Base(file)), float64(i.Size())/(1<<20))
	return nil
}
