package review

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxSpecs is how many specs a folder may hold.
const maxSpecs = 2000

// Specs are the specs in a folder and below, relative to root, if that is not
// empty, and sorted: a file
// that holds a whole pipeline, or the folder whose files make one together.
func Specs(root, dir string) ([]string, error) {
	found := map[string][]string{} // by folder
	err := filepath.WalkDir(filepath.Join(root, dir), func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); p != filepath.Join(root, dir) && (strings.HasPrefix(n, ".") || strings.HasPrefix(n, "_") || n == "testdata" || n == "cue.mod") {
				return fs.SkipDir
			}
			return nil
		}
		if d.Type().IsRegular() && isSpec(p) {
			found[filepath.Dir(p)] = append(found[filepath.Dir(p)], p)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("review: look for specs: %w", err)
	}
	var out []string
	for folder, files := range found {
		if len(files) == 1 && isSplit(folder, files[0]) {
			files = []string{folder}
		}
		for _, f := range files {
			if root != "" {
				if f, err = filepath.Rel(root, f); err != nil {
					return nil, fmt.Errorf("review: look for specs: %w", err)
				}
			}
			out = append(out, f)
		}
	}
	if len(out) > maxSpecs {
		return nil, fmt.Errorf("review: %s holds %d specs; %d are compared at most: name a folder below", dir, len(out), maxSpecs)
	}
	slices.Sort(out)
	return out, nil
}

// isSpec says whether a file holds a whole pipeline.
func isSpec(file string) bool {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".cue":
		b := head(file)
		return bytes.Contains(b, []byte(`"kcgen.dev/schema"`)) && bytes.Contains(b, []byte("#Pipeline"))
	case ".yaml", ".yml":
		b := append([]byte("\n"), head(file)...)
		return bytes.Contains(b, []byte("\nkafka:")) && (bytes.Contains(b, []byte("\nsources:")) || bytes.Contains(b, []byte("\nsinks:")))
	}
	return false
}

// isSplit says whether other files of the folder belong to a file's package.
func isSplit(folder, file string) bool {
	pkg := packageOf(file)
	entries, err := os.ReadDir(folder)
	if err != nil || pkg == "" {
		return false
	}
	for _, e := range entries {
		other := filepath.Join(folder, e.Name())
		if other != file && e.Type().IsRegular() && filepath.Ext(other) == ".cue" && packageOf(other) == pkg {
			return true
		}
	}
	return false
}

func packageOf(file string) string {
	for line := range bytes.Lines(head(file)) {
		if name, ok := strings.CutPrefix(string(line), "package "); ok {
			return strings.TrimSpace(name)
		}
	}
	return ""
}

// head is a file; of one that is longer than a spec may be, nothing.
func head(file string) []byte {
	i, err := os.Stat(file)
	if err != nil || i.Size() > 4<<20 {
		return nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	return b
}
