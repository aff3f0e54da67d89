package main

import (
	"errors"
	"fmt"
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
With -o it is written to DIR/main.go; of several specs each to
DIR/<pipeline>/main.go.`,
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
					_, err = cmd.OutOrStdout().Write(src)
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

// writeProgram writes dir/main.go, in one step, and never over a file that
// kcgen did not make.
func writeProgram(dir string, src []byte) error {
	file := filepath.Join(dir, "main.go")
	old, err := os.ReadFile(file)
	if err == nil && !compiler.IsGenerated(old) {
		return fmt.Errorf("%s was not made by kcgen; it is left as it is", file)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	return replaceFile(file, src)
}
