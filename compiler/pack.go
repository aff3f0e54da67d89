package compiler

import (
	"context"
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"kcgen.dev/compiler/build"
	"kcgen.dev/compiler/emit"
	"kcgen.dev/compiler/plan"
)

// compilePack builds one program of several plans of one module, into a folder.
func compilePack(ctx context.Context, cfg Config, target, dir, name string, plans []*plan.Pipeline, main func([]emit.Member) ([]byte, error)) (string, error) {
	job := cfg.job(target, plans)
	path, err := job.Path(name)
	if err != nil {
		return "", err
	}
	files, err := packFiles(plans, path, main)
	if err != nil {
		return "", err
	}
	job.Programs = []build.Program{{Name: name, Files: files}}
	built, err := build.Programs(ctx, job, dir)
	if err != nil {
		return "", err
	}
	return built[0].File, built[0].Err
}

// packFiles are the files of a program of several plans, a package for each; path
// is the program's import path.
func packFiles(plans []*plan.Pipeline, path string, main func([]emit.Member) ([]byte, error)) (map[string][]byte, error) {
	files := map[string][]byte{}
	var members []emit.Member
	for i, pkg := range packageNames(plans) {
		src, err := emit.Package(plans[i], pkg)
		if err != nil {
			return nil, fmt.Errorf("compiler: pipeline %s: %w", plans[i].Name, err)
		}
		files[pkg+"/pipeline.go"] = src
		members = append(members, emit.Member{Name: plans[i].Name, Path: path + "/" + pkg})
	}
	src, err := main(members)
	files["main.go"] = src
	return files, err
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
