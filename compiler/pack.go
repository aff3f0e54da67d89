package compiler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"os"
	"slices"
	"strings"

	"kcgen.dev/compiler/build"
	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/emit"
	"kcgen.dev/compiler/plan"
)

// Packable says why plans cannot be one binary: names that its command line
// gives another meaning, and Go modules that differ.
func Packable(plans []*plan.Pipeline) error {
	var user *plan.Pipeline
	for _, p := range plans {
		switch p.Name { // see MainOf of package runtime
		case "all", "list", "version", "sbom", "help":
			return fmt.Errorf("%s: a pack has a verb %s, so no pipeline in it can have that name", p.Spec, p.Name)
		}
		switch {
		case module(p) == "":
		case user == nil:
			user = p
		case module(p) != module(user):
			return fmt.Errorf("%s needs packages of the Go module in %s, and %s of the one in %s: one binary has one go.mod", user.Spec, module(user), p.Spec, module(p))
		}
	}
	return nil
}

// GeneratePack prints the Go program of several plans: main.go, and a package
// for each below it, by their paths. The import path is that of the folder they
// are for.
func GeneratePack(plans []*plan.Pipeline, importPath string) (map[string][]byte, error) {
	files, _, err := packFiles(byName(plans), importPath)
	return files, err
}

// BuildPack tries plans and compiles them to one binary, the options' Out. What
// is wrong with any of them is in its Faults, and then there is none.
func BuildPack(ctx context.Context, cfg Config, plans []*plan.Pipeline, o BuildOptions) Binary {
	plans = byName(plans)
	out, err := build.Output(cfg.Dir, "", o.Out, o.Target)
	if err != nil {
		return Binary{Err: err}
	}
	dir, err := os.MkdirTemp("", "kcgen-out-")
	if err != nil {
		return Binary{Err: fmt.Errorf("compiler: %w", err)}
	}
	defer os.RemoveAll(dir)
	record := &recorder{cfg: cfg, plans: plans, pack: true, sources: o.sources}
	file, tried, err := packAndTry(ctx, cfg, record, o, dir)
	var b Binary
	if errors.As(err, &b.Faults) {
		return b
	}
	for _, t := range tried {
		var list diag.List
		switch {
		case errors.As(t.Err, &list):
			b.Faults = append(b.Faults, list...)
		case err == nil && t.Err != nil:
			err = t.Err
		case t.Err == nil:
			b.Faults = append(b.Faults, t.Report.Bad()...)
		}
	}
	b.Faults = b.Faults.Sorted()
	if err == nil && len(b.Faults) == 0 {
		b.File, b.made = out, record.build
		err = build.Put(file, out)
	}
	b.Err = err
	return b
}

// packAndTry compiles a pack into a folder, and tries its plans. Where the pack
// is for this machine the program that tries them is built beside it, of the
// same packages.
func packAndTry(ctx context.Context, cfg Config, record *recorder, o BuildOptions, dir string) (file string, tried []Tried, err error) {
	plans := record.plans
	job := cfg.job(o.Target, plans)
	path, err := job.Path("pack")
	if err != nil {
		return "", nil, err
	}
	files, members, err := packFiles(plans, path)
	if err != nil {
		return "", nil, err
	}
	job.Programs = []build.Program{{Name: "pack", Files: files, Record: record.record}}
	beside := isHere(o.Target) && !o.Tried && slices.ContainsFunc(plans, NeedsDryRun)
	if beside {
		src, err := dryPackMain(plans, members)
		if err != nil {
			return "", nil, err
		}
		job.Programs = append(job.Programs, build.Program{Name: "dry", Files: map[string][]byte{"main.go": src}})
	} else if tried = o.tries(ctx, cfg, plans); slices.ContainsFunc(tried, func(t Tried) bool { return !t.good() }) {
		return "", tried, nil
	}
	cfg.tell("build " + several(plans))
	built, err := build.Programs(ctx, job, dir)
	for _, b := range built {
		err = cmp.Or(err, b.Err)
	}
	if err != nil {
		return "", nil, packFault(ctx, cfg, plans, o, dir, err)
	}
	if beside {
		cfg.tell("try " + several(plans))
		tried = make([]Tried, len(plans))
		parallel(len(plans), func(i int) {
			if tried[i].Report = new(DryReport); NeedsDryRun(plans[i]) {
				tried[i] = tryOut(ctx, &program{plan: plans[i], Built: built[1], index: i}, cfg.dry())
			}
		})
	}
	return built[0].File, tried, nil
}

