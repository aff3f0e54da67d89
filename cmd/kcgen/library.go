package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"kcgen.dev/compiler/reference"
)

// library reads the built-in packages, and those of the Go modules that this
// folder's go.mod requires and that know kcgen.
func library(ctx context.Context) (*reference.Library, error) {
	lib := &reference.Library{}
	if err := lib.Read("kcgen.dev", builtin()); err != nil {
		return nil, err
	}
	modules, err := userModules(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, m := range modules {
		if err := lib.Read(m.Path, os.DirFS(m.Dir)); err != nil {
			return nil, err
		}
	}
	return lib, nil
}

// A module as go list says.
type module struct {
	Path, Dir, GoMod string
	Main             bool
}

var requiresKcgen = regexp.MustCompile(`(?m)^\s*(require\s+)?kcgen\.dev\s`)

// userModules are the modules of a folder's build list that require kcgen.dev;
// none where there is no go.mod, or no go.
func userModules(ctx context.Context, dir string) ([]module, error) {
	goMod, err := goOutputIn(ctx, dir, "env", "GOMOD")
	if file := string(bytes.TrimSpace(goMod)); err != nil || file == "" || file == os.DevNull {
		return nil, nil
	} else if b, err := os.ReadFile(file); err != nil || !requiresKcgen.Match(b) {
		return nil, err
	}
	out, err := goOutputIn(ctx, dir, "list", "-m", "-e", "-mod=readonly", "-json", "all")
	if err != nil {
		return nil, fmt.Errorf("read the go.mod of this folder: %w", err)
	}
	var found []module
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var m module
		if err := dec.Decode(&m); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		if m.Dir == "" || m.Path == "kcgen.dev" {
			continue // not in the module cache; built in
		}
		if b, err := os.ReadFile(filepath.Clean(m.GoMod)); err == nil && requiresKcgen.Match(b) {
			found = append(found, m)
		}
	}
}

// goOutput runs the go command here, which fetches nothing.
func goOutput(ctx context.Context, args ...string) ([]byte, error) {
	return goOutputIn(ctx, "", args...)
}

// goOutputIn is goOutput in a folder.
func goOutputIn(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOPROXY=off", "GOTOOLCHAIN=local")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("go %s: %s", args[0], bytes.TrimSpace(exit.Stderr))
	}
	return out, err
}
