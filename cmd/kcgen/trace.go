package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/dryrun/wire"
)

// maxRecord is how long a record's file may be, in bytes.
const maxRecord = 64 << 20

func traceCommand() *cobra.Command {
	var tags []string
	var record, connector string
	cmd := &cobra.Command{
		Use:   "trace -record FILE [-connector NAME] [-t TAG=VALUE] SPEC",
		Short: "Show a record after every step of a chain",
		Long: `Trace takes one record through a connector's chain, without Kafka, and shows it
after every step (~ changed, + new, - gone) and as the bytes that the topic
gets. The record is JSON, in the form of in: in a spec's tests:

	{"topic": "orders", "key": "k", "value": {"id": 1}, "headers": {"h": "x"}}

Bytes are {"$bytes": "base64"}; a sink's record may have keyBytes and valueBytes
instead, as text or so. FILE may be - for standard input.`,
		Example: "  kcgen trace -record order.json pipeline.cue\n  kcgen trace -record order.json -connector archive pipeline.cue",
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return errors.New("trace takes one spec")
			case record == "":
				return errors.New("which record? Name its file: -record r.json")
			}
			return specs(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			rec, err := readRecord(cmd, record)
			if err != nil {
				return usageError{err}
			}
			return trace(cmd, tags, args[0], connector, rec)
		},
		ValidArgsFunction: completeSpecs,
	}
	cmd.Flags().StringVar(&record, "record", "", "the `file` of the record")
	cmd.Flags().StringVar(&connector, "connector", "", "the source or sink, by `name`; not needed where there is one")
	tagFlag(cmd, &tags)
	return cmd
}

func readRecord(cmd *cobra.Command, file string) (json.RawMessage, error) {
	in := cmd.InOrStdin()
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("-record: %w", err)
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxRecord+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("-record: %w", err)
	case len(b) > maxRecord:
		return nil, fmt.Errorf("-record %s is longer than %d MiB", file, maxRecord>>20)
	}
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(b, &whole); err != nil {
		return nil, fmt.Errorf("-record %s is no record, such as {\"value\": \"x\"}: %w", file, err)
	}
	return b, nil
}

func trace(cmd *cobra.Command, tags []string, spec, connector string, record json.RawMessage) error {
	show := newProgress(cmd.ErrOrStderr())
	defer show.done()
	cfg := config(cmd, tags)
	cfg.Progress = show.stage
	plans, faults, err := checkFaults(cmd, cfg, []string{spec})
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return faults
	}
	name, err := pick(plans[0], connector)
	if err != nil {
		return usageError{err}
	}
	rep, err := compiler.DryRun(cmd.Context(), cfg, plans[0], compiler.DryOptions{
		Tests: func(string) bool { return false }, Trace: &wire.Trace{Connector: name, Record: record},
	})
	if err != nil {
		return err
	}
	show.done()
	fmt.Fprint(cmd.OutOrStdout(), rep.Trace)
	if rep.TraceError != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "error: %s\n", rep.TraceError)
		return errFaults
	}
	return nil
}

// pick finds the connector of a name; without one, the only one.
func pick(p *plan.Pipeline, name string) (string, error) {
	all := compiler.Connectors(p)
	var names []string
	for _, c := range all {
		_, short, _ := strings.Cut(c, ".")
		if name == short || name == c || name == "" && len(all) == 1 {
			return c, nil
		}
		names = append(names, short)
	}
	if name == "" {
		return "", fmt.Errorf("which connector? Name one by -connector: %s", strings.Join(names, ", "))
	}
	return "", fmt.Errorf("-connector %s: the spec has no connector of that name%s (there are %s)", name, diag.DidYouMean(name, names), strings.Join(names, ", "))
}