// packFault says whose fault it is that a pack does not build: it builds each
// plan by itself that needs Go of the user's.
func packFault(ctx context.Context, cfg Config, plans []*plan.Pipeline, o BuildOptions, dir string, err error) error {
	var alone []*program
	for _, p := range plans {
		if src, e := Generate(p); e == nil && len(p.Modules) > 0 {
			alone = append(alone, &program{plan: p, name: "pipeline-" + p.Name, src: src})
		}
	}
	compile(ctx, cfg, o, dir, alone)
	var all diag.List
	for _, p := range alone {
		var list diag.List
		if errors.As(p.Err, &list) {
			all = append(all, list...)
		}
	}
	if len(all) == 0 {
		return err
	}
	return all
}

// byName sorts plans by their names: the same specs are the same pack in any
// order.
func byName(plans []*plan.Pipeline) []*plan.Pipeline {
	return slices.SortedFunc(slices.Values(plans), func(a, b *plan.Pipeline) int { return cmp.Compare(a.Name, b.Name) })
}

// packFiles are the files of a pack, and its pipelines.
func packFiles(plans []*plan.Pipeline, path string) (map[string][]byte, []emit.Member, error) {
	files, members, err := packages(plans, path)
	if err != nil {
		return nil, nil, err
	}
	files["main.go"], err = emit.Pack(members)
	return files, members, err
}

// packages are the files of a package for each plan; path is the import path of
// the folder that they are below.
func packages(plans []*plan.Pipeline, path string) (map[string][]byte, []emit.Member, error) {
	files := map[string][]byte{}
	var members []emit.Member
	for i, pkg := range packageNames(plans) {
		src, err := emit.Package(plans[i], pkg)
		if err != nil {
			return nil, nil, fmt.Errorf("compiler: pipeline %s: %w", plans[i].Name, err)
		}
		files[pkg+"/pipeline.go"] = src
		fused, err := emit.Fused(plans[i], pkg)
		if err != nil {
			return nil, nil, fmt.Errorf("compiler: pipeline %s: %w", plans[i].Name, err)
		}
		if fused != nil {
			files[pkg+"/fused.go"] = fused
		}
		members = append(members, emit.Member{Name: plans[i].Name, Path: path + "/" + pkg, Fused: fused != nil})
	}
	return files, members, nil
}

// packageNames gives each plan a package: its name in small letters and digits,
// and a number where Go, or another one, has that already.
func packageNames(plans []*plan.Pipeline) []string {
	var out []string
	for _, p := range plans {
		base := strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, strings.ToLower(p.Name))
		if !token.IsIdentifier(base) {
			base = "p" + base // it begins with a digit, or is a keyword
		}
		name := base
		for n := 2; isReserved(name) || slices.Contains(out, name); n++ {
			name = fmt.Sprintf("%s%d", base, n)
		}
		out = append(out, name)
	}
	return out
}

// isReserved knows the names that mean something to Go, and the folders that
// Windows cannot have.
func isReserved(name string) bool {
	switch name {
	case "main", "init", "runtime", "dryrun", "internal", "vendor", "testdata", "con", "prn", "aux", "nul":
		return true
	}
	if len(name) == 4 && (strings.HasPrefix(name, "com") || strings.HasPrefix(name, "lpt")) {
		return true
	}
	return types.Universe.Lookup(name) != nil
}
