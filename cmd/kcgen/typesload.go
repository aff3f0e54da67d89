package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/parser"
	"cuelang.org/go/cue/token"
	"golang.org/x/mod/modfile"

	"kcgen.dev/compiler/gotype"
	"kcgen.dev/compiler/reference"
)

// generateTypes makes the files of the packages in dirs; the keys are file
// names.
func generateTypes(dirs []string) (map[string][]byte, error) {
	files := map[string][]byte{}
	var problems []error
	for _, dir := range dirs {
		m, err := moduleOf(strings.TrimSuffix(dir, "..."))
		if err != nil {
			return nil, err
		}
		packages, err := m.packages(dir)
		if err != nil {
			return nil, err
		}
		for _, p := range packages {
			if err := m.generate(p, files); err != nil {
				problems = append(problems, err)
			}
		}
	}
	return files, errors.Join(problems...)
}

// goModule is a Go module on the disk, and the CUE packages of it that were
// evaluated.
type goModule struct {
	path, dir string
	cue       *cue.Context
	build     *build.Context
	insts     map[string]*build.Instance
	err       error // of the last import
}

// moduleOf finds the module of a folder.
func moduleOf(dir string) (*goModule, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	for d := abs; ; d = filepath.Dir(d) {
		b, err := os.ReadFile(filepath.Join(d, "go.mod"))
		if err == nil {
			m := &goModule{path: modfile.ModulePath(b), dir: d, cue: cuecontext.New(), insts: map[string]*build.Instance{}}
			m.build = build.NewContext(build.Loader(m.load))
			return m, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if d == filepath.Dir(d) {
			return nil, fmt.Errorf("%s is in no Go module: run go mod init NAME first", dir)
		}
	}
}

// packages are the import paths of the packages in dir that have components,
// or Go types by @go.
func (m *goModule) packages(dir string) ([]string, error) {
	root, all := strings.CutSuffix(dir, "...")
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	if i, err := os.Stat(abs); err != nil || !i.IsDir() {
		return nil, usageError{fmt.Errorf("%s is no folder", root)}
	}
	rel, err := filepath.Rel(m.dir, abs)
	if err != nil {
		return nil, err
	}
	at := path.Join(m.path, filepath.ToSlash(rel))
	lib := &reference.Library{}
	if err := lib.Read(at, os.DirFS(abs)); err != nil && !all {
		return nil, err
	}
	var found []string
	for _, p := range lib.Packages() {
		if (all || p.Path == at) && p.HasGoTypes() {
			found = append(found, p.Path)
		}
	}
	return found, nil
}

// generate adds the files of a package.
func (m *goModule) generate(importPath string, files map[string][]byte) error {
	inst := m.load(token.NoPos, importPath)
	if inst == nil {
		return m.err
	}
	v := m.cue.BuildInstance(inst)
	if err := v.Err(); err != nil {
		return fmt.Errorf("package %s: %w", importPath, err)
	}
	defs, bad := gotype.NewTable(nil).Package(v)
	if len(bad) > 0 {
		return bad
	}
	out, err := gotype.Generate(defs)
	if err != nil {
		return err
	}
	for name, src := range out {
		rel, ok := strings.CutPrefix(name, m.path+"/")
		if !ok {
			return fmt.Errorf("package %s: its Go type would be in %s, outside the module %s", importPath, name, m.path)
		}
		files[filepath.Join(m.dir, filepath.FromSlash(rel))] = src
	}
	return m.tables(importPath, defs, files)
}

// tables adds the package's README.md, if it has the marks of option tables.
func (m *goModule) tables(importPath string, defs []*gotype.Def, files map[string][]byte) error {
	rel := strings.TrimPrefix(strings.TrimPrefix(importPath, m.path), "/")
	file := filepath.Join(m.dir, filepath.FromSlash(rel), "README.md")
	readme, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !gotype.HasTables(readme) {
		return nil
	}
	files[file] = gotype.Readme(readme, defs)
	return err
}

// load reads a CUE package: one of this module from the disk, one of kcgen's
// as kcgen carries it.
func (m *goModule) load(_ token.Pos, importPath string) *build.Instance {
	if inst := m.insts[importPath]; inst != nil || !strings.Contains(strings.SplitN(importPath, "/", 2)[0], ".") {
		return inst // CUE's own packages it knows itself
	}
	fsys, dir := os.DirFS(m.dir), ""
	if rel, ok := strings.CutPrefix(importPath, m.path+"/"); ok {
		dir = rel
	} else if importPath == m.path {
		dir = "."
	} else if rel, ok := strings.CutPrefix(importPath, "kcgen.dev/"); ok {
		fsys, dir = builtin(), rel
	} else {
		m.err = fmt.Errorf("import %q: types knows the packages of %s and of kcgen.dev", importPath, m.path)
		return nil
	}
	inst := m.build.NewInstance(dir, m.load)
	inst.ImportPath = importPath
	names, _ := fs.Glob(fsys, path.Join(dir, "*.cue"))
	for _, name := range names {
		if err := addFile(inst, fsys, name); err != nil {
			m.err = fmt.Errorf("package %s: %w", importPath, err)
			return nil
		}
	}
	if err := inst.Complete(); err != nil || len(names) == 0 {
		m.err = fmt.Errorf("package %s: no CUE files, or not loadable: %w", importPath, err)
		return nil
	}
	m.insts[importPath] = inst
	return inst
}

func addFile(inst *build.Instance, fsys fs.FS, name string) error {
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	f, err := parser.ParseFile(path.Join(inst.ImportPath, path.Base(name)), src, parser.ParseComments)
	if err != nil {
		return err
	}
	return inst.AddSyntax(f)
}
