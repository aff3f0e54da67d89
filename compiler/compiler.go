// Package compiler turns a spec into a program: load → check → lower → emit →
// build, each a package of its own. Where the spec has tests, schemas or
// transforms the program is tried first: dryrun.go.
package compiler

import (
	"context"
	"io/fs"

	"kcgen.dev/compiler/build"
	"kcgen.dev/compiler/check"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/emit"
	"kcgen.dev/compiler/load"
	"kcgen.dev/compiler/lower"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/fuse/recipe"
)

// Config is what every step needs to know.
type Config struct {
	// Builtin is the file tree of module kcgen.dev: schema/*.cue, runtime/**
	// (Go and CUE), templates/pipeline.mod and templates/pipeline.sum.
	Builtin fs.FS

	// Tags are the values of @tag attributes, as "env=prod".
	Tags []string

	// Dir is the folder to which file names are relative; by default the
	// working directory.
	Dir string

	// Version is kcgen's own, for binaries to tell; may be empty.
	Version string

	// Fuse finds the chains of sources that can be one function each; nil: none
	// is looked for. It knows the components, which the compiler does not.
	Fuse func(*plan.Pipeline) map[string]*recipe.Recipe

	// Progress is told what begins; may be nil.
	Progress func(string)
}

// BuildOptions say what Build makes.
type BuildOptions struct {
	Out    string // the binary's file; by default the pipeline's name in Config.Dir
	Target string // "linux/arm64"; by default this machine
}

// Check evaluates a spec in a child process with limits and returns its plan.
// What is wrong with the spec is in the list, and the plan is nil then; beside
// a plan the list has warnings alone. The error is for what is not the spec's
// fault.
func Check(ctx context.Context, cfg Config, spec string) (*plan.Pipeline, diag.List, error) {
	cfg.tell("check " + spec)
	p, found, err := inSandbox(ctx, cfg, spec)
	if p != nil && cfg.Fuse != nil {
		p.Fused = cfg.Fuse(p)
	}
	return p, found, err
}

// evaluate is Check without limits: what the child process does.
func evaluate(cfg Config, spec string) (*plan.Pipeline, diag.List) {
	s, bad := load.Load(load.Config{Builtin: cfg.Builtin, Tags: cfg.Tags, Dir: cfg.Dir}, spec)
	if len(bad) > 0 {
		return nil, bad
	}
	p, bad := lower.Pipeline(s)
	if len(bad) > 0 {
		return nil, bad
	}
	found := check.Pipeline(p)
	if len(found.Faults()) > 0 {
		return nil, found
	}
	return p, found
}

// Program is the Go program of a plan.
type Program struct {
	Main  []byte // main.go
	Fused []byte // fused.go; nil: there is none
}

// Generate prints the Go program of a plan.
func Generate(p *plan.Pipeline) (Program, error) {
	main, err := emit.Go(p)
	if err != nil {
		return Program{}, err
	}
	fused, err := emit.Fused(p)
	return Program{Main: main, Fused: fused}, err
}

// IsGenerated says whether a Go file is one that Generate printed, so that it
// may be replaced.
func IsGenerated(src []byte) bool { return emit.IsGenerated(src) }

// Build compiles the program of a plan and returns the path of the binary.
// Where the user's Go packages do not fit their CUE, its error is a diag.List.
func Build(ctx context.Context, cfg Config, p *plan.Pipeline, o BuildOptions) (string, error) {
	src, err := Generate(p)
	if err != nil {
		return "", err
	}
	cfg.tell("build " + p.Name)
	bin, err := build.Binary(ctx, build.Job{
		Name: p.Name, Main: src.Main, Fused: src.Fused, Builtin: cfg.Builtin,
		Modules: p.Modules, GoModDir: p.GoModDir, Dir: cfg.Dir, Out: o.Out, Target: o.Target, Version: cfg.Version,
	})
	return bin, userFault(p, src.Main, err)
}

func (c Config) tell(what string) {
	if c.Progress != nil {
		c.Progress(what)
	}
}
