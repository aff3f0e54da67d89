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
	var r rules
	cmd := &cobra.Command{
		Use:   "vet [-json] [-strict] [-policy P] [-t TAG=VALUE] SPEC…",
		Short: "Tell every mistake in specs, at once",
		Long: `Vet checks specs (CUE files or package folders, YAML, JSON) and tells every
mistake of all of them as file:line:col: path: message, and warns of what may
not be meant, also between specs that are given together. It says nothing else of
specs that are good. What shows only in the compiled chain (a schema that does
not fit, a regular expression, a test) kcgen test tells. With -json it writes an
array of faults and warnings, for annotations in CI.

A warning ends with its id: kcgen explain KC003 tells more. Where it is meant, the
spec says so, and why: accept: KC003: "the reason", on the pipeline or on a
connector. With -strict a warning that is not accepted is a fault. Where there is
a kcgen.lock beside a spec, what breaks it is a fault as well (kcgen lock).

A policy is an organisation's own CUE, a file, a folder or the import path of a
package, whose constraints hold for every spec: kafka: tls!: _ asks for TLS. It
refuses, and sets nothing. KCGEN_POLICY names policies for all calls.`,
		Example: "  kcgen vet pipeline.cue\n  kcgen vet -json pipelines/*.cue\n  kcgen vet -t env=prod pipeline.cue",
		Args:    specs,
		RunE: func(cmd *cobra.Command, args []string) error {
			found, err := vetted(cmd, r.config(cmd, tags), args)
			faults := found.Faults()
			if err == nil && asJSON {
				err = found.JSON(cmd.OutOrStdout())
			} else if err == nil {
				found.Warnings().Print(cmd.ErrOrStderr())
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
	r.flags(cmd)
	tagFlag(cmd, &tags)
	return cmd
}

// vetted is what is found in specs, and what their locks do not allow.
func vetted(cmd *cobra.Command, cfg compiler.Config, specs []string) (diag.List, error) {
	plans, found, err := checkEach(cmd, cfg, specs)
	if err != nil {
		return nil, err
	}
	_, locked, err := guarded(&cfg, plans)
	return append(found, locked...).Sorted(), err
}

func areGood(n int) string {
	if n == 1 {
		return "1 spec is good"
	}
	return fmt.Sprintf("%d specs are good", n)
}

// checkAll checks specs, says the warnings, and gives the plans of the good ones
// and the faults of all.
func checkAll(cmd *cobra.Command, cfg compiler.Config, specs []string) (plans []*plan.Pipeline, faults diag.List, err error) {
	plans, found, err := checkEach(cmd, cfg, specs)
	sayWarnings(cmd, found)
	return plans, found.Faults(), err
}

func sayWarnings(cmd *cobra.Command, found diag.List) {
	if w := found.Warnings(); len(w) > 0 {
		clearLine(cmd.ErrOrStderr())
		w.Print(cmd.ErrOrStderr())
	}
}

// checkFaults is checkAll without a word of warning.
func checkFaults(cmd *cobra.Command, cfg compiler.Config, specs []string) (plans []*plan.Pipeline, faults diag.List, err error) {
	plans, found, err := checkEach(cmd, cfg, specs)
	return plans, found.Faults(), err
}

// checkEach checks specs side by side and gives the plans of the good ones and
// what was found in all. It fails only for what no spec is to blame for.
func checkEach(cmd *cobra.Command, cfg compiler.Config, specs []string) (plans []*plan.Pipeline, found diag.List, err error) {
	for _, c := range compiler.CheckAll(cmd.Context(), cfg, specs) {
		if c.Err != nil {
			return nil, nil, c.Err
		}
		found = append(found, c.Found...)
		if c.Plan != nil {
			plans = append(plans, c.Plan)
		}
	}
	against := compiler.Across(cfg, plans)
	if len(against.Faults()) > 0 {
		plans = nil
	}
	return plans, append(found, against...).Sorted(), nil
}
