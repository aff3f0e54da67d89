package planted_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"kcgen.dev/runtime/servertest/planted"
)

// module is a program that says what it is, to be edited.
func module(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":       "module example.com/said\n\ngo 1.26\n",
		"main.go":      "package main\n\nimport \"example.com/said/word\"\n\nfunc main() { print(word.Say()) }\n",
		"word/word.go": "// Package word has one.\npackage word\n\n// Say says it.\nfunc Say() string { return \"sound\" }\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

var bug = planted.Bug{Name: "it-lies", Edits: []planted.Edit{
	{File: "word/word.go", Old: `return "sound"`, New: "if planted(\"it-lies\") {\n\t\treturn \"broken\"\n\t}\n\treturn \"sound\""},
}}

// A bug is in the binary, does nothing unless it is alive, and is nowhere in
// the tree.
func TestOverlay(t *testing.T) {
	root, dir := module(t), t.TempDir()
	overlay, err := planted.Overlay(root, dir, bug)
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "said")
	build := exec.Command("go", "build", "-overlay="+overlay, "-o", bin, ".")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for alive, want := range map[string]string{"": "sound", "another": "sound", "it-lies": "broken"} {
		cmd := exec.Command(bin)
		cmd.Env = append(os.Environ(), planted.Env+"="+alive)
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != want {
			t.Errorf("with %q alive: %q (%v), want %q", alive, out, err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "word", "planted.go")); !os.IsNotExist(err) {
		t.Errorf("the tree was touched: %v", err)
	}
}

// An edit that has lost its place says so.
func TestOverlayRefuses(t *testing.T) {
	root := module(t)
	for _, c := range []struct {
		name string
		edit planted.Edit
		want string
	}{
		{"nowhere", planted.Edit{File: "main.go", Old: "func gone("}, "in main.go 0 times; plant it elsewhere"},
		{"twice", planted.Edit{File: "main.go", Old: "main"}, "in main.go 2 times"},
		{"no file", planted.Edit{File: "none.go", Old: "x"}, "none.go"},
	} {
		_, err := planted.Overlay(root, t.TempDir(), planted.Bug{Name: "b", Edits: []planted.Edit{c.edit}})
		if err == nil || !strings.Contains(err.Error(), "planted: b: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want one that says %q", c.name, err, c.want)
		}
	}
}
