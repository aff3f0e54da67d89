package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler/editor"
)

func initCommand() *cobra.Command {
	var template string
	names := templateNames()
	cmd := &cobra.Command{
		Use:   "init [-template T] DIR",
		Short: "Write a commented starter spec",
		Long: `Init writes a starter into a folder: pipeline.cue, README.md, .gitignore, and a
workflow for GitHub Actions that checks and builds it. No file that is there is
overwritten. For CUE's own tools and editors it makes the folder a CUE module
(kcgen mod), unless it is in a module already.

Templates: ` + strings.Join(names, ", ") + `.`,
		Example: "  kcgen init shop\n  kcgen init -template round-trip .",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("which folder? Name one, or . for this one")
			}
			return oneOf("template", template, names)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			abs, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			files, err := scaffold(template, filepath.Base(abs))
			if err != nil {
				return err
			}
			if err := writeNew(args[0], files); err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			for _, f := range files {
				fmt.Fprintln(w, filepath.Join(args[0], f.name))
			}
			if err := initEditor(cmd, args[0]); err != nil {
				return err
			}
			fmt.Fprintf(w, "\nNext: kcgen vet %s\n", filepath.Join(args[0], "pipeline.cue"))
			return nil
		},
	}
	cmd.Flags().StringVar(&template, "template", "file-to-topic", "what the spec does: "+strings.Join(names, ", "))
	cmd.RegisterFlagCompletionFunc("template", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// initEditor does what kcgen mod does, where the folder is in no module yet.
func initEditor(cmd *cobra.Command, dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	root, err := editor.Root(abs)
	if err != nil || root != abs {
		return err
	}
	plan, err := editorPlan(cmd.Context(), root)
	if err != nil {
		return err
	}
	fmt.Fprintln(cmd.OutOrStdout(), filepath.Join(dir, "cue.mod"))
	return plan.Do(root)
}
