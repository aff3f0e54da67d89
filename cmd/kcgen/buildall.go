package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
)

// building is one run of kcgen build.
type building struct {
	*buildFlags
	cmd    *cobra.Command
	cfg    compiler.Config
	show   *progress
	dir    string // of binaries that nobody asked for; empty: there are none
	faults diag.List
	failed []error
	made   []made
}

// made is a binary that is there.
type made struct {
	compiler.Binary
	plans  []*plan.Pipeline
	target string
}

// build builds what has no faults, then tells the faults. That a build failed
// outweighs that a spec has faults.
func (f *buildFlags) build(cmd *cobra.Command, specs []string) error {
	b := &building{buildFlags: f, cmd: cmd, cfg: f.rules.config(cmd, f.tags), show: newProgress(cmd.ErrOrStderr())}
	defer b.show.done()
	b.cfg.Progress = b.show.stage
	plans, faults, err := checkAll(cmd, b.cfg, specs)
	if err == nil {
		err = distinct(plans)
	}
	if err != nil {
		return err
	}
	plans, broken, err := guard(cmd, &b.cfg, plans)
	b.faults = append(faults, broken...)
	if err == nil && f.pack {
		err = f.packable(plans, b.faults)
	}
	if err != nil {
		return err
	}
	if f.image != "" && f.out == "" {
		if b.dir, err = os.MkdirTemp("", "kcgen-image-"); err != nil {
			return err
		}
		defer os.RemoveAll(b.dir)
	}
	b.binaries(plans)
	if err := b.beside(); err != nil {
		b.failed = append(b.failed, err)
	}
	if err := b.images(); err != nil {
		b.failed = append(b.failed, err)
	}
	b.show.done()
	return b.conclude()
}

// conclude is what kcgen ends with.
func (b *building) conclude() error {
	switch {
	case len(b.faults) == 0:
		return errors.Join(b.failed...)
	case len(b.failed) == 0:
		return b.faults
	}
	b.faults.Print(b.cmd.ErrOrStderr())
	return errors.Join(b.failed...)
}

// packable says why there can be no pack.
func (f *buildFlags) packable(plans []*plan.Pipeline, faults diag.List) error {
	if len(faults) > 0 {
		return faults
	}
	name := strings.TrimSuffix(filepath.Base(f.out), ".exe")
	for _, p := range plans {
		if p.Name == name {
			return usageError{fmt.Errorf("-o %s: called like the pipeline of %s the binary would be that alone; give it another name", f.out, p.Spec)}
		}
	}
	if err := compiler.Packable(plans); err != nil {
		return usageError{err}
	}
	return nil
}

// binaries builds plans for all machines; what does not stand its try for the
// first is not built for the others.
func (b *building) binaries(plans []*plan.Pipeline) {
	for i, target := range b.machines() {
		o := compiler.BuildOptions{Dir: b.dir, Target: target, Tried: i > 0}
		if len(b.targets) > 1 {
			o.Suffix = "-" + strings.ReplaceAll(target, "/", "-")
		}
		o.Out = named(b.out, o.Suffix, target)
		if b.pack {
			if len(plans) > 0 && !b.add(compiler.BuildPack(b.cmd.Context(), b.cfg, plans, o), plans, o) {
				plans = nil
			}
			continue
		}
		var good []*plan.Pipeline
		compiler.Build(b.cmd.Context(), b.cfg, plans, o, func(bin compiler.Binary) {
			if b.add(bin, []*plan.Pipeline{bin.Plan}, o) {
				good = append(good, bin.Plan)
			}
		})
		plans = good
	}
}

// machines are those that binaries are for; empty is this one.
func (b *building) machines() []string {
	switch {
	case len(b.targets) > 0:
		return b.targets
	case b.image != "":
		return []string{"linux/" + runtime.GOARCH}
	}
	return []string{""}
}

// named is the name of -o for one of several machines.
func named(out, suffix, target string) string {
	if out == "" || suffix == "" {
		return out
	}
	out = strings.TrimSuffix(out, ".exe") + suffix
	if strings.HasPrefix(target, "windows/") {
		out += ".exe"
	}
	return out
}

// add takes what became of plans, and says whether they are a binary.
func (b *building) add(bin compiler.Binary, plans []*plan.Pipeline, o compiler.BuildOptions) bool {
	b.faults = append(b.faults, bin.Faults...)
	if bin.Err == nil && bin.File != "" && b.dir == "" {
		b.show.done()
		bin.Err = tellFile(b.cmd.OutOrStdout(), bin.File, cmp.Or(o.Out, "./"+filepath.Base(bin.File)))
	}
	if bin.Err != nil {
		if !b.pack {
			bin.Err = fmt.Errorf("%s: %w", bin.Plan.Spec, bin.Err)
		}
		b.failed = append(b.failed, bin.Err)
	}
	if bin.Err != nil || bin.File == "" {
		return false
	}
	if b.report && !slices.ContainsFunc(b.made, func(m made) bool { return m.plans[0] == plans[0] }) {
		for _, p := range plans {
			printReport(b.cmd.OutOrStdout(), p)
		}
	}
	b.made = append(b.made, made{bin, plans, o.Target})
	return true
}

// tellFile tells of a file that was made: its name as the user knows it, and its
// size.
func tellFile(w io.Writer, file, name string) error {
	i, err := os.Stat(file)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s  %.1f MiB\n", name, float64(i.Size())/(1<<20))
	return nil
}
