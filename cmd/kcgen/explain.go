package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/lint"
	"kcgen.dev/compiler/reference"
)

func explainCommand() *cobra.Command {
	var tags []string
	var flow, lints bool
	cmd := &cobra.Command{
		Use:   "explain [PATH | LINT] | explain -lints | explain -flow [-t TAG=VALUE] SPEC",
		Short: "Tell what a field, a component or a warning is for",
		Long: `Explain prints the docs of a field, a component or a package, from the CUE that
validates it: type, default, constraint, an example. Without a path it shows
what a spec consists of. A path may be as a fault names it.

Of a lint, such as KC003, it tells why it warns, how to mend it, and a bad spec
and a good one; -lints lists all of them.

With -flow it takes a spec, carries the schemas that it declares, and those that
its connectors state, through its chains, and prints what is known after each
step.`,
		Example: "  kcgen explain sources.connector\n  kcgen explain filestream.Source\n  kcgen explain filestream.Source.batchSize\n  kcgen explain kcgen.dev/runtime/transform.InsertField\n  kcgen explain KC003\n  kcgen explain -flow pipeline.cue",
		Args: func(cmd *cobra.Command, args []string) error {
			if flow {
				return specs(cmd, args)
			}
			if lints && len(args) > 0 {
				return errors.New("-lints takes no path: it lists all lints")
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
			if lints {
				lint.List(cmd.OutOrStdout())
				return nil
			}
			if len(args) == 1 && isLint.MatchString(args[0]) {
				return explainLint(cmd, args[0])
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
	cmd.Flags().BoolVar(&lints, "lints", false, "list what kcgen vet warns of")
	cmd.Flags().BoolVar(&flow, "flow", false, "print what is known of a spec's records after each step")
	tagFlag(cmd, &tags)
	return cmd
}

var isLint = regexp.MustCompile(`^(?i)KC\d+$`)

// explainLint tells all of a lint.
func explainLint(cmd *cobra.Command, id string) error {
	l, ok := lint.Find(id)
	if !ok {
		return usageError{fmt.Errorf("there is no lint %s; kcgen explain -lints lists all", id)}
	}
	l.Print(cmd.OutOrStdout())
	return nil
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
	out = append(out, lint.IDs()...)
	return out, cobra.ShellCompDirectiveNoFileComp
}
