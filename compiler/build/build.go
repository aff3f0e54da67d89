// Package build compiles generated programs with the go command, hermetically:
// the runtime's source comes out of kcgen, the versions of everything else out
// of the runtime's own go.mod and go.sum (and the user's), nothing is added to
// either, and the same program gives the same bytes in any folder, whether it
// is built alone or with others.
//
//	build.go    programs, by one go build
//	output.go   where a binary goes
//	module.go   the module that it happens in: files, go.mod, go.sum
//	linked.go   what a program links, for its record
//	graph.go    of which modules that is
//	gocmd.go    the go command and its environment
//	failure.go  what the go command's complaints mean
package build

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Job is programs of one module: those that need the same go.mod, and are for
// the same machine.
type Job struct {
	Programs []Program
	Builtin  fs.FS    // module kcgen.dev; see compiler.Config
	Modules  []string // packages of the user's Go modules that the programs need
	GoModDir string   // the folder of the go.mod through which they are found
	Target   string   // "linux/arm64"; by default this machine
	Version  string   // of kcgen, for the binaries to tell
	Symbols  bool     // with the names of functions, for tools
}

// Program is a main package.
type Program struct {
	// Name is its folder's, and so the end of its import path, which its binary
	// tells: it must depend on nothing but the program.
	Name string

	// Files are its Go files, and those of packages below it, by their paths in
	// its folder.
	Files map[string][]byte

	// Record makes what the program tells of itself, sealed by package about, of
	// what it links; nil: it tells nothing.
	Record func(Linked) (string, error)
}

// Built is what became of a program: a file, or the reason why there is none.
type Built struct {
	File string
	Err  error
}

// stamp is the linker's flag that puts kcgen's version into the binary.
func stamp(version string) string {
	if !versionForm.MatchString(version) {
		return ""
	}
	return "-X kcgen.dev/runtime.builtBy=" + version
}

var versionForm = regexp.MustCompile(`^[A-Za-z0-9.+()-]+$`)

// Programs compiles a job's programs into a folder, by one go build: packages
// are loaded once, and as many linkers run as there are processors. The answers
// are in the order of the programs; one that does not build leaves the others
// alone. The error is for what no program is to blame for.
func Programs(ctx context.Context, j Job, dir string) ([]Built, error) {
	goos, goarch, err := target(j.Target)
	if err != nil {
		return nil, err
	}
	tool, err := findGo(ctx)
	if err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp("", "kcgen-build-")
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	defer os.RemoveAll(tmp)

	m, err := newModule(j, tmp)
	if err != nil {
		return nil, err
	}
	if err := m.write(); err != nil {
		return nil, fmt.Errorf("build: write the programs' module: %w", err)
	}
	r := &run{tool: tool, m: m, goos: goos, goarch: goarch, version: j.Version, symbols: j.Symbols, dir: dir}
	// What keeps a program from being listed keeps it from being built, and that
	// tells it better.
	unsealed := r.seal(ctx, j.Programs)
	built := r.all(ctx, j.Programs)
	for i, p := range j.Programs {
		if p.Record != nil && built[i].Err == nil && unsealed != nil {
			built[i] = Built{Err: unsealed}
		}
	}
	return built, nil
}

// run is go build in a module that stands.
type run struct {
	tool         *goTool
	m            *module
	goos, goarch string
	version      string
	symbols      bool
	dir          string // of the binaries
}

// all builds programs together, and then those by themselves that did not come
// of it, so that each has its own complaints: what cannot be loaded of one stops
// all of a go build.
func (r *run) all(ctx context.Context, programs []Program) []Built {
	text, err := r.build(ctx, programs)
	out := make([]Built, len(programs))
	for i, p := range programs {
		out[i].File = r.file(p)
		if err == nil {
			continue
		}
		if _, missing := os.Stat(out[i].File); missing == nil {
			continue
		}
		said, failed := text, err
		if len(programs) > 1 && ctx.Err() == nil {
			said, failed = r.build(ctx, programs[i:i+1])
		}
		if failed != nil {
			out[i] = Built{Err: r.m.explain(ctx, said, failed)}
		}
	}
	return out
}

// build runs go build for programs and returns what it said.
func (r *run) build(ctx context.Context, programs []Program) (string, error) {
	args := append([]string{"build", "-trimpath", "-buildvcs=false", "-mod=readonly", "-pgo=off",
		"-ldflags=" + r.ldflags(), "-o", r.dir + string(filepath.Separator)}, r.m.flags...)
	for _, p := range programs {
		args = append(args, "./"+r.m.prefix+p.Name)
	}
	return r.tool.run(ctx, r.m.dir, r.goos, r.goarch, args)
}

// ldflags are the linker's flags.
func (r *run) ldflags() string {
	flags := "-buildid= " + stamp(r.version)
	if !r.symbols {
		flags = "-s -w " + flags
	}
	return flags
}

// file is where go build puts a program.
func (r *run) file(p Program) string {
	return filepath.Join(r.dir, p.Name+exe(r.goos))
}

var targetForm = regexp.MustCompile(`^([a-z0-9]+)/([a-z0-9]+)$`)

// target divides "linux/arm64"; both are empty for this machine.
func target(s string) (goos, goarch string, err error) {
	if s == "" {
		return "", "", nil
	}
	m := targetForm.FindStringSubmatch(s)
	if m == nil {
		return "", "", fmt.Errorf("build: the target %q is no GOOS/GOARCH such as linux/arm64", s)
	}
	return m[1], m[2], nil
}

// overlay is the go command's -overlay file: where files stand, and what is in
// them.
func overlay(replace map[string]string) ([]byte, error) {
	return json.Marshal(struct{ Replace map[string]string }{replace})
}

// explain is the error of a build that failed.
func (m *module) explain(ctx context.Context, text string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("build: %w", context.Cause(ctx))
	}
	text = strings.TrimSpace(strings.ReplaceAll(text, m.tmp+string(filepath.Separator), ""))
	return failure(m, text, err)
}
