package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/review"
	"kcgen.dev/runtime/about"
)

func verifyCommand() *cobra.Command {
	var tags []string
	var fast bool
	cmd := &cobra.Command{
		Use:   "verify [-fast] [-t TAG=VALUE] BINARY SPEC…",
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
			return verify(cmd, tags, fast, args[0], args[1:])
		},
	}
	cmd.Flags().BoolVar(&fast, "fast", false, "believe the binary's record; build nothing")
	tagFlag(cmd, &tags)
	return cmd
}

func verify(cmd *cobra.Command, tags []string, fast bool, file string, specs []string) error {
	binary, err := os.ReadFile(file)
	if err != nil {
		return usageError{err}
	}
	rec, err := compiler.ReadRecord(binary)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
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
		return err
	}
	v, err := compiler.Verify(cmd.Context(), cfg, binary, rec, plans, fast)
	show.done()
	if err != nil {
		return err
	}
	return tellVerified(cmd.OutOrStdout(), file, specs, v, fast)
}

// tellVerified says what a binary is, and gives the exit code.
func tellVerified(w io.Writer, file string, specs []string, v *compiler.Verification, fast bool) error {
	what := strings.Join(specs, " ")
	switch {
	case len(v.Others) > 0 || len(v.Changed) > 0:
		fmt.Fprintf(w, "%s is not %s\n", file, what)
		list(w, v.Others)
		code := exitFailed
		for _, c := range v.Changed {
			if tellChanged(w, file, c) {
				code = exitFaults
			}
		}
		if len(v.Others) > 0 {
			code = exitFaults
		}
		return exitError(code)
	case len(v.Unsure) > 0:
		fmt.Fprintf(w, "%s says that it is %s, which cannot be proven here\n", file, what)
		list(w, v.Unsure)
		return exitError(exitFailed)
	}
	how := "rebuilt, it is the same byte for byte"
	if fast {
		how = "so its record says; it was not rebuilt"
	}
	fmt.Fprintf(w, "%s is %s: %s\n", file, what, how)
	lines := []string{builtAs(v.Record)}
	for _, name := range v.Retold {
		lines = append(lines, "the text of "+name+" was changed since, in nothing that runs")
	}
	list(w, lines)
	return nil
}

func list(w io.Writer, lines []string) {
	for _, l := range lines {
		fmt.Fprintf(w, "  %s\n", printable(l))
	}
}

func builtAs(r *about.Record) string {
	text := fmt.Sprintf("built by kcgen %s with %s for %s", r.Kcgen, r.Go, r.Target)
	if len(r.Tags) > 0 {
		text += ", -t " + strings.Join(r.Tags, " -t ")
	}
	return text
}

// tellChanged says what a changed spec means for what runs. It is false where the
// spec means the same, and only the compiler is another.
func tellChanged(w io.Writer, file string, c compiler.Changed) bool {
	if c.Old == nil {
		fmt.Fprintf(w, "  the spec of %s was changed; what it was needs packages that the binary does not hold: compare what %s spec prints\n", c.New.Name, file)
		return true
	}
	r := review.Compare(review.Side{Prefix: file + ":", Plans: []*plan.Pipeline{c.Old}}, review.Side{Plans: []*plan.Pipeline{c.New}})
	if len(r.Pipelines[0].Changes) == 0 {
		fmt.Fprintf(w, "  the spec of %s means what it meant, but this version of kcgen makes another program of it: verify it with the version that built it\n", c.New.Name)
		return false
	}
	r.Text(w)
	return true
}
