package compiler

import (
	"context"
	"fmt"
	"maps"

	"kcgen.dev/compiler/build"
	"kcgen.dev/compiler/emit"
	"kcgen.dev/compiler/plan"
)

// dryProgram is the program that tries a plan, the n-th of its folder.
func dryProgram(p *plan.Pipeline, n int) *program {
	src, err := emit.DryRun(p, languages(p))
	return &program{plan: p, name: fmt.Sprintf("dry-%d", n), src: Program{Main: src}, Built: build.Built{Err: err}}
}

// dryPrograms compiles the programs that try plans, into a folder. The plans of
// one module share a program, for it is linking that takes long; where that one
// does not build, each has one of its own, and so its own faults.
func dryPrograms(ctx context.Context, cfg Config, plans []*plan.Pipeline, dir string) []*program {
	var all, good []*program
	for i, p := range plans {
		all = append(all, dryProgram(p, i))
		if all[i].Err == nil {
			good = append(good, all[i])
		}
	}
	for _, group := range byModule(good) {
		if len(group) == 1 || !dryPack(ctx, cfg, group, dir) {
			compile(ctx, cfg, BuildOptions{}, dir, group)
		}
	}
	return all
}

// dryPack compiles the program that tries several plans, and says whether it
// did.
func dryPack(ctx context.Context, cfg Config, group []*program, dir string) bool {
	var plans []*plan.Pipeline
	for _, p := range group {
		plans = append(plans, p.plan)
	}
	job := cfg.job("", plans)
	name := group[0].name + "-pack"
	path, err := job.Path(name)
	if err != nil {
		return false
	}
	files, members, err := packages(plans, path)
	if err == nil {
		files["main.go"], err = dryPackMain(plans, members)
	}
	if err != nil {
		return false
	}
	job.Programs = []build.Program{{Name: name, Files: files}}
	built, err := build.Programs(ctx, job, dir)
	if err != nil || built[0].Err != nil {
		return false
	}
	for i, p := range group {
		p.File, p.index = built[0].File, i
	}
	return true
}

// dryPackMain is the main that tries one of several plans.
func dryPackMain(plans []*plan.Pipeline, members []emit.Member) ([]byte, error) {
	spoken := map[string]bool{}
	for _, p := range plans {
		maps.Copy(spoken, languages(p))
	}
	return emit.DryRunPack(members, spoken)
}
