package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/connectjson"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/load"
)

func importCommand() *cobra.Command {
	var out, dir string
	var asJSON bool
	var o connectjson.Options
	cmd := &cobra.Command{
		Use:   "import [-o FILE | -dir DIR] [-name NAME] [-takeover] [-partial] [-json] FILE…",
		Short: "Make a spec of Kafka Connect's JSON, properties or YAML",
		Long: `Import reads connectors as Kafka Connect has them and writes a spec that kcgen
vet accepts: JSON (a connector, its config, an array of them, the answer to GET
/connectors?expand=info), .properties of standalone mode, Strimzi's KafkaConnector
YAML, and Debezium Server's application.properties. A worker's properties, or a
KafkaConnect, may be among the files: they say the cluster, and the converters of
connectors that name none.

What became of each property is told on standard error, or as JSON by -json. One
that cannot be mapped is an error, and nothing is written, unless -partial is
given. A secret is never written: a reference to an environment variable is, and
the report says which one to set.`,
		Example: "  kcgen import -o shop.cue orders.json connect-distributed.properties\n" +
			"  curl -s 'http://connect:8083/connectors?expand=info' | kcgen import -dir pipelines -",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("which file? Name JSON, YAML or .properties of Kafka Connect, or - for standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if out != "" && dir != "" {
				return usageError{errors.New("give -o or -dir, not both")}
			}
			o.Each, o.Check = dir != "", checkText(compiler.Config{Builtin: builtin()})
			specs, report, err := importFiles(cmd, args, o)
			if err != nil {
				return err
			}
			if err := printImport(cmd.ErrOrStderr(), report, asJSON); err != nil {
				return err
			}
			if specs == nil {
				return errFaults
			}
			return writeSpecs(cmd.OutOrStdout(), specs, out, dir)
		},
	}
	cmd.Flags().StringVarP(&out, "o", "o", "", "write the spec to `FILE` instead of standard output")
	cmd.Flags().StringVar(&dir, "dir", "", "write a spec for each connector into `DIR`")
	cmd.Flags().StringVar(&o.Name, "name", "", "the pipeline's `NAME`")
	cmd.Flags().BoolVar(&o.Partial, "partial", false, "write what can be mapped, and tell what cannot")
	cmd.Flags().BoolVar(&o.Takeover, "takeover", false, "continue the connectors of the worker's group where they stop (worker.takeover)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write the report as JSON")
	return cmd
}

// language is what import and export know of the components.
func language(ctx context.Context) (*connectjson.Language, error) {
	lib, err := library(ctx)
	if err != nil {
		return nil, err
	}
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	return connectjson.New(lib, load.Packages(builtin(), here)), nil
}

func importFiles(cmd *cobra.Command, names []string, o connectjson.Options) ([]*connectjson.Spec, connectjson.Report, error) {
	var files []connectjson.File
	for _, name := range names {
		f := connectjson.File{Name: filepath.ToSlash(name)}
		var err error
		if name == "-" {
			f.Name = "stdin"
			f.Text, err = io.ReadAll(io.LimitReader(cmd.InOrStdin(), 1<<26))
		} else {
			f.Text, err = os.ReadFile(name)
		}
		if err != nil {
			return nil, nil, usageError{err}
		}
		files = append(files, f)
	}
	in, bad := connectjson.Read(files)
	if len(bad) > 0 {
		return nil, nil, bad
	}
	l, err := language(cmd.Context())
	if err != nil {
		return nil, nil, err
	}
	return l.Import(cmd.Context(), in, o)
}

// checkText is kcgen vet of a spec that is in no file yet. Where this folder's
// modules have components the spec is to be beside their go.mod.
func checkText(cfg compiler.Config) func(context.Context, []byte) (diag.List, error) {
	return func(ctx context.Context, spec []byte) (diag.List, error) {
		beside := ""
		if modules, err := userModules(ctx, ""); err == nil && len(modules) > 0 {
			beside = "."
		}
		dir, err := os.MkdirTemp(beside, ".kcgen-import-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		name := filepath.Join(dir, "spec.cue")
		if err := os.WriteFile(name, spec, 0o666); err != nil {
			return nil, err
		}
		_, found, err := compiler.Check(ctx, cfg, name)
		return found, err
	}
}

func printImport(w io.Writer, report connectjson.Report, asJSON bool) error {
	if asJSON {
		return report.JSON(w)
	}
	return report.Print(w)
}

// unsafeName is what a file's name should not have.
var unsafeName = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// writeSpecs writes specs to standard output, to a file or into a folder, over
// no file that is there.
func writeSpecs(stdout io.Writer, specs []*connectjson.Spec, out, dir string) error {
	if out == "" && dir == "" {
		_, err := stdout.Write(specs[0].Text)
		return err
	}
	var files []textFile
	for _, s := range specs {
		name := out
		if dir != "" {
			name = unsafeName.ReplaceAllString(s.Name, "_") + ".cue"
		}
		files = append(files, textFile{name, string(s.Text)})
	}
	if filepath.IsAbs(out) {
		dir, files[0].name = filepath.Split(out)
	}
	if err := writeNew(dir, files); err != nil {
		return usageError{err}
	}
	return nil
}
