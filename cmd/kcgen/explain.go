package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler/reference"
)

func explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [PATH]",
		Short: "Tell what a field or a component is for",
		Long: `Explain prints the docs of a field, a component or a package, from the CUE that
validates it: type, default, constraint, an example. Without a path it shows
what a spec consists of. A path may be as a fault names it.`,
		Example: "  kcgen explain sources.connector\n  kcgen explain filestream.Source\n  kcgen explain filestream.Source.batchSize\n  kcgen explain kcgen.dev/runtime/transform.InsertField",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return errors.New("explain takes one path")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
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
	return out, cobra.ShellCompDirectiveNoFileComp
}
