package main

import (
	"encoding/json"

	"github.com/spf13/cobra"
)

// printJSON writes data for programs that a person may read too.
func printJSON(cmd *cobra.Command, data any) error {
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(data)
}
