package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/reference"
)

func explainCommand() *cobra.Command {
	var tags []string
	var flow bool
	cmd := &cobra.Command{
		Use:   "explain [PATH] | explain -flow [-t TAG=VALUE] SPEC",
		Short: "Tell what a field or a component is for",
		Long: `Explain prints the docs of a field, a component or a package, from the CUE that
validates it: type, default, constraint, an example. Without a path it shows
what a spec consists of. A path may be as a fault names it.

With -flow it takes a spec, carries the schemas that it declares, and those that
its connectors state, through its chains, and prints what is known after each
step.`,
		Example: "  kcgen explain sources.connector\n  kcgen explain filestream.Source\n  kcgen explain filestream.Source.batchSize\n  kcgen explain kcgen.dev/runtime/transform.InsertField\n  kcgen explain -flow pipeline.cue",
		Args: func(cmd *cobra.Command, args []string) error {
			if flow {
				return specs(cmd, args)
			}
			if len(args) > 1 {
				return errors.New("explain takes one path")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if flow {
				return explainFlow(cmd, tags, args)
			}
			lib, err := library(cmd.Context())
			if err != nil {
				return err
			}
			found := reference.Found{Def: lib.Pipeline()}
			if len(args) == 1 {
				if found, err = lib.Find(args[0]); err != nil {
					return usageError{err}
				}
			}
			return lib.Print(cmd.OutOrStdout(), found)
		},
		ValidArgsFunction: completePaths,
	}
	cmd.Flags().BoolVar(&flow, "flow", false, "print what is known of a spec's records after each step")
	tagFlag(cmd, &tags)
	return cmd
}

// explainFlow prints the schemas of specs after each step, and what cannot
// work.
func explainFlow(cmd *cobra.Command, tags, specs []string) error {
	show := newProgress(cmd.ErrOrStderr())
	defer show.done()
	cfg := config(cmd, tags)
	cfg.Progress = show.stage
	plans, faults, err := checkFaults(cmd, cfg, specs)
	if err != nil {
		return err
	}
	w := cmd.OutOrStdout()
	for _, p := range plans {
		rep, err := compiler.DryRun(cmd.Context(), cfg, p, compiler.DryOptions{Tests: func(string) bool { return false }})
		if err != nil {
			return err
		}
		show.done()
		for i, f := range rep.Flows {
			if i > 0 {
				fmt.Fprintln(w)
			}
			fmt.Fprintf(w, "%s\n%s", f.Connector, f.Text)
		}
		faults = append(faults, rep.Faults...)
	}
	if len(faults) > 0 {
		return faults
	}
	return nil
}

// completePaths offers the components and the fields of the pipeline.
func completePaths(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	lib, err := library(cmd.Context())
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, f := range lib.Pipeline().Fields {
		out = append(out, f.Name)
	}
	for _, d := range lib.Components("") {
		out = append(out, strings.ReplaceAll(d.Use(), "#", ""))
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
