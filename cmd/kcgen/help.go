package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kcgen.dev/compiler/diag"
)

// help writes a command's help, with flags as Go writes them: -target, not
// --target.
func help(cmd *cobra.Command, _ []string) {
	w := cmd.OutOrStdout()
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	fmt.Fprintf(w, "%s\n\nUsage:\n  %s\n", text, useLine(cmd))
	if subs := cmd.Commands(); len(subs) > 0 {
		section(w, "Verbs", func(row func(...string)) {
			for _, c := range subs {
				if c.IsAvailableCommand() {
					row(c.Name(), c.Short)
				}
			}
		})
		fmt.Fprintf(w, "\nRun '%s VERB -help' for more of one.\n", cmd.Name())
	}
	if cmd.HasParent() && cmd.HasAvailableLocalFlags() {
		section(w, "Flags", func(row func(...string)) { flagRows(cmd, row) })
	}
	if cmd.HasExample() {
		fmt.Fprintf(w, "\nExamples:\n%s\n", cmd.Example)
	}
}

// helpCommand is -help as a verb: kcgen help build.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "help [VERB]",
		Short:  "Tell what a verb does, and its flags",
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			about := cmd.Root()
			for _, c := range about.Commands() {
				if len(args) == 1 && c.Name() == args[0] {
					return c.Help()
				}
			}
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown verb %q%s", args[0], diag.DidYouMean(args[0], verbs(about)))}
			}
			return about.Help()
		},
	}
}

func useLine(cmd *cobra.Command) string {
	if cmd.HasParent() {
		return cmd.Parent().Name() + " " + cmd.Use
	}
	return cmd.Name() + " VERB …"
}

func section(w io.Writer, title string, rows func(row func(...string))) {
	fmt.Fprintf(w, "\n%s:\n", title)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	rows(func(cells ...string) { fmt.Fprintf(tw, "  %s\n", strings.Join(cells, "\t")) })
	tw.Flush()
}

func flagRows(cmd *cobra.Command, row func(...string)) {
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" || f.Hidden {
			return
		}
		arg, usage := pflag.UnquoteUsage(f)
		row(strings.TrimRight("-"+f.Name+" "+arg, " "), usage)
	})
}

// flagError says what is wrong with a flag in the words of help.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var bad *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		var known []string
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { known = append(known, "-"+f.Name) })
		err = fmt.Errorf("unknown flag -%s%s", name, diag.DidYouMean("-"+name, known))
	case errors.As(err, &bad):
		err = fmt.Errorf("-%s %s: %w", bad.GetFlag().Name, bad.GetValue(), errors.Unwrap(bad))
	default:
		err = errors.New(strings.ReplaceAll(err.Error(), "--", "-"))
	}
	return err
}
