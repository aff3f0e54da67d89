package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler/review"
)

func diffCommand() *cobra.Command {
	var f diffFlags
	cmd := &cobra.Command{
		Use:   "diff [-format F] [-fail-on LEVEL] [-built] [-t TAG=VALUE] OLD NEW | REV [REV] -- SPEC…",
		Short: "Tell what a change of a spec means for what runs",
		Long: `Diff compares specs and tells the consequence of each change. It compares what
the specs mean: formatting, comments and order are no change. OLD and NEW are
specs, folders (their pipelines are matched by name), or either of them in a git
revision, as REV:PATH. Behind --, the specs of a revision are compared with those
of another, or of the work tree. Git's own tree is not touched.

The consequences, from the mildest:

	none          nothing that runs is another
	size          the binary is larger or smaller (-built)
	restart       it is to be started anew, and goes on where it was
	rights        it needs other ACLs or GRANTs (-built)
	duplicates    records may come again
	output        records look different
	guarantee     what is promised of records is another
	renamed       a topic, queue or target has another name
	incompatible  who reads records as before may fail (by their schema: -built)
	re-snapshot   a position is lost: what was read is read again, or left out
	gap           records are missing

With -fail-on LEVEL the exit code is 1 where one is that grave. What the programs
say themselves (schemas, rights, size) is told with -built, which compiles both.`,
		Example: "  kcgen diff old.cue new.cue\n  kcgen diff main:orders.cue orders.cue\n  kcgen diff -format markdown -fail-on re-snapshot origin/main -- pipelines",
		Args:    f.twoSides,
		RunE: func(cmd *cobra.Command, args []string) error {
			least, err := f.check()
			if err != nil {
				return usageError{err}
			}
			return f.diff(cmd, args, least)
		},
		ValidArgsFunction: completeSpecs,
	}
	cmd.Flags().StringVar(&f.format, "format", "text", "`text`, markdown (for a pull request) or json")
	cmd.Flags().StringVar(&f.failOn, "fail-on", "", "end with 1 where a consequence is of this `level` or graver")
	cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(diffFormats, cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions(review.Kinds(), cobra.ShellCompDirectiveNoFileComp))
	cmd.Flags().BoolVar(&f.built, "built", false, "build both, and compare their schemas, rights and size")
	tagFlag(cmd, &f.tags)
	return cmd
}

var diffFormats = []string{"text", "markdown", "json"}

type diffFlags struct {
	format, failOn string
	built          bool
	tags           []string
}

func (f *diffFlags) twoSides(cmd *cobra.Command, args []string) error {
	dash := cmd.ArgsLenAtDash()
	switch {
	case dash < 0 && len(args) != 2:
		return errors.New("diff takes two specs, OLD and NEW, or revisions and specs: kcgen diff REV -- SPEC")
	case dash == 0, dash > 2:
		return errors.New("one or two git revisions stand before --, and specs behind it")
	case dash > 0 && dash == len(args):
		return errors.New("which spec? Name it behind --")
	}
	return nil
}

func (f *diffFlags) check() (least review.Kind, err error) {
	if !slices.Contains(diffFormats, f.format) {
		return 0, fmt.Errorf("-format %q is not text, markdown or json", f.format)
	}
	if f.failOn != "" {
		if least, err = review.ParseKind(f.failOn); err != nil {
			return 0, fmt.Errorf("-fail-on %q is none of %s", f.failOn, strings.Join(review.Kinds(), ", "))
		}
	}
	return least, nil
}

func (f *diffFlags) diff(cmd *cobra.Command, args []string, least review.Kind) error {
	old, now, err := sides(cmd, args)
	defer func() { old.close(); now.close() }()
	if err != nil {
		return err
	}
	before, err := old.plans(cmd, f.tags)
	if err != nil {
		return err
	}
	after, err := now.plans(cmd, f.tags)
	if err != nil {
		return err
	}
	r := review.Compare(review.Side{Prefix: old.named(""), Plans: before}, review.Side{Prefix: now.named(""), Plans: after})
	if f.built {
		if err := compareBuilt(cmd, f.tags, r); err != nil {
			return err
		}
	}
	switch w := cmd.OutOrStdout(); f.format {
	case "json":
		err = r.JSON(w)
	case "markdown":
		r.Markdown(w)
	default:
		r.Text(w)
	}
	if err == nil && f.failOn != "" && r.Fails(least) {
		return exitError(exitFaults)
	}
	return err
}
