package main

import (
	"errors"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
)

// specs is for verbs that take one spec or more.
func specs(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return errors.New("which spec? Name a CUE file, a package folder, or a YAML or JSON file")
	}
	return nil
}

// oneSpec is for verbs that take one.
func oneSpec(verb string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return errors.New(verb + " takes one spec")
		}
		return specs(cmd, args)
	}
}

func tagFlag(cmd *cobra.Command, tags *[]string) {
	cmd.Flags().StringArrayVarP(tags, "t", "t", nil, "set a @tag of the spec, as `tag=value`; may be repeated")
}

// config is what all verbs tell the compiler.
func config(cmd *cobra.Command, tags []string) compiler.Config {
	return compiler.Config{Builtin: builtin(), Tags: tags, Version: version(), Fuse: functions}
}

// completeSpecs offers the files that may be specs, and folders.
func completeSpecs(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"cue", "yaml", "yml", "json"}, cobra.ShellCompDirectiveFilterFileExt
}
