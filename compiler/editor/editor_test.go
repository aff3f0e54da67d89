package editor

import (
	"strings"
	"testing"
	"testing/fstest"

	"cuelang.org/go/cue/parser"
	cuemodule "cuelang.org/go/mod/module"
)

// TestModuleText: a module's name is one that CUE takes, whatever the folder and
// the Go module are called.
func TestModuleText(t *testing.T) {
	for _, c := range []struct{ goModule, folder, want string }{
		{"example.com/acme", "x", "example.com/acme@v0"},
		{"example.com/acme/v2", "x", "example.com/acme/v2@v2"},
		{"acme", "shop", "pipelines.local/shop@v0"},
		{"", "My Shop!", "pipelines.local/my-shop@v0"},
		{"", "…", "pipelines.local/pipelines@v0"},
		{"", "-", "pipelines.local/pipelines@v0"},
	} {
		text := moduleText(c.goModule, c.folder)
		if !strings.Contains(string(text), `module: "`+c.want+`"`) {
			t.Errorf("%q in %q: %s, want %s", c.goModule, c.folder, text, c.want)
		}
		if err := cuemodule.CheckPath(c.want); err != nil {
			t.Error(err)
		}
		if f, err := parser.ParseFile("module.cue", text); err != nil || len(f.Decls) != 2 {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestPlan copies packages, and nothing else, and not those of the module
// itself.
func TestPlan(t *testing.T) {
	modules := []Module{{Path: "kcgen.dev", FS: fstest.MapFS{
		"schema/a.cue":           {Data: []byte("package schema\n")},
		"schema/a.go":            {Data: []byte("package schema\n")},
		"schema/testdata/no.cue": {Data: []byte("package no\n")},
		"schema/_no/no.cue":      {Data: []byte("package no\n")},
		"other/go.mod":           {Data: []byte("module other\n")},
		"other/no.cue":           {Data: []byte("package no\n")},
		"cue.mod/pkg/x.y/no.cue": {Data: []byte("package no\n")},
		"schema/.hidden/no.cue":  {Data: []byte("package no\n")},
	}}}
	root := t.TempDir()
	p, err := PlanFor(root, modules)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.Stale(), " "); got != "cue.mod/module.cue cue.mod/pkg/kcgen.dev/schema/a.cue" {
		t.Errorf("to write: %s", got)
	}
	if err := p.Do(root); err != nil {
		t.Fatal(err)
	}
	if p, err = PlanFor(root, modules); err != nil || len(p.Stale()) > 0 {
		t.Errorf("still to write: %v, %v", p.Stale(), err)
	}
}
