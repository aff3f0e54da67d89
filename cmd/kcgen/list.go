package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/reference"
)

func listCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list [-json]",
		Short: "List connectors, converters, transforms, predicates, tracers and databases",
		Long: `List shows every component that a spec can name: the built-in ones, and those of
the Go modules that the go.mod of this folder requires.`,
		Example: "  kcgen list\n  kcgen list -json | jq -r '.[].use'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			lib, err := library(cmd.Context())
			if err != nil {
				return err
			}
			components := []component{}
			for _, d := range lib.Components("") {
				components = append(components, component{d.Role, d.CUE(), d.Use(), d.Package.Path, reference.Sentence(d.Doc)})
			}
			if asJSON {
				return diag.WriteJSON(cmd.OutOrStdout(), components)
			}
			return printComponents(cmd.OutOrStdout(), components)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	return cmd
}

// A component as list shows it.
type component struct {
	Kind   string `json:"kind"`
	CUE    string `json:"cue"`
	Use    string `json:"use"`
	Import string `json:"import"`
	Doc    string `json:"doc"`
}

func printComponents(out io.Writer, components []component) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	kind := ""
	for _, c := range components {
		if c.Kind != kind {
			if kind != "" {
				fmt.Fprintln(w)
			}
			kind = c.Kind
			fmt.Fprintf(w, "%ss\n", reference.RoleName(kind))
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", c.CUE, c.Import, c.Doc)
	}
	return w.Flush()
}
