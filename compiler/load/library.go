package load

import (
	"io/fs"

	"cuelang.org/go/cue"
)

// Packages gives packages by import path without a spec: kcgen's own, and
// those of the user's Go modules, found from a folder. It is not safe for
// concurrent use.
func Packages(builtin fs.FS, dir string) func(importPath string) (cue.Value, bool) {
	root := ModuleRoot(dir)
	p := newPackages(Config{Builtin: builtin}, &source{dir: dir, root: root})
	return p.value
}
