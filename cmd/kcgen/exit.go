package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler/diag"
)

// Exit codes.
const (
	exitGood   = 0
	exitFaults = 1 // the spec has faults
	exitUsage  = 2 // kcgen was called wrongly
	exitFailed = 3 // the build or the machine failed
)

// errFaults says that the faults were printed already.
var errFaults = errors.New("the spec has faults")

// A usageError is a mistake in how kcgen was called.
type usageError struct{ error }

// An exitError ends kcgen with a code and without a word.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// report prints what is to be said of err and gives the exit code. What fails
// before a verb started is cobra's judgement of the command line.
func report(stderr io.Writer, cmd *cobra.Command, err error, started bool) int {
	var usage usageError
	var code exitError
	var list diag.List
	switch {
	case err == nil:
		return exitGood
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, errFaults):
		return exitFaults
	case errors.As(err, &list):
		list.Sorted().Print(stderr)
		return exitFaults
	case !started || errors.As(err, &usage):
		fmt.Fprintf(stderr, "%s: %v\nRun '%s -help' for usage.\n", cmd.CommandPath(), err, cmd.CommandPath())
		return exitUsage
	}
	fmt.Fprintf(stderr, "%s: %v\n", cmd.CommandPath(), err)
	return exitFailed
}
