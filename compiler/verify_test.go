package compiler

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kcgen.dev/compiler/plan"
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

// TestVerifyRecord holds a record to a spec without building anything: what is
// other is told, and what cannot be known here.
func TestVerifyRecord(t *testing.T) {
	cfg := Config{Builtin: os.DirFS(repository(t)), Dir: t.TempDir(), Version: "v1.0.0"}
	check := func(text string) *plan.Pipeline {
		t.Helper()
		if err := os.WriteFile(filepath.Join(cfg.Dir, "small.cue"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		p, found, err := Check(t.Context(), cfg, "small.cue")
		if err != nil || p == nil {
			t.Fatal(found, err)
		}
		return p
	}
	good := check(small)
	digest, err := ProgramDigest(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*about.Record)
		spec   string
		fast   bool
		want   string // what is said
	}{
		"nothing":     {nil, small, true, ""},
		"a comment":   {nil, "// Mine.\n" + small, true, "retold small"},
		"an option":   {nil, strings.Replace(small, "in.txt", "on.txt", 1), false, "changed small -> small"},
		"a name":      {nil, strings.Replace(small, `"small"`, `"tiny"`, 1), false, "changed small -> tiny"},
		"tags":        {func(r *about.Record) { r.Tags = []string{"env=prod"} }, small, true, "it was built with -t env=prod, not with no -t"},
		"more in it":  {func(r *about.Record) { r.Pack, r.Pipelines = true, append(r.Pipelines, about.Pipeline{Name: "two"}) }, small, true, "it holds the pipeline two too"},
		"not in it":   {func(r *about.Record) { r.Pack, r.Pipelines[0].Name = true, "two" }, small, true, "the pipeline small is not in it; there are two"},
		"kcgen":       {func(r *about.Record) { r.Kcgen = "v0.9.0" }, small, false, "unsure it was built by kcgen v0.9.0, and this is v1.0.0"},
		"the runtime": {func(r *about.Record) { r.Runtime = "sha256:0" }, small, false, "unsure it was built by another kcgen that calls itself v1.0.0, too"},
		"Go":          {func(r *about.Record) { r.Runtime, r.Go = "sha256:0", "go1.2.3" }, small, false, "unsure it was built with go1.2.3, and go"},
	} {
		t.Run(name, func(t *testing.T) {
			rec := &about.Record{Kcgen: "v1.0.0", Pipelines: []about.Pipeline{recorded(good, digest)}}
			if c.change != nil {
				c.change(rec)
			}
			v, err := Verify(t.Context(), cfg, nil, rec, []*plan.Pipeline{check(c.spec)}, c.fast)
			if err != nil {
				t.Fatal(err)
			}
			if got := said(v); !strings.Contains(got, c.want) || c.want == "" && got != "" {
				t.Errorf("it says %q, want %q", got, c.want)
			}
		})
	}
}

// said is all that a verification says.
func said(v *Verification) string {
	lines := slices.Clone(v.Others)
	for _, u := range v.Unsure {
		lines = append(lines, "unsure "+u)
	}
	for _, c := range v.Changed {
		lines = append(lines, "changed "+c.Old.Name+" -> "+c.New.Name)
	}
	for _, r := range v.Retold {
		lines = append(lines, "retold "+r)
	}
	return strings.Join(lines, "\n")
}
