package compiler

import (
	"os"
	"path/filepath"
	"testing"

	"kcgen.dev/runtime/about"
)

const small = `package small

import (
	"kcgen.dev/schema"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
)

schema.#Pipeline & {
	name: "small"
	kafka: brokers: ["localhost:9092"]
	sources: lines: {
		connector:      filestream.#Source & {file: "in.txt", topic: "lines"}
		keyConverter:   convert.#String
		valueConverter: convert.#String
	}
}
`

// TestReplanStaysInside: a record that somebody made up reads no file of this
// machine, and writes none.
func TestReplanStaysInside(t *testing.T) {
	cfg := Config{Builtin: os.DirFS(repository(t))}
	outside := filepath.Join(t.TempDir(), "spec.cue")
	if err := os.WriteFile(outside, []byte(small), 0o644); err != nil {
		t.Fatal(err)
	}
	files := []about.File{{Name: "a.cue", Text: small}}
	if got := replan(t.Context(), cfg, about.Pipeline{Spec: "a.cue", Files: files}, nil); got == nil || got.Name != "small" {
		t.Fatalf("a good record became %v", got)
	}
	if got := replan(t.Context(), cfg, about.Pipeline{Files: files}, nil); got == nil || got.Name != "small" {
		t.Fatalf("a good record of a folder became %v", got)
	}
	for _, p := range []about.Pipeline{
		{Spec: outside},
		{Spec: "../" + filepath.Base(filepath.Dir(outside)) + "/spec.cue"},
		{Spec: "a.cue", Files: append(files, about.File{Name: outside, Text: "changed"})},
		{Spec: "a.cue", Files: append(files, about.File{Name: "../changed.cue", Text: "changed"})},
	} {
		if got := replan(t.Context(), cfg, p, nil); got != nil {
			t.Errorf("%+v became a plan: %v", p, got)
		}
	}
	if text, err := os.ReadFile(outside); err != nil || string(text) != small {
		t.Errorf("%s is %q, %v", outside, text, err)
	}
}
