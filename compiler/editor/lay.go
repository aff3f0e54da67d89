package editor

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/modfile"

	"kcgen.dev/compiler/load"
)

// Root is the folder to which a spec's imports are relative for CUE's tools: that
// of the module, as kcgen finds it.
func Root(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("editor: %w", err)
	}
	return load.ModuleRoot(dir), nil
}

// Plan is what is to change below a root.
type Plan struct {
	Write  map[string][]byte // by file, relative to the root
	Remove []string
}

// Stale names the files that are to be written or removed, sorted.
func (p *Plan) Stale() []string {
	out := slices.Clone(p.Remove)
	for name := range p.Write {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// PlanFor says what is to change in a folder, so that CUE's tools find the
// packages of modules: module.cue where there is none, copies that differ, and
// copies of what is no more.
func PlanFor(root string, modules []Module) (*Plan, error) {
	mod, _ := os.ReadFile(filepath.Join(root, "go.mod")) // there need not be one
	own := modfile.ModulePath(mod)
	modules = slices.DeleteFunc(slices.Clone(modules), func(m Module) bool { return m.Path == own })
	want, err := packages(modules)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(moduleFile))); errors.Is(err, fs.ErrNotExist) {
		want[moduleFile] = moduleText(own, filepath.Base(root))
	}
	p := &Plan{Write: map[string][]byte{}}
	for name, text := range want {
		have, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("editor: %w", err)
		}
		if err != nil || !bytes.Equal(have, text) {
			p.Write[name] = text
		}
	}
	for _, m := range modules {
		if err := p.removeOthers(root, copies(m.Path), want); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// removeOthers plans to remove the copies that are not wanted.
func (p *Plan) removeOthers(root, dir string, want map[string][]byte) error {
	at := filepath.Join(root, filepath.FromSlash(dir))
	err := filepath.WalkDir(at, func(file string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && file == at {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, file)
		if name := filepath.ToSlash(rel); err == nil && want[name] == nil && !slices.Contains(p.Remove, name) {
			p.Remove = append(p.Remove, name)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("editor: %w", err)
	}
	return nil
}

// Do writes and removes. Of what fails in the middle, the rest stays to be done:
// the next time.
func (p *Plan) Do(root string) error {
	for name, text := range p.Write {
		file := filepath.Join(root, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(file), 0o777)
		if err == nil {
			err = os.WriteFile(file, text, 0o666)
		}
		if err != nil {
			return fmt.Errorf("editor: %w", err)
		}
	}
	for _, name := range p.Remove {
		if err := os.Remove(filepath.Join(root, filepath.FromSlash(name))); err != nil {
			return fmt.Errorf("editor: %w", err)
		}
	}
	return nil
}
