package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
)

func typesCommand() *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:   "types [-check] [DIR…]",
		Short: "Write the Go structs of CUE definitions",
		Long: `Types is for those who write connectors. For each folder with component
definitions (DIR/... is all below DIR) it writes <package>_gen.go beside the CUE,
<package>_options_gen.go, which tells Kafka Connect's tools of the options, and
the option tables in README.md, between the lines <!-- kcgen types --> and
<!-- /kcgen types -->. With -check it changes nothing, says what it would
change, and ends with 1 if there is anything.`,
		Example: "  kcgen types ./...\n  kcgen types -check ./...",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"."}
			}
			files, err := generateTypes(args)
			if err != nil {
				return err
			}
			changed, err := writeChanged(files, check)
			for _, f := range changed {
				fmt.Fprintln(cmd.OutOrStdout(), f)
			}
			if err == nil && check && len(changed) > 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), "kcgen types: the files above are not up to date; run kcgen types "+args[0])
				return errFaults
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "only say what would change")
	return cmd
}

// writeChanged writes the files that differ from what is there, and names
// them; dry only names them.
func writeChanged(files map[string][]byte, dry bool) (changed []string, err error) {
	for file, want := range files {
		have, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return changed, err
		}
		if bytes.Equal(have, want) {
			continue
		}
		changed = append(changed, shorten(file))
		if !dry {
			if err := replaceFile(file, want); err != nil {
				return changed, err
			}
		}
	}
	slices.Sort(changed)
	return changed, nil
}

// shorten is a file as seen from the working directory.
func shorten(file string) string {
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, file); err == nil {
			return rel
		}
	}
	return file
}

// replaceFile writes a file so that it is there whole or as it was.
func replaceFile(file string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(file), ".kcgen-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}
