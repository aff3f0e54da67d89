// Pipelinemod writes templates/pipeline.mod and pipeline.sum: the module's own
// go.mod and go.sum, cut down to what the runtime needs, so that what only the
// compiler needs is no requirement of a pipeline. Run it in the module's root,
// as make generate does.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("pipelinemod: ")
	if err := write(); err != nil {
		log.Fatal(err)
	}
}

func write() error {
	needed, err := neededModules()
	if err != nil {
		return err
	}
	mod, err := cutMod(needed)
	if err != nil {
		return err
	}
	sum, err := cutSum(mod, needed)
	if err != nil {
		return err
	}
	if err := os.WriteFile("templates/pipeline.mod", mod, 0o644); err != nil {
		return err
	}
	return os.WriteFile("templates/pipeline.sum", sum, 0o644)
}

// systems are those for which pipelines are built: a package may need another
// module on each.
var systems = []string{"linux", "darwin", "windows"}

// neededModules are the modules, with their versions, that the runtime's
// packages need without their tests.
func neededModules() (map[string]string, error) {
	needed := map[string]string{}
	for _, goos := range systems {
		pkgs, err := runtimePackages(goos)
		if err != nil {
			return nil, err
		}
		out, err := run(".", goos, append([]string{"list", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}}{{end}}"}, pkgs...)...)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(out) {
			if path, version, ok := strings.Cut(strings.TrimSpace(line), " "); ok && version != "" {
				needed[path] = version
			}
		}
	}
	return needed, nil
}

// runtimePackages are the packages that go into pipelines, told without
// looking into those that do not.
func runtimePackages(goos string) ([]string, error) {
	out, err := run(".", goos, "list", "-e", "./runtime/...")
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(strings.Fields(out), func(pkg string) bool {
		return slices.ContainsFunc(strings.Split(pkg, "/"), func(dir string) bool {
			return dir == "bench" || strings.HasSuffix(dir, "test")
		})
	}), nil
}

// cutMod is go.mod with the needed requirements alone.
func cutMod(needed map[string]string) ([]byte, error) {
	data, err := os.ReadFile("go.mod")
	if err != nil {
		return nil, err
	}
	mod, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		return nil, err
	}
	out := new(modfile.File)
	if err := out.AddModuleStmt(mod.Module.Mod.Path); err != nil {
		return nil, err
	}
	if err := out.AddGoStmt(mod.Go.Version); err != nil {
		return nil, err
	}
	for _, r := range mod.Require {
		if needed[r.Mod.Path] != "" {
			out.AddNewRequire(r.Mod.Path, r.Mod.Version, r.Indirect)
		}
	}
	out.SetRequireSeparateIndirect(out.Require)
	out.Cleanup()
	return out.Format()
}

// cutSum are the lines of go.sum that a module of that go.mod needs: the
// content of the needed modules, and the go.mod of all in their graph.
func cutSum(mod []byte, needed map[string]string) ([]byte, error) {
	graph, err := moduleGraph(mod)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile("go.sum")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		version, isMod := strings.CutSuffix(f[1], "/go.mod")
		if isMod && graph[f[0]+"@"+version] || !isMod && needed[f[0]] == version {
			out.WriteString(line)
		}
	}
	return out.Bytes(), nil
}

// moduleGraph are the modules, as path@version, whose go.mod files the go
// command reads for a module of that go.mod.
func moduleGraph(mod []byte) (map[string]bool, error) {
	dir, err := os.MkdirTemp("", "pipelinemod-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), mod, 0o644); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o644); err != nil {
		return nil, err
	}
	out, err := run(dir, "linux", "list", "-m", "-json", "all")
	if err != nil {
		return nil, err
	}
	graph := map[string]bool{}
	for dec := json.NewDecoder(strings.NewReader(out)); dec.More(); {
		var m struct{ Path, Version string }
		if err := dec.Decode(&m); err != nil {
			return nil, err
		}
		graph[m.Path+"@"+m.Version] = true
	}
	edges, err := run(dir, "linux", "mod", "graph")
	if err != nil {
		return nil, err
	}
	for _, node := range strings.Fields(edges) {
		graph[node] = true
	}
	return graph, nil
}

func run(dir, goos string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "GOFLAGS=-mod=mod", "GOWORK=off", "CGO_ENABLED=0")
	if dir == "." {
		cmd.Env = append(cmd.Env, "GOFLAGS=-mod=readonly")
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out), nil
}
