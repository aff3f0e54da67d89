package compiler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"kcgen.dev/compiler/artifact"
	"kcgen.dev/compiler/build"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/about"
)

// BuildOptions say what Build makes.
type BuildOptions struct {
	Out    string // the binary's file, of one plan; by default the pipeline's name in Dir
	Dir    string // the folder of binaries; by default Config.Dir
	Suffix string // of their names
	Target string // "linux/arm64"; by default this machine
	Tried  bool   // the plans stood their try already, as for another target

	Symbols bool // with the names of functions; such a binary is for looking at

	sources []about.Pipeline // see recorder
}

// Binary is what became of a plan.
type Binary struct {
	Plan   *plan.Pipeline
	File   string    // empty where there is none
	Faults diag.List // why, where the spec, or the user's Go, is to blame
	Err    error     // why, where neither is

	made artifact.Build // how; for the documents beside it
}

// Build tries plans, and compiles those that stand it, each to a binary. It
// tells what became of a plan once that is known.
func Build(ctx context.Context, cfg Config, plans []*plan.Pipeline, o BuildOptions, tell func(Binary)) {
	var all []*wanted
	for _, p := range plans {
		w, err := want(cfg, p, o)
		if err != nil {
			tell(Binary{Plan: p, Err: err})
			continue
		}
		all = append(all, w)
	}
	if len(all) == 1 && isHere(o.Target) {
		tell(all[0].build(ctx, cfg, o))
		return
	}
	buildAll(ctx, cfg, all, o, tell)
}

// wanted is a program, and where its binary goes.
type wanted struct {
	program
	out string
}

// want says what a plan's program is and where it goes, or why it cannot.
func want(cfg Config, p *plan.Pipeline, o BuildOptions) (*wanted, error) {
	src, err := Generate(p)
	if err != nil {
		return nil, err
	}
	out, err := build.Output(cmp.Or(o.Dir, cfg.Dir), p.Name+o.Suffix, o.Out, o.Target)
	record := &recorder{cfg: cfg, plans: []*plan.Pipeline{p}, src: []Program{src}, sources: o.sources}
	return &wanted{program{plan: p, name: "pipeline-" + p.Name, src: src, record: record}, out}, err
}

// build compiles one program and, beside it, the one that tries it: two linkers
// at once, and one go build.
func (w *wanted) build(ctx context.Context, cfg Config, o BuildOptions) Binary {
	dir, err := os.MkdirTemp("", "kcgen-out-")
	if err != nil {
		return Binary{Plan: w.plan, Err: fmt.Errorf("compiler: %w", err)}
	}
	defer os.RemoveAll(dir)
	programs := []*program{&w.program}
	if NeedsDryRun(w.plan) && !o.Tried {
		dry := dryProgram(w.plan, 0)
		if dry.Err != nil {
			return w.ended(Tried{Err: dry.Err})
		}
		programs = append(programs, dry)
	}
	cfg.tell("build " + w.plan.Name)
	compile(ctx, cfg, o, dir, programs)
	tried := Tried{Report: new(DryReport)}
	if len(programs) > 1 {
		cfg.tell("try " + w.plan.Name)
		tried = tryOut(ctx, programs[1], cfg.dry())
	}
	return w.ended(tried)
}

// buildAll tries all programs, and compiles those that stand it.
func buildAll(ctx context.Context, cfg Config, all []*wanted, o BuildOptions, tell func(Binary)) {
	var plans []*plan.Pipeline
	for _, w := range all {
		plans = append(plans, w.plan)
	}
	var good []*program
	var outs []*wanted
	for i, t := range o.tries(ctx, cfg, plans) {
		if t.good() {
			good, outs = append(good, &all[i].program), append(outs, all[i])
		} else {
			tell(all[i].ended(t))
		}
	}
	if len(good) == 0 {
		return
	}
	// Beside the binaries, so that many of them fill no other file system.
	dir, err := os.MkdirTemp(filepath.Dir(outs[0].out), ".kcgen-*")
	if err == nil {
		defer os.RemoveAll(dir)
		cfg.tell("build " + several(plans))
		compile(ctx, cfg, o, dir, good)
	}
	for _, w := range outs {
		w.Err = cmp.Or(w.Err, err)
		tell(w.ended(Tried{Report: new(DryReport)}))
	}
}

// tries tries plans, but those that were tried already.
func (o BuildOptions) tries(ctx context.Context, cfg Config, plans []*plan.Pipeline) []Tried {
	if o.Tried {
		return slices.Repeat([]Tried{{Report: new(DryReport)}}, len(plans))
	}
	return DryRuns(ctx, cfg, plans, cfg.dry())
}

// ended is what became of a program that was compiled and tried. Its binary is
// put where it goes.
func (w *wanted) ended(t Tried) Binary {
	b := Binary{Plan: w.plan}
	err := cmp.Or(t.Err, w.Err)
	if err == nil {
		b.Faults = t.Report.Bad()
	}
	if err == nil && len(b.Faults) == 0 {
		err = build.Put(w.File, w.out)
	}
	switch {
	case errors.As(err, &b.Faults):
	case err != nil:
		b.Err = err
	case len(b.Faults) == 0:
		b.File, b.made = w.out, w.record.build
	}
	return b
}

// good says whether a plan stood its try.
func (t Tried) good() bool { return t.Err == nil && len(t.Report.Bad()) == 0 }

// isHere says whether a target is this machine.
func isHere(target string) bool {
	return target == "" || target == runtime.GOOS+"/"+runtime.GOARCH
}
