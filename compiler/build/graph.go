package build

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/dirhash"
)

// graph is what a program imports, through others too.
type graph struct {
	all  map[string]listed
	main string // the program's package

	own     []string                   // packages of kcgen.dev
	modules map[string]*Module         // all others
	folders map[string][]listed        // packages of modules of which go.sum has no sum
	needs   map[string]map[string]bool // which module imports of which; "" is the program
}

// follow goes from a program's package to all that it needs.
func follow(all map[string]listed, main string) *graph {
	g := &graph{all: all, main: main, modules: map[string]*Module{}, folders: map[string][]listed{}, needs: map[string]map[string]bool{}}
	seen := map[string]bool{main: true}
	for next := []string{main}; len(next) > 0; {
		at := g.all[next[len(next)-1]]
		next = next[:len(next)-1]
		g.take(at)
		for _, path := range at.Imports {
			if !seen[path] {
				seen[path] = true
				next = append(next, path)
			}
		}
	}
	return g
}

// take notes a package. Those of Go's own library are of no module.
func (g *graph) take(p listed) {
	from := ""
	switch m := p.Module; {
	case g.isProgram(p.ImportPath):
	case m == nil:
		return
	case m.Path == kcgen:
		from = kcgen
		g.own = append(g.own, p.ImportPath)
	default:
		from = m.Path
		g.modules[from] = m.module()
		if g.modules[from].Sum == "" {
			g.folders[from] = append(g.folders[from], p)
		}
	}
	if g.needs[from] == nil {
		g.needs[from] = map[string]bool{}
	}
	for _, path := range p.Imports {
		if to := g.all[path].Module; to != nil && to.Path != from && !g.isProgram(path) {
			g.needs[from][to.Path] = true
		}
	}
}

// isProgram says whether a package is the program's own.
func (g *graph) isProgram(path string) bool {
	return path == g.main || strings.HasPrefix(path, g.main+"/")
}

func (g *graph) needsOf(module string) []string {
	return slices.Sorted(maps.Keys(g.needs[module]))
}

// sorted are the modules by their paths, complete.
func (g *graph) sorted() ([]Module, error) {
	var out []Module
	for _, path := range slices.Sorted(maps.Keys(g.modules)) {
		m := g.modules[path]
		m.Needs = g.needsOf(path)
		if packages := g.folders[path]; packages != nil {
			var err error
			if m.Sum, err = sumOf(packages); err != nil {
				return nil, err
			}
		}
		out = append(out, *m)
	}
	return out, nil
}

// sumOf is what go.sum would have of packages that lie in a folder: of the files
// that are compiled, and of those that they embed.
func sumOf(packages []listed) (string, error) {
	where := map[string]string{}
	for _, p := range packages {
		for _, name := range slices.Concat(p.GoFiles, p.SFiles, p.EmbedFiles) {
			where[p.ImportPath+"/"+filepath.ToSlash(name)] = filepath.Join(p.Dir, name)
		}
	}
	sum, err := dirhash.Hash1(slices.Collect(maps.Keys(where)), func(name string) (io.ReadCloser, error) { return os.Open(where[name]) })
	if err != nil {
		return "", fmt.Errorf("build: read your Go module: %w", err)
	}
	return sum, nil
}

func (m *listedModule) module() *Module {
	out := &Module{Path: m.Path, Version: m.Version, Sum: m.Sum, Dir: m.Dir}
	if by := m.Replace; by != nil {
		out.Version, out.Sum = by.Version, by.Sum
		if by.Version != "" && by.Path != m.Path {
			out.From = by.Path
		}
	}
	return out
}
