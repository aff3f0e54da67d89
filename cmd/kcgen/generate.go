package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
)

func generateCommand() *cobra.Command {
	var tags []string
	var dir string
	cmd := &cobra.Command{
		Use:   "generate [-o DIR] [-t TAG=VALUE] SPEC…",
		Short: "Write the Go program of a spec, for people to read",
		Long: `Generate prints the program that build compiles: one literal in the order of
the data, the spec's own comments above what they explain, defaults included.
Chains of sources that are known to the byte are a function each in a second
file. With -o they are written to DIR/main.go and DIR/fused.go; of several
specs each to DIR/<pipeline>.`,
		Example: "  kcgen generate pipeline.cue\n  kcgen generate -o generated/orders orders.cue",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 && dir == "" {
				return errors.New("several specs need -o DIR")
			}
			return specs(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			plans, faults, err := checkAll(cmd, config(cmd, tags), args)
			if err == nil {
				err = distinct(plans)
			}
			if err != nil {
				return err
			}
			for _, p := range plans {
				src, err := compiler.Generate(p)
				if err != nil {
					return err
				}
				if dir == "" {
					err = printProgram(cmd.OutOrStdout(), src)
				} else {
					err = writeProgram(programDir(dir, p.Name, len(args)), src)
				}
				if err != nil {
					return err
				}
			}
			if len(faults) > 0 {
				return faults
			}
			return nil
		},
		ValidArgsFunction: completeSpecs,
	}
	cmd.Flags().StringVarP(&dir, "o", "o", "", "the `folder` to write to; standard output if empty")
	tagFlag(cmd, &tags)
	return cmd
}

func programDir(dir, pipeline string, specs int) string {
	if specs == 1 {
		return dir
	}
	return filepath.Join(dir, pipeline)
}

// printProgram prints the files of a program, the name of the second above it.
func printProgram(w io.Writer, p compiler.Program) error {
	_, err := w.Write(p.Main)
	if err == nil && p.Fused != nil {
		_, err = fmt.Fprintf(w, "\n-- fused.go --\n%s", p.Fused)
	}
	return err
}

// writeProgram writes dir/main.go and dir/fused.go, each in one step, and never
// over a file that kcgen did not make. A fused.go that is not needed any more
// goes.
func writeProgram(dir string, p compiler.Program) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		src  []byte
	}{{"main.go", p.Main}, {"fused.go", p.Fused}} {
		file := filepath.Join(dir, f.name)
		old, err := os.ReadFile(file)
		if err == nil && !compiler.IsGenerated(old) {
			return fmt.Errorf("%s was not made by kcgen; it is left as it is", file)
		}
		switch {
		case f.src != nil:
			err = replaceFile(file, f.src)
		case err == nil:
			err = os.Remove(file)
		default:
			err = nil // it is not there
		}
		if err != nil {
			return err
		}
	}
	return nil
}
