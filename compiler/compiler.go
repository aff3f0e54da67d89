// Package compiler turns a spec into a program: load → check → lower → emit →
// build, each a package of its own. Where the spec has tests, schemas or
// transforms the program is tried first.
//
//	policy.go   an organisation's own constraints
//	child.go    load, check and lower, in a process with limits
//	binary.go   specs → binaries
//	programs.go several programs by one go build   pack.go several plans in one
//	record.go   what a binary tells of itself, and what stands beside it
//	verify.go   whether a binary is a spec
//	dryrun.go   what a try says    dryprogram.go the program that tries
//	gofault.go  what the Go compiler says, at the spec's lines
package compiler

import (
	"context"
	"io/fs"

	"kcgen.dev/compiler/check"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/emit"
	"kcgen.dev/compiler/lint"
	"kcgen.dev/compiler/load"
	"kcgen.dev/compiler/lower"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/dryrun/wire"
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

	// Policies are CUE files, package folders or import paths whose constraints
	// every spec is held against.
	Policies []string

	// Strict takes warnings for faults.
	Strict bool

	// Version is kcgen's own, for binaries to tell; may be empty.
	Version string

	// Fuse finds the chains that can be one function each, and sets the plan's
	// Fused; nil: none is looked for. It knows the components, which the compiler
	// does not.
	Fuse func(*plan.Pipeline)

	// Judge is asked by Build and BuildPack of what is known of a plan's records,
	// once it was tried; what it finds keeps the plan from being built. May be nil.
	Judge func(*plan.Pipeline, []wire.Flow) diag.List

	// Progress is told what begins; may be nil.
	Progress func(string)
}

// Check evaluates a spec in a child process with limits and returns its plan.
// What is wrong with the spec is in the list, and the plan is nil then; beside
// a plan the list has warnings alone. The error is for what is not the spec's
// fault.
func Check(ctx context.Context, cfg Config, spec string) (*plan.Pipeline, diag.List, error) {
	cfg.tell("check " + spec)
	p, found, err := inSandbox(ctx, cfg, spec)
	if cfg.Strict && len(found) > 0 {
		p, found = nil, found.Strict()
	}
	if p != nil && cfg.Fuse != nil {
		cfg.Fuse(p)
	}
	return p, found, err
}

// Checked is what Check says of a spec.
type Checked struct {
	Plan  *plan.Pipeline
	Found diag.List
	Err   error
}

// CheckAll is Check of several specs, side by side; the answers are in the order
// of the specs. What they say against each other is for Across.
func CheckAll(ctx context.Context, cfg Config, specs []string) []Checked {
	out := make([]Checked, len(specs))
	parallel(len(specs), func(i int) {
		c := &out[i]
		c.Plan, c.Found, c.Err = Check(ctx, cfg, specs[i])
	})
	return out
}

// Across warns of what several specs say against each other.
func Across(cfg Config, plans []*plan.Pipeline) diag.List {
	found := lint.Across(plans)
	if cfg.Strict {
		return found.Strict()
	}
	return found
}

// evaluate is Check without limits: what the child process does.
func evaluate(cfg Config, spec string) (*plan.Pipeline, diag.List) {
	c := load.Config{Builtin: cfg.Builtin, Tags: cfg.Tags, Dir: cfg.Dir}
	s, bad := load.Load(c, spec)
	if len(bad) > 0 {
		return nil, bad
	}
	p, bad := lower.Pipeline(s)
	if len(bad) > 0 {
		return nil, bad
	}
	if bad := check.Pipeline(p); len(bad) > 0 {
		return nil, bad // of a spec that is to be changed anyway there is nothing to warn
	}
	if c.Policies = cfg.Policies; len(c.Policies) > 0 {
		if bad := underPolicies(c, spec, p); len(bad) > 0 {
			return nil, bad
		}
	}
	return p, lint.Pipeline(p)
}

// Program is the Go program of a plan.
type Program struct {
	Main  []byte // main.go
	Fused []byte // fused.go; nil: there is none
}

func (p Program) files() map[string][]byte {
	files := map[string][]byte{"main.go": p.Main}
	if p.Fused != nil {
		files["fused.go"] = p.Fused
	}
	return files
}

// Generate prints the Go program of a plan.
func Generate(p *plan.Pipeline) (Program, error) {
	main, err := emit.Go(p)
	if err != nil {
		return Program{}, err
	}
	fused, err := emit.Fused(p, "main")
	return Program{Main: main, Fused: fused}, err
}

// IsGenerated says whether a Go file is one that Generate printed, so that it
// may be replaced.
func IsGenerated(src []byte) bool { return emit.IsGenerated(src) }

func (c Config) tell(what string) {
	if c.Progress != nil {
		c.Progress(what)
	}
}
