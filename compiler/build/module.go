package build

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// The files of module kcgen.dev that say which versions its runtime needs.
const (
	pipelineMod = "templates/pipeline.mod"
	pipelineSum = "templates/pipeline.sum"
)

const (
	kcgen        = "kcgen.dev"
	kcgenVersion = "v0.0.0" // a replaced module needs one; it is never looked up
	sealed       = "kcgen.dev/compiled"

	// folder holds kcgen's files in the user's module. It exists only in the
	// go command's eyes.
	folder = ".kcgen"
)

// module is where a build happens. Programs that need nothing but kcgen are a
// module of their own in a temporary folder. Those that need packages of the
// user's Go modules are built in the user's module, so that its go.mod, its
// replaced modules and its internal packages count; what kcgen adds is laid
// over it (-overlay, -modfile) and never written there.
type module struct {
	tmp    string            // where everything is really written
	dir    string            // where go build runs
	files  map[string][]byte // by path below dir
	prefix string            // of the folders that kcgen adds to dir
	flags  []string
	path   string // of the module
	user   bool   // in the user's module
	goMod  []byte
	goSum  []byte
}

func newModule(j Job, tmp string) (*module, error) {
	runtimeMod, err := fs.ReadFile(j.Builtin, pipelineMod)
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	sum, err := fs.ReadFile(j.Builtin, pipelineSum)
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	m := &module{tmp: tmp, dir: filepath.Join(tmp, "module"), files: map[string][]byte{}, goSum: sum}
	base := []byte("module " + sealed + "\n")
	if len(j.Modules) > 0 {
		m.user, m.dir, m.prefix = true, j.GoModDir, folder+"/"
		if base, err = os.ReadFile(filepath.Join(j.GoModDir, "go.mod")); err != nil {
			return nil, fmt.Errorf("build: the spec imports %s: %w", j.Modules[0], err)
		}
		userSum, err := os.ReadFile(filepath.Join(j.GoModDir, "go.sum"))
		if err != nil && !os.IsNotExist(err) {
			return nil, fmt.Errorf("build: %w", err)
		}
		m.goSum = mergeSums(userSum, sum)
	}
	m.path = modfile.ModulePath(base)
	for _, p := range j.Programs {
		for name, data := range p.Files {
			m.files[m.prefix+p.Name+"/"+name] = data
		}
		if p.Record != nil {
			m.files[m.prefix+p.Name+"/"+recordFile] = []byte(noRecord)
		}
	}
	m.files[m.prefix+"kcgen.dev/go.mod"] = runtimeMod
	if m.goMod, err = mergeMods(base, runtimeMod, "./"+m.prefix+"kcgen.dev"); err != nil {
		return nil, err
	}
	return m, m.addRuntime(j.Builtin, m.prefix+"kcgen.dev/")
}

// Path is the import path of a program's folder.
func (j Job) Path(program string) (string, error) {
	if len(j.Modules) == 0 {
		return sealed + "/" + program, nil
	}
	mod, err := os.ReadFile(filepath.Join(j.GoModDir, "go.mod"))
	if err != nil {
		return "", fmt.Errorf("build: %w", err)
	}
	return modfile.ModulePath(mod) + "/" + folder + "/" + program, nil
}

// addRuntime adds the runtime's Go files. Tests, test servers and benchmarks
// stay behind, and so does the file that embeds all of it in kcgen.
func (m *module) addRuntime(builtin fs.FS, prefix string) error {
	err := fs.WalkDir(builtin, "runtime", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if forTests(d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || name == "runtime/embed.go" {
			return nil
		}
		m.files[prefix+name], err = fs.ReadFile(builtin, name)
		return err
	})
	if err != nil {
		return fmt.Errorf("build: read the runtime: %w", err)
	}
	return nil
}

// forTests says whether a folder holds only what tests need.
func forTests(dir string) bool {
	return dir == "testdata" || dir == "bench" || dir == "chaos" || strings.HasSuffix(dir, "test")
}

// write puts the files where the go command finds them.
func (m *module) write() error {
	real := filepath.Join(m.tmp, "module")
	replace := map[string]string{}
	for name, data := range m.files {
		file := filepath.Join(real, filepath.FromSlash(name))
		if err := writeFile(file, data); err != nil {
			return err
		}
		replace[filepath.Join(m.dir, filepath.FromSlash(name))] = file
	}
	if err := writeFile(filepath.Join(real, "go.mod"), m.goMod); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(real, "go.sum"), m.goSum); err != nil {
		return err
	}
	if !m.user {
		return nil
	}
	data, err := overlay(replace)
	if err != nil {
		return err
	}
	file := filepath.Join(m.tmp, "overlay.json")
	m.flags = []string{"-modfile=" + filepath.Join(real, "go.mod"), "-overlay=" + file}
	return writeFile(file, data)
}

func writeFile(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

// mergeMods adds to a go.mod what the runtime requires, each module at the
// higher of both versions, and kcgen.dev itself in a folder.
func mergeMods(base, runtime []byte, dir string) ([]byte, error) {
	mod, err := modfile.Parse("go.mod", base, nil)
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	add, err := modfile.Parse(pipelineMod, runtime, nil)
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	have := map[string]string{}
	for _, r := range mod.Require {
		have[r.Mod.Path] = r.Mod.Version
	}
	for _, r := range add.Require {
		if old := have[r.Mod.Path]; old == "" || semver.Compare(old, r.Mod.Version) < 0 {
			err = addRequire(mod, r.Mod.Path, r.Mod.Version, old != "")
		}
		if err != nil {
			return nil, fmt.Errorf("build: %w", err)
		}
	}
	for _, r := range mod.Replace {
		if r.Old.Path == kcgen {
			err = mod.DropReplace(r.Old.Path, r.Old.Version)
		}
		if err != nil {
			return nil, fmt.Errorf("build: %w", err)
		}
	}
	if err := finish(mod, add, have, dir); err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	mod.Cleanup()
	return mod.Format()
}

func addRequire(mod *modfile.File, path, version string, known bool) error {
	if known {
		return mod.AddRequire(path, version)
	}
	mod.AddNewRequire(path, version, true)
	return nil
}

// finish requires and replaces kcgen.dev and sets the language's version to
// the higher of both.
func finish(mod, add *modfile.File, have map[string]string, dir string) error {
	if have[kcgen] == "" {
		mod.AddNewRequire(kcgen, kcgenVersion, false)
	}
	if err := mod.AddReplace(kcgen, "", dir, ""); err != nil {
		return err
	}
	if add.Go != nil && (mod.Go == nil || semver.Compare("v"+mod.Go.Version, "v"+add.Go.Version) < 0) {
		return mod.AddGoStmt(add.Go.Version)
	}
	return nil
}

// mergeSums are the lines of both go.sum files, each once, sorted.
func mergeSums(a, b []byte) []byte {
	lines := bytes.Split(append(append(slices.Clone(a), '\n'), b...), []byte("\n"))
	slices.SortFunc(lines, bytes.Compare)
	lines = slices.CompactFunc(lines, bytes.Equal)
	return append(bytes.TrimSpace(bytes.Join(lines, []byte("\n"))), '\n')
}
