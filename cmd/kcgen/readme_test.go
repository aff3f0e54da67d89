package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/reference"
)

// TestReadme holds README to what it shows: its pipeline is good, and the
// mistake in it is told in the words that are printed there.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```cue\n")
	spec, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("README has no pipeline")
	}
	vet := func(text string) string {
		t.Helper()
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "app-log.cue"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, faults, err := compiler.Check(t.Context(), compiler.Config{Builtin: builtin(), Dir: dir}, "app-log.cue")
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		faults.Print(&b)
		return b.String()
	}
	if got := vet(spec); got != "" {
		t.Errorf("README's pipeline has faults:\n%s", got)
	}
	for _, dir := range rooms(t) {
		if !strings.Contains(string(readme), "("+dir+"/README.md)") {
			t.Errorf("README does not link %s/README.md", dir)
		}
	}
	got := vet(strings.Replace(spec, `field: "line"`, `feild: "line"`, 1))
	if got == "" || !strings.Contains(string(readme), got) {
		t.Errorf("README does not show what is printed:\n%s", got)
	}
}

// rooms are the folders that hold components of pipelines, from the root.
func rooms(t *testing.T) []string {
	t.Helper()
	lib := &reference.Library{}
	if err := lib.Read("kcgen.dev", builtin()); err != nil {
		t.Fatal(err)
	}
	var dirs []string
	for _, c := range lib.Components("") {
		dirs = append(dirs, strings.TrimPrefix(c.Package.Path, "kcgen.dev/"))
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}
