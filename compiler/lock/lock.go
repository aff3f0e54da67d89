// Package lock keeps kcgen.lock, a file beside the specs of a folder: where each
// pipeline keeps its positions (names, files, tables, slots, groups) and what it
// promises (topics, formats, the schema of what it writes). A spec that says
// something else is refused by vet and by a build until somebody has accepted it,
// so that the change is a line in the pull request and not a surprise at night.
//
// The file is CUE: a line for each thing, with its whole path, sorted, so that a
// diff says by itself what has changed. What belongs in it is what package
// review knows to be more than a restart; what a change comes to is said in its
// words.
//
//	lock.go     a file and its entries
//	project.go  what of a plan is locked
//	write.go    the file's text
//	read.go     and back
//	compare.go  a plan against its entry
package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/dryrun/wire"
)

// Name is what the file is called.
const Name = "kcgen.lock"

// File is a kcgen.lock.
type File struct {
	Path    string   // as the user names it
	Found   bool     // it is there
	Tags    []string // of the command line, sorted: specs can say something else for each environment
	Entries []*Entry
}

// Entry is what is locked of one pipeline.
type Entry struct {
	Name string   // of the pipeline
	Spec string   // its file, relative to the lock's folder
	Tags []string // with which it was evaluated
	At   plan.Pos // in the lock

	root  *plan.Struct // the locked part of its plan
	flows []wire.Flow  // what its sources write, where that is known
}

// Beside is where the lock of a spec is: in the folder of its file, or in the
// folder that it is.
func Beside(dir, spec string) string {
	if info, err := os.Stat(in(dir, spec)); err == nil && info.IsDir() {
		return path.Join(filepath.ToSlash(spec), Name)
	}
	return path.Join(path.Dir(filepath.ToSlash(spec)), Name)
}

func in(dir, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(dir, filepath.FromSlash(file))
}

// maxBytes is how long a lock may be.
const maxBytes = 16 << 20

// Open reads a lock for specs that are evaluated with tags. One that is not there
// has no entries.
func Open(dir, name string, tags []string) (*File, error) {
	f := &File{Path: name, Tags: slices.Sorted(slices.Values(tags))}
	info, err := os.Stat(in(dir, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f, nil
	case err != nil:
		return nil, fmt.Errorf("lock: %w", err)
	case !info.Mode().IsRegular() || info.Size() > maxBytes:
		return nil, fmt.Errorf("lock: %s is no file, or has more than %d MiB", name, maxBytes>>20)
	}
	text, err := os.ReadFile(in(dir, name))
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	f.Found = true
	f.Entries, err = parse(name, text)
	return f, err
}

// Of is the entry of a plan: that of its name, or that of its file, where the
// pipeline was renamed; nil where there is none.
func (f *File) Of(p *plan.Pipeline) *Entry {
	var renamed *Entry
	for _, e := range f.Entries {
		switch {
		case !slices.Equal(e.Tags, f.Tags):
		case e.Name == p.Name:
			return e
		case e.Spec == f.specName(p):
			renamed = e
		}
	}
	return renamed
}

// Set takes an entry in the place of the one that the plan had.
func (f *File) Set(p *plan.Pipeline, e *Entry) {
	old := f.Of(p)
	for i := range f.Entries {
		if f.Entries[i] == old {
			f.Entries[i] = e
			return
		}
	}
	f.Entries = append(f.Entries, e)
}

// Gone are the entries whose specs are not there any more.
func (f *File) Gone(dir string) (gone []*Entry) {
	folder := path.Dir(f.Path)
	for _, e := range f.Entries {
		if _, err := os.Stat(in(dir, path.Join(folder, e.Spec))); errors.Is(err, fs.ErrNotExist) {
			gone = append(gone, e)
		}
	}
	return gone
}

// Drop takes entries out.
func (f *File) Drop(gone []*Entry) {
	f.Entries = slices.DeleteFunc(f.Entries, func(e *Entry) bool { return slices.Contains(gone, e) })
}

// specName is a spec as its folder's lock names it: its file, or "." for the
// folder itself.
func (f *File) specName(p *plan.Pipeline) string {
	if path.Dir(f.Path) == path.Clean(p.Spec) {
		return "."
	}
	return path.Base(p.Spec)
}
