package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

func initCommand() *cobra.Command {
	var template string
	names := templateNames()
	cmd := &cobra.Command{
		Use:   "init [-template T] DIR",
		Short: "Write a commented starter spec",
		Long: `Init writes a starter into a folder: pipeline.cue, README.md, .gitignore, and a
workflow for GitHub Actions that checks and builds it. No file that is there is
overwritten.

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
			fmt.Fprintf(w, "\nNext: kcgen vet %s\n", filepath.Join(args[0], "pipeline.cue"))
			return nil
		},
	}
	cmd.Flags().StringVar(&template, "template", "file-to-topic", "what the spec does: "+strings.Join(names, ", "))
	cmd.RegisterFlagCompletionFunc("template", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}
