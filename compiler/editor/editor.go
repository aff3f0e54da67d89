// Package editor lays down what CUE's own tools need to resolve a spec's
// imports: cue vet, and cue lsp in an editor. They know nothing of Go modules,
// nor of what kcgen carries, but look for packages in a module's cue.mod/pkg; so
// the CUE of all components is copied there, as it is. Kcgen itself never reads
// the copies of its own packages, so that old ones mislead nobody but an editor.
//
//	editor.go  which files
//	lay.go     writing them, and telling whether they are up to date
package editor

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"cuelang.org/go/cue"

	"kcgen.dev/compiler/reference"
)

// Module is where CUE packages come from.
type Module struct {
	Path string // kcgen.dev
	FS   fs.FS
}

// moduleFile is the file that makes a folder a CUE module.
const moduleFile = "cue.mod/module.cue"

// copies is the folder of a module's copies.
func copies(module string) string { return path.Join("cue.mod/pkg", module) }

// packages are the CUE files of modules, by where they are copied to.
func packages(modules []Module) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, m := range modules {
		err := fs.WalkDir(m.FS, ".", func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir():
				return reference.SkipFolder(m.FS, name)
			case path.Ext(name) != ".cue" || strings.HasPrefix(d.Name(), "_"):
				return nil
			}
			text, err := fs.ReadFile(m.FS, name)
			out[path.Join(copies(m.Path), name)] = text
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("editor: read the packages of %s: %w", m.Path, err)
		}
	}
	return out, nil
}

var notPath = regexp.MustCompile(`[^a-z0-9]+`)

// moduleText is the text of module.cue. The module is called as the Go module
// is, so that its own packages have one path; without one, after its folder.
func moduleText(goModule, folder string) []byte {
	name := goModule
	if first, _, _ := strings.Cut(name, "/"); !strings.Contains(first, ".") {
		name = "pipelines.local/" + orWord(strings.Trim(notPath.ReplaceAllString(strings.ToLower(folder), "-"), "-"), "pipelines")
	}
	return fmt.Appendf(nil, "// What CUE's own tools and editors go by; kcgen mod keeps pkg up to date.\nmodule: %q\nlanguage: version: %q\n", withMajor(name), cue.LanguageVersion())
}

var major = regexp.MustCompile(`/(v[0-9]+)$`)

// withMajor is a module's path with its major version as CUE writes it.
func withMajor(name string) string {
	if m := major.FindStringSubmatch(name); m != nil {
		return name + "@" + m[1]
	}
	return name + "@v0"
}

func orWord(s, word string) string {
	if s == "" {
		return word
	}
	return s
}
