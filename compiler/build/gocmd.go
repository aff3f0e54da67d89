package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// minGo is the oldest Go that the runtime compiles with.
const minGo = "1.26.0"

// ErrNoGo is a machine without a go command that can build pipelines.
var ErrNoGo = errors.New("no usable Go")

// goTool is the machine's go command.
type goTool struct {
	path    string
	version string // go1.26.0
	env     []string
}

// kept are the settings that say where modules come from and lie; they are the
// machine's, wherever it keeps them (environment or go env -w).
var kept = []string{
	"GOPROXY", "GONOPROXY", "GOPRIVATE", "GOSUMDB", "GONOSUMDB", "GOINSECURE", "GOVCS", "GOAUTH",
	"GOMODCACHE", "GOCACHE", "GOPATH", "GOROOT", "GOTMPDIR",
}

// fixed are the settings that could change a program. All other GO… and CGO…
// variables are taken away.
var fixed = []string{
	"CGO_ENABLED=0", "GO111MODULE=on", "GOENV=off", "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local", "GOEXPERIMENT=", "GOTELEMETRY=off",
}

// findGo finds the go command and asks for its settings.
func findGo(ctx context.Context) (*goTool, error) {
	path, err := exec.LookPath("go")
	if err != nil {
		return nil, fmt.Errorf("build: %w: the go command is not in PATH; kcgen needs Go %s or newer (https://go.dev/dl)", ErrNoGo, minGo)
	}
	cmd := exec.CommandContext(ctx, path, append([]string{"env", "-json", "GOVERSION"}, kept...)...)
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local", "GOWORK=off", "GOFLAGS=")
	cmd.Dir = os.TempDir()
	out, err := cmd.Output()
	var env map[string]string
	if err == nil {
		err = json.Unmarshal(out, &env)
	}
	if err != nil {
		return nil, fmt.Errorf("build: %w: go env: %w", ErrNoGo, err)
	}
	if v := strings.TrimPrefix(strings.Fields(env["GOVERSION"] + " ?")[0], "go"); tooOld(v) {
		return nil, fmt.Errorf("build: %w: %s is Go %s; kcgen needs Go %s or newer (https://go.dev/dl)", ErrNoGo, path, v, minGo)
	}
	return &goTool{path: path, version: env["GOVERSION"], env: environment(env)}, nil
}

// tooOld says whether a Go version is older than minGo. Versions of another
// form (devel) are taken as new.
func tooOld(v string) bool {
	v = "v" + v
	for _, pre := range []string{"rc", "beta"} { // 1.26rc1 is not semver; 1.26.0-rc1 is
		v = strings.Replace(v, pre, ".0-"+pre, 1)
	}
	return semver.IsValid(v) && semver.Compare(v, "v"+minGo) < 0
}

// environment is the process's own without what Go reads, and with what kcgen
// says.
func environment(env map[string]string) []string {
	var out []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "GO") && !strings.HasPrefix(kv, "CGO_") {
			out = append(out, kv)
		}
	}
	for _, name := range kept {
		if env[name] != "" {
			out = append(out, name+"="+env[name])
		}
	}
	return append(out, fixed...)
}

// run runs the go command in a folder and returns what it said.
func (g *goTool) run(ctx context.Context, dir, goos, goarch string, args []string) (string, error) {
	var out bytes.Buffer
	cmd := g.command(ctx, dir, goos, goarch, args)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// output runs the go command in a folder and returns what it wrote for programs
// to read; where it fails, what it complained of.
func (g *goTool) output(ctx context.Context, dir, goos, goarch string, args []string) (string, error) {
	var out, said bytes.Buffer
	cmd := g.command(ctx, dir, goos, goarch, args)
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return said.String(), err
	}
	return out.String(), nil
}

func (g *goTool) command(ctx context.Context, dir, goos, goarch string, args []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, g.path, args...)
	cmd.Dir = dir
	cmd.Env = append(slices.Clone(g.env), "PWD="+dir)
	if goos != "" {
		cmd.Env = append(cmd.Env, "GOOS="+goos, "GOARCH="+goarch)
	}
	return cmd
}
