// Kcgen compiles pipelines: Kafka Connect as one static binary a pipeline.
//
// The files: main.go the command line and its exit codes; args.go Go's
// single-dash flags for cobra; builtin.go the sources that kcgen carries; one
// file a verb, with testdata/script/<verb>.txtar beside it; embedded.go the
// broker of run -embedded; guard.go what kcgen.lock says of a build; rules.go
// -strict and -policy; progress.go what a terminal shows; help.go the help
// texts; library.go what explain, list and schema read.
package main

//go:generate go run . types ../../schema ../../runtime/... ../../examples/custom-connector/...
//go:generate go test -count=1 -run AreTheirPrograms . -update
//go:generate go run -C ../.. ./cmd/kcgen generate -o runtime/fuse/fusetest runtime/fuse/fusetest/testdata/pipeline.cue
//go:generate go run -C ../.. ./cmd/kcgen generate -o runtime/fuse/sinktest runtime/fuse/sinktest/testdata/pipeline.cue
//go:generate go run -C ../.. ./cmd/kcgen docs
//go:generate go run -C ../.. ./cmd/kcgen graph -o .github/graph.svg examples/log-analysis/pipeline.cue

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/sandbox"
)

func main() {
	cobra.EnableCommandSorting = false // in the order of use
	sandbox.Main(compiler.SandboxFuncs())
	os.Exit(kcgen(os.Args[1:], os.Stdout, os.Stderr))
}

// kcgen runs one command line and returns its exit code.
func kcgen(args []string, stdout, stderr io.Writer) int {
	// The first signal ends what runs in good order, the second at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	defer stop()

	started := false
	root := rootCommand()
	root.PersistentPreRun = func(*cobra.Command, []string) { started = true }
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetArgs(doubleDash(args, longFlags(root)))
	cmd, err := root.ExecuteContextC(ctx)
	return report(stderr, cmd, err, started)
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "kcgen",
		Short: "Kafka Connect, compiled: from a CUE spec to one static binary",
		Long: `kcgen compiles pipelines: a spec in CUE (or YAML, or JSON) is checked whole and
becomes one static binary that holds only the connectors it uses.

	kcgen init shop                           a starter spec
	kcgen vet shop/pipeline.cue               every mistake at once
	kcgen test shop/pipeline.cue              its own tests, without a Kafka
	kcgen run -embedded shop/pipeline.cue     try it, without a Kafka
	kcgen build shop/pipeline.cue             the binary
	kcgen grants shop/pipeline.cue            the rights that it needs
	kcgen diff main -- shop/pipeline.cue      what a change means
	kcgen lock shop/pipeline.cue              no change breaks a promise in silence

Exit codes: 0 good, 1 the spec has faults or a test fails, 2 wrong usage, 3 the
build or the machine failed.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unknown verb %q%s", args[0], diag.DidYouMean(args[0], verbs(cmd)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpFunc(help)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(helpCommand())
	root.AddCommand(
		initCommand(), vetCommand(), testCommand(), runCommand(), buildCommand(), verifyCommand(), vulnCommand(),
		diffCommand(), lockCommand(), grantsCommand(), traceCommand(), graphCommand(), generateCommand(), templateCommand(),
		importCommand(), exportCommand(),
		explainCommand(), listCommand(), docsCommand(), schemaCommand(), modCommand(), typesCommand(),
		versionCommand(), completionCommand(),
	)
	return root
}

func verbs(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return names
}
