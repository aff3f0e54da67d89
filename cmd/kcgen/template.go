package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler/deploy"
)

func templateCommand() *cobra.Command {
	var t templateFlags
	cmd := &cobra.Command{
		Use:   "template [-o DIR] [-force] [-t TAG=VALUE] NAME… SPEC",
		Short: "Write what a pipeline is run with: image, Kubernetes, systemd, CI, alerts",
		Long: `Template writes files that run a pipeline, filled in with what its spec knows:
the variables and files that it names, where it listens, whether its instances
share the work. They are yours then. A file that is there and differs is left
alone, and nothing is written, unless -force is given. Without a NAME it lists
the templates.`,
		Example: "  kcgen template\n  kcgen template kubernetes pipeline.cue\n  kcgen template -o deploy systemd prometheus grafana orders.cue",
		Args:    t.check,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listTemplates(cmd.OutOrStdout())
			}
			return t.write(cmd, args[:len(args)-1], args[len(args)-1:])
		},
		ValidArgsFunction: completeTemplates,
	}
	cmd.Flags().StringVarP(&t.root, "o", "o", ".", "the `folder` below which the files are written: the repository's")
	cmd.Flags().BoolVar(&t.force, "force", false, "write over files that are there")
	tagFlag(cmd, &t.tags)
	return cmd
}

type templateFlags struct {
	root  string
	force bool
	tags  []string
}

func (t *templateFlags) check(_ *cobra.Command, args []string) error {
	if len(args) == 1 {
		return errors.New("name a template and a spec; kcgen template alone lists the templates")
	}
	for _, name := range args[:max(len(args)-1, 0)] {
		if err := oneOf("template", name, deploy.Names()); err != nil {
			return err
		}
	}
	return nil
}

func listTemplates(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, t := range deploy.Templates {
		fmt.Fprintf(tw, "%s\t%s\n", t.Name, t.About)
	}
	return tw.Flush()
}

func (t *templateFlags) write(cmd *cobra.Command, names, spec []string) error {
	plans, faults, err := checkAll(cmd, config(cmd, t.tags), spec)
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return faults
	}
	p, err := deploy.Of(plans[0], deploy.Options{Root: t.root, Tags: t.tags, Version: installVersion()})
	if err != nil {
		return usageError{err}
	}
	var files []textFile
	for _, name := range names {
		filled, err := deploy.Fill(name, p)
		if err != nil {
			return usageError{err}
		}
		for _, f := range filled {
			files = append(files, textFile{filepath.FromSlash(f.Name), f.Text})
		}
	}
	if err := writeOwned(t.root, files, t.force); err != nil {
		return err
	}
	for _, f := range files {
		fmt.Fprintln(cmd.OutOrStdout(), filepath.Join(t.root, f.name))
	}
	for _, note := range p.Notes(names...) {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: note: %s\n", spec[0], note)
	}
	return nil
}

// completeTemplates offers templates, and the specs behind them.
func completeTemplates(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return deploy.Names(), cobra.ShellCompDirectiveNoFileComp
	}
	return completeSpecs(cmd, args, word)
}
