package main

import (
	"debug/buildinfo"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/vuln"
)

func vulnCommand() *cobra.Command {
	var tags []string
	var o vuln.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "vuln [-db URL|DIR] [-accept ID,…] [-json] [-t TAG=VALUE] BINARY|SPEC",
		Short: "Tell which known vulnerabilities are linked",
		Long: `Vuln looks in Go's vulnerability database for what a pipeline's binary links, as
govulncheck does. Of a spec it tells which vulnerable functions are linked: it
builds the binary with its symbols. A binary of kcgen build has none; of it the
modules are told of which something is linked.

The database is https://vuln.go.dev, or by -db a copy of it, as a URL or a folder.
-accept names vulnerabilities, by GO or CVE number, that are no failure.

Exit codes: 0 nothing vulnerable is linked, 1 something is, 3 the database cannot
be read, or the build failed.`,
		Example: "  kcgen vuln orders.cue\n  kcgen vuln -db /srv/vulndb -accept GO-2025-3503 ./orders",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("vuln takes one binary, or one spec")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := buildinfo.ReadFile(args[0]); err == nil {
				return scanned(cmd, args[0], o, asJSON)
			}
			o.Precise, o.Name = true, args[0]
			return vulnSpec(cmd, tags, args[0], o, asJSON)
		},
	}
	cmd.Flags().StringVar(&o.Database, "db", "", "the vulnerability database, a `URL` or a folder")
	cmd.Flags().StringSliceVar(&o.Accept, "accept", nil, "vulnerabilities that are no failure, by their `ID,…`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write the report as JSON")
	tagFlag(cmd, &tags)
	return cmd
}

// vulnSpec builds a spec with its symbols, and scans that.
func vulnSpec(cmd *cobra.Command, tags []string, spec string, o vuln.Options, asJSON bool) error {
	cfg := config(cmd, tags)
	plans, faults, err := checkFaults(cmd, cfg, []string{spec})
	if err == nil && len(faults) > 0 {
		err = faults
	}
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "kcgen-vuln-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file, err := buildOne(cmd, cfg, plans[0], compiler.BuildOptions{Out: filepath.Join(dir, "pipeline"), Tried: true, Symbols: true})
	if err != nil {
		return err
	}
	return scanned(cmd, file, o, asJSON)
}

// scanned scans a binary, tells what it has found, and gives the exit code.
func scanned(cmd *cobra.Command, file string, o vuln.Options, asJSON bool) error {
	r, err := vuln.Scan(cmd.Context(), file, o)
	if err != nil {
		return err
	}
	if asJSON {
		err = diag.WriteJSON(cmd.OutOrStdout(), r)
	} else {
		r.Text(cmd.OutOrStdout())
	}
	if err == nil && r.Fails() {
		return exitError(exitFaults)
	}
	return err
}
