package main

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
)

func runCommand() *cobra.Command {
	var tags []string
	var embedded bool
	var idle time.Duration
	cmd := &cobra.Command{
		Use:   "run [-embedded] [-exit-when-idle D] [-t TAG=VALUE] SPEC [-- ARG…]",
		Short: "Build a pipeline and run it",
		Long: `Run builds a spec's binary in a temporary place and runs it: signals are passed
on, and its exit code is kcgen's. With -embedded it talks to a broker inside
kcgen instead of the spec's, which forgets everything at the end. What stands
behind -- goes to the binary.`,
		Example: "  kcgen run -embedded -exit-when-idle 2s pipeline.cue\n  kcgen run pipeline.cue -- -brokers localhost:9092 -log-level debug",
		Args: func(cmd *cobra.Command, args []string) error {
			n := len(args)
			if d := cmd.ArgsLenAtDash(); d >= 0 {
				n = d
			}
			if n > 1 {
				return errors.New("run takes one spec; what the binary is to get stands behind --")
			}
			if idle < 0 {
				return errors.New("-exit-when-idle must not be negative")
			}
			return specs(cmd, args[:n])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return withBinary(cmd, tags, args[0], !embedded, func(dir, bin string) error {
				var more []string
				if embedded {
					b, err := startBroker(filepath.Join(dir, "broker"))
					if err != nil {
						return err
					}
					defer b.Close()
					more = append(more, "-brokers", b.ListenAddrs()[0])
				}
				if idle > 0 {
					more = append(more, "-exit-when-idle", idle.String())
				}
				return execute(cmd, bin, append(more, args[1:]...))
			})
		},
		ValidArgsFunction: completeSpecs,
	}
	cmd.Flags().BoolVar(&embedded, "embedded", false, "run on a broker inside kcgen")
	cmd.Flags().DurationVar(&idle, "exit-when-idle", 0, "end when nothing has moved for `D`, such as 2s")
	tagFlag(cmd, &tags)
	return cmd
}

// withBinary builds a spec's binary in a folder that is there while do runs. What
// is to run on the real systems is held against kcgen.lock.
func withBinary(cmd *cobra.Command, tags []string, spec string, guards bool, do func(dir, bin string) error) error {
	dir, err := os.MkdirTemp("", "kcgen-"+cmd.Name()+"-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	bin, err := buildForRun(cmd, tags, spec, dir, guards)
	if err != nil {
		return err
	}
	return do(dir, bin)
}

func buildForRun(cmd *cobra.Command, tags []string, spec, dir string, guards bool) (string, error) {
	show := newProgress(cmd.ErrOrStderr())
	defer show.done()
	cfg := config(cmd, tags)
	cfg.Progress = show.stage
	plans, faults, err := checkAll(cmd, cfg, []string{spec})
	if err == nil && guards {
		var broken diag.List
		plans, broken, err = guard(cmd, &cfg, plans)
		faults = append(faults, broken...)
	}
	if err != nil {
		return "", err
	}
	if len(faults) > 0 {
		show.done()
		return "", faults
	}
	o := compiler.BuildOptions{Out: filepath.Join(dir, plans[0].Name)}
	return buildOne(cmd, cfg, plans[0], o)
}

// buildOne builds one plan, and returns the binary's file.
func buildOne(cmd *cobra.Command, cfg compiler.Config, p *plan.Pipeline, o compiler.BuildOptions) (string, error) {
	var bin compiler.Binary
	compiler.Build(cmd.Context(), cfg, []*plan.Pipeline{p}, o, func(b compiler.Binary) { bin = b })
	if len(bin.Faults) > 0 {
		return "", bin.Faults
	}
	return bin.File, bin.Err
}
