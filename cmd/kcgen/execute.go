package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// execute runs the binary to its end. A terminal sends Ctrl-C to the binary
// too; passing it on once more would be the second signal, which means "now".
func execute(cmd *cobra.Command, bin string, args []string) error {
	c := exec.Command(bin, args...)
	c.Stdin, c.Stdout, c.Stderr = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer func() { signal.Stop(signals); close(signals) }()
	if err := c.Start(); err != nil {
		return err
	}
	go func() {
		for s := range signals {
			if s != os.Interrupt || !isTerminal(os.Stdin) {
				c.Process.Signal(s)
			}
		}
	}()
	err := c.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	if s, ok := exit.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		fmt.Fprintf(cmd.ErrOrStderr(), "kcgen run: the pipeline was ended by a signal: %v\n", s.Signal())
		return exitError(128 + int(s.Signal()))
	}
	return exitError(exit.ExitCode())
}
