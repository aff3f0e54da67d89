package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/graph"
	"kcgen.dev/compiler/plan"
)

func graphCommand() *cobra.Command {
	var tags []string
	var format, file string
	var flow bool
	cmd := &cobra.Command{
		Use:   "graph [-format svg|mermaid] [-o FILE] [-flow] [-t TAG=VALUE] SPEC…",
		Short: "Draw pipelines: connectors, steps, topics, and who feeds whom",
		Long: `Graph draws specs: what each connector reads or writes, its converters and
steps, the topics between, and dead letter queues. Of several specs, or a folder
with all specs below it, it draws which pipelines feed which through topics.
A topic whose name is decided at run time is drawn as a pattern; dotted lines
lead where its records may go.

With -flow the chains are tried, and what is known of the records' schemas stands
on the lines. SVG has colours for light and dark, and the whole of what is
shortened as tooltips; Mermaid is for Markdown.`,
		Example: "  kcgen graph pipeline.cue > pipeline.svg\n  kcgen graph -flow -o orders.svg orders.cue\n  kcgen graph -format mermaid pipelines",
		Args: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("format") {
				var err error
				if format, err = formatOf(file); err != nil {
					return err
				}
			}
			if err := oneOf("format", format, formats); err != nil {
				return err
			}
			return specs(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			drawn, err := graphOf(cmd, tags, args, flow)
			if err != nil {
				return err
			}
			text := drawn.SVG()
			if format == "mermaid" {
				text = drawn.Mermaid()
			}
			if file == "" {
				_, err = cmd.OutOrStdout().Write(text)
				return err
			}
			return replaceFile(file, text)
		},
		ValidArgsFunction: completeSpecs,
	}
	cmd.Flags().StringVar(&format, "format", "svg", "how to draw: "+strings.Join(formats, ", "))
	cmd.Flags().StringVarP(&file, "o", "o", "", "the `file` to write; standard output if empty. A name in .mmd means Mermaid")
	cmd.Flags().BoolVar(&flow, "flow", false, "try the chains, and draw what is known of schemas")
	cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	tagFlag(cmd, &tags)
	return cmd
}

var formats = []string{"svg", "mermaid"}

// formatOf is how to draw into a file, where nobody says.
func formatOf(file string) (string, error) {
	switch filepath.Ext(file) {
	case ".svg", "":
		return "svg", nil
	case ".mmd":
		return "mermaid", nil
	}
	return "", fmt.Errorf("-o %s is neither .svg nor .mmd; -format says how to draw into it", file)
}

// graphOf checks the specs that the arguments mean, and draws them.
func graphOf(cmd *cobra.Command, tags, args []string, flow bool) (*graph.Graph, error) {
	named, err := (&side{paths: args}).specs()
	if err != nil {
		return nil, err
	}
	plans, faults, err := checkFaults(cmd, config(cmd, tags), named)
	if err != nil {
		return nil, err
	}
	if len(faults) > 0 {
		return nil, faults
	}
	drawn := make([]graph.Pipeline, len(plans))
	for i, p := range plans {
		drawn[i].Plan = p
	}
	if flow {
		err = carry(cmd, tags, drawn)
	}
	return graph.Of(drawn), err
}

// carry tries the chains of pipelines, for what is known of their records.
func carry(cmd *cobra.Command, tags []string, drawn []graph.Pipeline) error {
	show := newProgress(cmd.ErrOrStderr())
	defer show.done()
	cfg := config(cmd, tags)
	cfg.Progress = show.stage
	plans := make([]*plan.Pipeline, len(drawn))
	for i, d := range drawn {
		plans[i] = d.Plan
	}
	var faults diag.List
	for i, t := range compiler.DryRuns(cmd.Context(), cfg, plans, compiler.DryOptions{Tests: func(string) bool { return false }}) {
		if t.Err != nil {
			return t.Err
		}
		drawn[i].Flows = t.Report.Flows
		faults = append(faults, t.Report.Faults...)
	}
	if len(faults) > 0 {
		return faults
	}
	return nil
}
