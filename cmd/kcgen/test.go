package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
)

func testCommand() *cobra.Command {
	var tags []string
	var f testFlags
	cmd := &cobra.Command{
		Use:   "test [-run REGEX] [-v] [-json] [-t TAG=VALUE] SPEC…",
		Short: "Run the specs' own tests, without Kafka",
		Long: `Test compiles each spec's chains for this machine and tries the records of its
tests: on them, on the very transforms and converters that will run. It also
carries the schemas that the spec declares through the chains, and tells what
cannot work. What fails is told at its line, with what differs; kcgen build does
all of this too.`,
		Example: "  kcgen test pipeline.cue\n  kcgen test -v -run 'debug|trace' pipeline.cue\n  kcgen test -json pipelines/*.cue",
		Args:    specs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := regexp.Compile(f.run); err != nil {
				return usageError{fmt.Errorf("-run %w", err)}
			}
			return testAll(cmd, tags, f, args)
		},
		ValidArgsFunction: completeSpecs,
	}
	cmd.Flags().StringVar(&f.run, "run", "", "try only tests whose name the `regex` matches")
	cmd.Flags().BoolVarP(&f.verbose, "v", "v", false, "name the tests that pass, too")
	cmd.Flags().BoolVar(&f.json, "json", false, "write the results as JSON to standard output")
	tagFlag(cmd, &tags)
	return cmd
}

type testFlags struct {
	run           string
	verbose, json bool
}

// testReport is what -json writes.
type testReport struct {
	Tests  []testResult `json:"tests"`
	Faults diag.List    `json:"faults"` // all that is wrong, failed tests included
}

type testResult struct {
	Spec   string `json:"spec"`
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
}

// testAll tries the good specs, then tells what is wrong with any.
func testAll(cmd *cobra.Command, tags []string, f testFlags, specs []string) error {
	show := newProgress(cmd.ErrOrStderr())
	defer show.done()
	cfg := config(cmd, tags)
	cfg.Progress = show.stage
	plans, faults, err := checkFaults(cmd, cfg, specs)
	if err != nil {
		return err
	}
	all := testReport{Tests: []testResult{}, Faults: faults}
	out := cmd.OutOrStdout()
	if f.json {
		out = io.Discard
	}
	wanted := regexp.MustCompile(f.run)
	tried := compiler.DryRuns(cmd.Context(), cfg, plans, compiler.DryOptions{Tests: wanted.MatchString})
	show.done()
	for i, p := range plans {
		rep, bad := tried[i].Report, diag.List(nil)
		switch err := tried[i].Err; {
		case errors.As(err, &bad):
			rep = new(compiler.DryReport)
		case err != nil:
			return fmt.Errorf("%s: %w", p.Spec, err)
		default:
			bad = rep.Bad()
		}
		all.add(p, rep)
		all.Faults = append(all.Faults, bad...)
		tell(out, p, rep, len(bad) == 0, f.verbose)
	}
	return all.end(cmd, f.json)
}

func (r *testReport) add(p *plan.Pipeline, rep *compiler.DryReport) {
	for _, t := range rep.Tests {
		r.Tests = append(r.Tests, testResult{Spec: p.Spec, Name: t.Name, Passed: t.Passed})
	}
}

func (r *testReport) end(cmd *cobra.Command, asJSON bool) error {
	r.Faults = r.Faults.Sorted()
	if asJSON {
		if r.Faults == nil {
			r.Faults = diag.List{}
		}
		if err := diag.WriteJSON(cmd.OutOrStdout(), r); err != nil {
			return err
		}
	}
	switch {
	case len(r.Faults) == 0:
		return nil
	case asJSON:
		return errFaults
	}
	return r.Faults
}

// printable is a name as it is, or quoted where it is nothing, or holds what a
// terminal would obey.
func printable(name string) string {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(name)
	}
	return name
}

// tell says how a spec's tests ended.
func tell(w io.Writer, p *plan.Pipeline, rep *compiler.DryReport, good, verbose bool) {
	passed := 0
	for _, t := range rep.Tests {
		word := "FAIL"
		if t.Passed {
			passed++
			word = "pass"
		}
		if verbose {
			fmt.Fprintf(w, "%s  %s\n", word, printable(t.Name))
		}
	}
	word := "FAIL"
	if good {
		word = "ok  "
	}
	switch n := len(rep.Tests); n {
	case 0:
		if !good {
			fmt.Fprintf(w, "%s  %s\n", word, p.Spec)
			return
		}
		none := "no tests"
		if len(p.Root.Structs("tests")) > 0 {
			none = "no test of the name that -run says"
		}
		fmt.Fprintf(w, "%s  %s  %s\n", word, p.Spec, none)
	case 1:
		fmt.Fprintf(w, "%s  %s  %d of 1 test passed\n", word, p.Spec, passed)
	default:
		fmt.Fprintf(w, "%s  %s  %d of %d tests passed\n", word, p.Spec, passed, n)
	}
}
