package compiler

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"sync"

	"kcgen.dev/compiler/build"
	"kcgen.dev/compiler/plan"
)

// program is a plan's program: its source, and once it is compiled, its file.
type program struct {
	plan *plan.Pipeline
	name string // see build.Program
	src  Program
	build.Built
	index  int       // which pipeline of the file is meant
	record *recorder // nil: it is for kcgen alone
}

// compile builds programs into a folder, those of one module by one go build.
// Where the user's Go does not fit the spec, a program's error is a diag.List.
func compile(ctx context.Context, cfg Config, o BuildOptions, dir string, programs []*program) {
	for _, group := range byModule(programs) {
		var plans []*plan.Pipeline
		for _, p := range group {
			plans = append(plans, p.plan)
		}
		job := cfg.job(o.Target, plans)
		job.Symbols = o.Symbols
		for _, p := range group {
			job.Programs = append(job.Programs, p.toBuild())
		}
		built, err := build.Programs(ctx, job, dir)
		for i, p := range group {
			if p.Err = err; err == nil {
				p.Built = built[i]
				p.Err = userFault(p.plan, p.src.Main, p.Err)
			}
		}
	}
}

// toBuild is the program as package build has it.
func (p *program) toBuild() build.Program {
	out := build.Program{Name: p.name, Files: p.src.files()}
	if p.record != nil {
		out.Record = p.record.record
	}
	return out
}

// job is a build of plans of one module, without a program yet.
func (c Config) job(target string, plans []*plan.Pipeline) build.Job {
	job := build.Job{Builtin: c.Builtin, Target: target, Version: c.Version}
	for _, p := range plans {
		job.GoModDir = cmp.Or(job.GoModDir, module(p))
		job.Modules = append(job.Modules, p.Modules...)
	}
	return job
}

// byModule groups programs by the go.mod that they need: the user's, or kcgen's
// alone.
func byModule(programs []*program) [][]*program {
	var out [][]*program
	at := map[string]int{}
	for _, p := range programs {
		key := module(p.plan)
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], p)
	}
	return out
}

// module is the folder of the go.mod that a plan's program needs; empty where
// that is kcgen's.
func module(p *plan.Pipeline) string {
	if len(p.Modules) == 0 {
		return ""
	}
	return p.GoModDir
}

// parallel calls f for 0 to n-1, as many at a time as there are processors.
func parallel(n int, f func(int)) {
	var all sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range n {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			f(i)
		})
	}
	all.Wait()
}

// several names what plans are, for progress.
func several(plans []*plan.Pipeline) string {
	if len(plans) == 1 {
		return plans[0].Name
	}
	return fmt.Sprintf("%d pipelines", len(plans))
}
