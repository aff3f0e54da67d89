package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/diag"
)

func verifyCommand() *cobra.Command {
	var tags []string
	var fast, asJSON bool
	cmd := &cobra.Command{
		Use:   "verify [-fast] [-json] [-t TAG=VALUE] BINARY SPEC…",
		Short: "Prove that a binary is a spec",
		Long: `Verify tells whether a binary is what a spec compiles to; of a pack all specs are
named. It reads the record that kcgen build put into the binary, which is not run,
compares the spec with it, builds the spec anew for the binary's machine, with
the tags that were used, and compares the bytes. What a spec that was changed
since means for what runs is told as by kcgen diff. Comments may be others.

With -fast nothing is built: the record in the binary is believed.

Exit codes: 0 it is, 1 it is not, 3 it cannot be told here, for it was not made by
kcgen build, or by another version of kcgen or Go.`,
		Example: "  kcgen verify ./orders orders.cue\n  kcgen verify -fast bin/pipelines pipelines/*.cue",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("which binary? Name it, and the spec that it is to be")
			}
			return specs(cmd, args[1:])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := verify(cmd, tags, fast, args[0], args[1:])
			if err != nil {
				return err
			}
			if asJSON {
				err = diag.WriteJSON(cmd.OutOrStdout(), d)
			} else {
				d.text(cmd.OutOrStdout())
			}
			if err == nil && d.Verdict != same {
				return exitError(d.Verdict.code())
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&fast, "fast", false, "believe the binary's record; build nothing")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write what is said as JSON")
	tagFlag(cmd, &tags)
	return cmd
}

// verify holds a binary against specs.
func verify(cmd *cobra.Command, tags []string, fast bool, file string, specs []string) (*verified, error) {
	binary, err := os.ReadFile(file)
	if err != nil {
		return nil, usageError{err}
	}
	rec, err := compiler.ReadRecord(binary)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if !cmd.Flags().Changed("t") {
		tags = rec.Tags
	}
	show := newProgress(cmd.ErrOrStderr())
	defer show.done()
	cfg := config(cmd, tags)
	cfg.Progress = show.stage
	plans, faults, err := checkFaults(cmd, cfg, specs)
	if err == nil && len(faults) > 0 {
		err = faults
	}
	if err != nil {
		return nil, err
	}
	v, err := compiler.Verify(cmd.Context(), cfg, binary, rec, plans, fast)
	if err != nil {
		return nil, err
	}
	return verifiedAs(file, specs, v, fast), nil
}
