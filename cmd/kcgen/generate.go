package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/mod/modfile"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
)

func generateCommand() *cobra.Command {
	var tags []string
	var dir string
	var pack bool
	cmd := &cobra.Command{
		Use:   "generate [-o DIR] [-pack] [-t TAG=VALUE] SPEC…",
		Short: "Write the Go program of a spec, for people to read",
		Long: `Generate prints the program that build compiles: one literal in the order of
the data, the spec's own comments above what they explain, defaults included.
Chains of sources that are known to the byte are a function each in a second
file. With -o they are written to DIR/main.go and DIR/fused.go; of several
specs each to DIR/<pipeline>. With -pack it is the program of build -pack:
DIR/main.go, and below it a package for each pipeline.`,
		Example: "  kcgen generate pipeline.cue\n  kcgen generate -o generated/orders orders.cue",
		Args: func(cmd *cobra.Command, args []string) error {
			if (len(args) > 1 || pack) && dir == "" {
				return errors.New("several specs, and -pack, need -o DIR")
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
			if pack {
				return generatePack(plans, faults, dir)
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
	cmd.Flags().BoolVar(&pack, "pack", false, "write the program that holds all pipelines")
	tagFlag(cmd, &tags)
	return cmd
}

// generatePack writes the program of several specs, if none has faults.
func generatePack(plans []*plan.Pipeline, faults diag.List, dir string) error {
	if len(faults) > 0 {
		return faults
	}
	if err := compiler.Packable(plans); err != nil {
		return usageError{err}
	}
	path, err := importPath(dir)
	if err != nil {
		return err
	}
	files, err := compiler.GeneratePack(plans, path)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(name)), files[name]); err != nil {
			return err
		}
	}
	return nil
}

// importPath is what Go calls a folder, by the go.mod in it or above; where there
// is none, as kcgen build calls it.
func importPath(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for root := dir; ; root = filepath.Dir(root) {
		mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
		if err == nil {
			rel, err := filepath.Rel(root, dir)
			return path.Join(modfile.ModulePath(mod), filepath.ToSlash(rel)), err
		}
		if root == filepath.Dir(root) {
			return "kcgen.dev/compiled/pack", nil
		}
	}
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

// writeProgram writes dir/main.go and dir/fused.go. A fused.go that is not needed
// any more goes.
func writeProgram(dir string, p compiler.Program) error {
	if err := writeFile(filepath.Join(dir, "main.go"), p.Main); err != nil {
		return err
	}
	file := filepath.Join(dir, "fused.go")
	if p.Fused != nil {
		return writeFile(file, p.Fused)
	}
	if old, err := os.ReadFile(file); err == nil && compiler.IsGenerated(old) {
		return os.Remove(file)
	}
	return nil
}

// writeFile writes a Go file, in one step, and never over one that kcgen did
// not make.
func writeFile(file string, src []byte) error {
	old, err := os.ReadFile(file)
	if err == nil && !compiler.IsGenerated(old) {
		return fmt.Errorf("%s was not made by kcgen; it is left as it is", file)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	return replaceFile(file, src)
}
