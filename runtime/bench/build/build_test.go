package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What `make bench-build` runs works, with few specs.
func TestBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("make test builds kcgen")
	}
	readme := filepath.Join(t.TempDir(), "README.md")
	if err := os.WriteFile(readme, []byte("<!-- build -->\n<!-- /build -->\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), options{rounds: 1, specs: 1, single: 1, packed: 2, kinds: "file", readme: readme}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| kcgen build, one word changed |", "| the same, one changed |", "| files, as JSON | 1"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// Each kind of binary has its spec, and each spec is of a kind.
func TestKinds(t *testing.T) {
	specs, err := sizeSpecs.ReadDir("sizes")
	if err != nil || len(specs) != len(kinds) {
		t.Errorf("%d specs and %d kinds, %v", len(specs), len(kinds), err)
	}
	for _, k := range kinds {
		if _, err := sizeSpecs.ReadFile("sizes/" + k.spec + ".cue"); err != nil {
			t.Error(err)
		}
	}
}
