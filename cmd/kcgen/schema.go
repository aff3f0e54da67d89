package main

import (
	"github.com/spf13/cobra"
)

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Write the JSON Schema of a spec, for editors",
		Long: `Schema writes a JSON Schema (2020-12) of specs that are kept in YAML or JSON,
with the components of the built-in packages and of this folder's Go modules.
An editor that knows it completes and checks while one types; kcgen vet is the
judge all the same.`,
		Example: "  kcgen schema > kcgen.schema.json\n  # then, as a spec's first line:\n  # yaml-language-server: $schema=kcgen.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			lib, err := library(cmd.Context())
			if err != nil {
				return err
			}
			b, err := lib.JSONSchema()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(b)
			return err
		},
	}
}
