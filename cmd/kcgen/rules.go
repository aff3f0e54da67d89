package main

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
)

// rules are what specs are held against beyond the schema.
type rules struct {
	strict   bool
	policies []string
}

func (r *rules) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&r.strict, "strict", false, "take a warning that the spec does not accept for a fault")
	cmd.Flags().StringArrayVar(&r.policies, "policy", nil, "hold specs against the CUE `file`, folder or package, and those of KCGEN_POLICY; may be repeated")
}

// config is what the compiler is told of them.
func (r *rules) config(cmd *cobra.Command, tags []string) compiler.Config {
	cfg := config(cmd, tags)
	cfg.Strict = r.strict
	for _, p := range append(filepath.SplitList(os.Getenv("KCGEN_POLICY")), r.policies...) {
		if p != "" {
			cfg.Policies = append(cfg.Policies, p)
		}
	}
	return cfg
}
