// Package build compiles a generated program with the go command, hermetically:
// the runtime's source comes out of kcgen, the versions of everything else out
// of the runtime's own go.mod and go.sum (and the user's), nothing is added to
// either, and the same program gives the same bytes in any folder.
//
//	build.go    one build
//	module.go   the module that it happens in: files, go.mod, go.sum
//	gocmd.go    the go command and its environment
//	failure.go  what the go command's complaints mean
package build

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// Job is one program to build.
type Job struct {
	Name     string   // of the pipeline
	Main     []byte   // main.go
	Fused    []byte   // fused.go; nil: there is none
	Builtin  fs.FS    // module kcgen.dev; see compiler.Config
	Modules  []string // packages of the user's Go modules that main.go needs
	GoModDir string   // the folder of the go.mod through which they are found
	Dir      string   // the folder to which Out is relative; by default the working directory
	Out      string   // the binary's file; by default Name
	Target   string   // "linux/arm64"; by default this machine
	Version  string   // of kcgen, for the binary to tell
}

// stamp is the linker's flag that puts kcgen's version into the binary.
func stamp(version string) string {
	if !versionForm.MatchString(version) {
		return ""
	}
	return "-X kcgen.dev/runtime.builtBy=" + version
}

var versionForm = regexp.MustCompile(`^[A-Za-z0-9.+()-]+$`)

// Binary builds a program and returns the path of its file. The file appears
// whole or not at all.
func Binary(ctx context.Context, j Job) (string, error) {
	goos, goarch, err := target(j.Target)
	if err != nil {
		return "", err
	}
	out, err := outFile(j, goos)
	if err != nil {
		return "", err
	}
	tool, err := findGo(ctx)
	if err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp("", "kcgen-build-")
	if err != nil {
		return "", fmt.Errorf("build: %w", err)
	}
	defer os.RemoveAll(tmp)

	m, err := newModule(j, tmp)
	if err != nil {
		return "", err
	}
	if err := m.write(); err != nil {
		return "", fmt.Errorf("build: write the program's module: %w", err)
	}
	part, err := partFile(out)
	if err != nil {
		return "", err
	}
	defer os.Remove(part)
	args := append([]string{"build", "-trimpath", "-buildvcs=false", "-mod=readonly", "-pgo=off",
		"-ldflags=-s -w -buildid= " + stamp(j.Version), "-o", part}, m.flags...)
	if text, err := tool.run(ctx, m.dir, goos, goarch, append(args, m.pkg)); err != nil {
		return "", m.explain(ctx, text, err)
	}
	if err := os.Rename(part, out); err != nil {
		return "", fmt.Errorf("build: %w", err)
	}
	return out, nil
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

// outFile is where the binary goes. It may replace a program, but not a file of
// another kind: a pipeline may be called go.mod.
func outFile(j Job, goos string) (string, error) {
	out := j.Out
	if out == "" {
		if out = j.Name; goos == "windows" {
			out += ".exe"
		}
	}
	if !filepath.IsAbs(out) {
		out = filepath.Join(j.Dir, out)
	}
	fi, err := os.Stat(out)
	switch {
	case err != nil:
	case fi.IsDir():
		return "", fmt.Errorf("build: %s is a directory: name the binary's file", out)
	case fi.Size() > 0 && fi.Mode()&0o111 == 0 && runtime.GOOS != "windows":
		return "", fmt.Errorf("build: %s is there and is no program; it would be lost: name another file for the binary", out)
	}
	return filepath.Abs(out)
}

// partFile is an empty file beside out, which becomes it by a rename.
func partFile(out string) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(out), ".kcgen-*")
	if err != nil {
		return "", fmt.Errorf("build: write %s: %w", out, err)
	}
	return f.Name(), errors.Join(f.Close(), os.Remove(f.Name()))
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
