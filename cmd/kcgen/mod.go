package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler/editor"
)

func modCommand() *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:   "mod [-check] [DIR]",
		Short: "Lay down what CUE's own tools need to know the components",
		Long: `Mod makes a folder a CUE module whose imports of components are found by CUE's
own tools: cue vet, and cue lsp in an editor, which completes, shows docs and
leads to definitions then. It writes cue.mod/module.cue, if there is none, and
copies of the components' CUE below cue.mod/pkg: of the built-in ones, and of the
Go modules that the go.mod of the folder requires. The folder is DIR, or the one
above it that has a cue.mod or a go.mod.

The copies are of this version of kcgen: run it again after an upgrade. With
-check it changes nothing, says what it would change, and ends with 1 if there is
anything. Kcgen itself does without them; git may ignore cue.mod/pkg/kcgen.dev.`,
		Example: "  kcgen mod\n  kcgen mod -check pipelines",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := append(args, ".")[0]
			if i, err := os.Stat(dir); err != nil || !i.IsDir() {
				return usageError{fmt.Errorf("%s is no folder", dir)}
			}
			root, err := editor.Root(dir)
			if err != nil {
				return err
			}
			plan, err := editorPlan(cmd.Context(), root)
			if err != nil {
				return err
			}
			stale := plan.Stale()
			if check {
				return tellStale(cmd, root, stale)
			}
			if err := plan.Do(root); err != nil {
				return err
			}
			if len(stale) > 0 {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %d files written, %d removed\n", shorten(filepath.Join(root, "cue.mod")), len(plan.Write), len(plan.Remove))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "only say what would change")
	return cmd
}

// tellStale names the copies that are not up to date.
func tellStale(cmd *cobra.Command, root string, stale []string) error {
	for _, name := range stale {
		fmt.Fprintln(cmd.OutOrStdout(), shorten(filepath.Join(root, filepath.FromSlash(name))))
	}
	if len(stale) > 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), "kcgen mod: the files above are not up to date; run kcgen mod")
		return errFaults
	}
	return nil
}

// editorPlan is what CUE's tools lack in a folder.
func editorPlan(ctx context.Context, root string) (*editor.Plan, error) {
	modules := []editor.Module{{Path: "kcgen.dev", FS: builtin()}}
	users, err := userModules(ctx, root)
	if err != nil {
		return nil, err
	}
	for _, m := range users {
		modules = append(modules, editor.Module{Path: m.Path, FS: os.DirFS(m.Dir)})
	}
	return editor.PlanFor(root, modules)
}
