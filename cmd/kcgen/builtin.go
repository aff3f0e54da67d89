package main

import (
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"kcgen.dev/runtime"
	"kcgen.dev/schema"
	"kcgen.dev/templates"
)

// builtin is the file tree of module kcgen.dev that kcgen carries, so that
// compiler and runtime are always of one version.
func builtin() fs.FS {
	return folders{"schema": schema.Files, "runtime": runtime.Files, "templates": templates.Pipeline}
}

// folders puts file trees side by side, each in a folder of its own.
type folders map[string]fs.FS

// Open opens a file of a folder's tree, or the list of the folders.
func (f folders) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if name == "." {
		return f.top()
	}
	first, rest, _ := strings.Cut(name, "/")
	tree := f[first]
	if tree == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	file, err := tree.Open(path.Join(".", rest))
	if dir, ok := file.(fs.ReadDirFile); ok && rest == "" {
		return folder{dir, first}, err
	}
	return file, err
}

// top is the folder of the folders.
func (f folders) top() (fs.File, error) {
	t := &top{}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		i, err := fs.Stat(f, name)
		if err != nil {
			return nil, err
		}
		t.left = append(t.left, fs.FileInfoToDirEntry(i))
	}
	return t, nil
}

// folder is the root of a tree under its name.
type folder struct {
	fs.ReadDirFile
	name string
}

// Stat is the root's, with the name.
func (f folder) Stat() (fs.FileInfo, error) {
	i, err := f.ReadDirFile.Stat()
	return folderInfo{i, f.name}, err
}

type folderInfo struct {
	fs.FileInfo
	name string
}

func (i folderInfo) Name() string { return i.name }

type top struct{ left []fs.DirEntry }

// Stat is that of any folder.
func (t *top) Stat() (fs.FileInfo, error) { return fs.Stat(schema.Files, ".") }

// Close has nothing to let go of.
func (t *top) Close() error { return nil }

// Read is for files.
func (t *top) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: ".", Err: fs.ErrInvalid}
}

// ReadDir lists the next n folders; all that are left where n is not positive.
func (t *top) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(t.left)
	} else if len(t.left) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(t.left))
	out := t.left[:n]
	t.left = t.left[n:]
	return out, nil
}
