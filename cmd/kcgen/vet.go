package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
)

func vetCommand() *cobra.Command {
	var tags []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "vet [-json] [-t TAG=VALUE] SPEC…",
		Short: "Tell every mistake in specs, at once",
		Long: `Vet checks specs (CUE files or package folders, YAML, JSON) and tells every
mistake of all of them as file:line:col: path: message. It says nothing of
specs that are good. What shows only in the compiled chain (a schema that does
not fit, a regular expression, a test) kcgen test tells. With -json it writes an
array of faults, for annotations in CI.`,
		Example: "  kcgen vet pipeline.cue\n  kcgen vet -json pipelines/*.cue\n  kcgen vet -t env=prod pipeline.cue",
		Args:    specs,
		RunE: func(cmd *cobra.Command, args []string) error {
			_, faults, err := checkAll(cmd, config(cmd, tags), args)
			if err == nil && asJSON {
				err = faults.JSON(cmd.OutOrStdout())
			}
			switch {
			case err != nil:
				return err
			case len(faults) == 0:
				if !asJSON && isTerminal(cmd.OutOrStdout()) {
					fmt.Fprintln(cmd.OutOrStdout(), areGood(len(args)))
				}
				return nil
			case asJSON:
				return errFaults
			}
			return faults
		},
		ValidArgsFunction: completeSpecs,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write the faults as JSON to standard output")
	tagFlag(cmd, &tags)
	return cmd
}

func areGood(n int) string {
	if n == 1 {
		return "1 spec is good"
	}
	return fmt.Sprintf("%d specs are good", n)
}

// checkAll checks specs one after the other and gives the plans of the good
// ones and the faults of all. It ends early only for what no spec is to blame
// for.
func checkAll(cmd *cobra.Command, cfg compiler.Config, specs []string) (plans []*plan.Pipeline, faults diag.List, err error) {
	for _, spec := range specs {
		p, list, err := compiler.Check(cmd.Context(), cfg, spec)
		if err != nil {
			return nil, nil, err
		}
		if len(list) > 0 {
			faults = append(faults, list...)
			continue
		}
		plans = append(plans, p)
	}
	return plans, faults.Sorted(), nil
}
