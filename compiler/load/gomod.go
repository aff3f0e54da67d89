package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// goModule finds packages through the go.mod of the spec's folder. The go
// command is asked only for specs that import such packages.
type goModule struct {
	dir  string // of the spec
	root string // of the go.mod, once found
}

// goPackage is what go list says.
type goPackage struct {
	Dir    string
	Module *struct {
		Path, Dir string
		Main      bool
		Replace   *struct{ Dir string }
	}
	Error *struct{ Err string }
}

// findGo reads a package of a Go module.
func (p *packages) findGo(importPath, clean string) ([]file, error) {
	if _, err := p.goMod.find(); err != nil {
		return nil, fmt.Errorf("no package %q: it is not built in, and %w", importPath, err)
	}
	pkg, err := p.goMod.list(clean)
	if err != nil {
		return nil, err
	}
	root := pkg.Dir
	if pkg.Module != nil && pkg.Module.Dir != "" {
		root = pkg.Module.Dir
	}
	files, err := p.readDir(pkg.Dir, root, clean)
	if err != nil {
		return nil, fmt.Errorf("package %s: %w", importPath, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("the Go package %q holds no CUE file: it is no component of a pipeline", importPath)
	}
	if !slices.Contains(p.third, clean) {
		p.third = append(p.third, clean)
	}
	return files, nil
}

// find looks for the go.mod, in the spec's folder and above.
func (m *goModule) find() (string, error) {
	if m.root != "" {
		return m.root, nil
	}
	for d := m.dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "go.mod")); err == nil {
			m.root = d
			return d, nil
		}
		if d == filepath.Dir(d) {
			return "", errors.New("there is no go.mod here or above through which others are found: run go mod init NAME and go get PATH")
		}
	}
}

// list asks the go command where a package is. Nothing is fetched.
func (m *goModule) list(importPath string) (goPackage, error) {
	var pkg goPackage
	// A path of the spec is data: "--" keeps it from being a flag, and a
	// pattern would be many packages.
	if strings.Contains(importPath, "...") || strings.ContainsAny(importPath, "@\\ \t\n") {
		return pkg, fmt.Errorf("%q is not an import path", importPath)
	}
	cmd := exec.Command("go", "list", "-e", "-find", "-json=Dir,Module,Error", "--", importPath)
	cmd.Dir = m.root
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=readonly", "GOTOOLCHAIN=local", "GOSUMDB=off")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return pkg, fmt.Errorf("no package %q: the go command, which finds packages of Go modules, is not in PATH", importPath)
		}
		return pkg, fmt.Errorf("no package %q: go list: %s", importPath, firstLine(stderr.String(), err))
	}
	if err := json.Unmarshal(stdout.Bytes(), &pkg); err != nil {
		return pkg, fmt.Errorf("no package %q: go list: %w", importPath, err)
	}
	if pkg.Dir == "" {
		return pkg, m.notFound(importPath, pkg)
	}
	return pkg, nil
}

func (m *goModule) notFound(importPath string, pkg goPackage) error {
	switch {
	case pkg.Module == nil && m.holds(importPath):
		return fmt.Errorf("no Go package %q: its folder holds no Go file that belongs to it, and a component is Go and CUE", importPath)
	case pkg.Module != nil && pkg.Module.Main:
		return fmt.Errorf("no package %q: the module %s has no such folder", importPath, pkg.Module.Path)
	case pkg.Module != nil:
		return fmt.Errorf("package %q is not in the module cache: run go mod download %s", importPath, pkg.Module.Path)
	}
	return fmt.Errorf("no package %q: it is not built in, and no module of your go.mod has it: run go get %s", importPath, importPath)
}

// holds says whether the go.mod's own module has a folder of this path.
func (m *goModule) holds(importPath string) bool {
	dir, ok := m.own(importPath)
	if !ok {
		return false
	}
	info, err := os.Stat(dir)
	return err == nil && info.IsDir()
}

// has says whether the go.mod's own module has a Go package of this path.
func (m *goModule) has(importPath string) bool {
	if _, err := m.find(); err != nil {
		return false
	}
	dir, ok := m.own(importPath)
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	return ok && err == nil && len(files) > 0
}

// own is the folder of a package of the go.mod's own module.
func (m *goModule) own(importPath string) (dir string, ok bool) {
	text, err := os.ReadFile(filepath.Join(m.root, "go.mod"))
	if err != nil {
		return "", false
	}
	rest, ok := under(modfile.ModulePath(text), importPath)
	return filepath.Join(m.root, filepath.FromSlash(rest)), ok
}

// requires says whether the go.mod requires a module that the path is in: what
// cue.mod/pkg has of it is a copy for CUE's own tools (kcgen mod).
func (m *goModule) requires(importPath string) bool {
	root, err := m.find()
	if err != nil {
		return false
	}
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return false
	}
	f, err := modfile.ParseLax("go.mod", text, nil)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(f.Require, func(r *modfile.Require) bool {
		_, ok := under(r.Mod.Path, importPath)
		return ok
	})
}

func firstLine(text string, err error) string {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "go: downloading") {
			return strings.TrimPrefix(line, "go: ")
		}
	}
	return err.Error()
}
