package load_test

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"kcgen.dev/compiler/load"
)

var update = flag.Bool("update", false, "rewrite the wanted output of testdata/script")

// tree is kcgen's file tree for the tests: the real schema, and small
// components of the tests' own.
type tree struct{ schema, runtime fs.FS }

func (t tree) Open(name string) (fs.File, error) {
	if name == "schema" || strings.HasPrefix(name, "schema/") {
		return t.schema.Open(name)
	}
	return t.runtime.Open(name)
}

var builtin = tree{os.DirFS("../.."), os.DirFS("testdata/builtin")}

// TestScript runs each case: the files of an archive are a folder, its comment
// may name the spec (arg: x.cue) and tags (tags: a=b c), and its file "want"
// is what is printed; nothing for a good spec.
func TestScript(t *testing.T) {
	cases, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(cases) < 40 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, c := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(c), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(c)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			arg, tags := unpack(t, a, dir)
			spec, ds := load.Load(load.Config{Builtin: builtin, Dir: dir, Tags: tags}, arg)
			if (spec == nil) != (len(ds) > 0) {
				t.Errorf("a spec and mistakes, or neither: %v, %d mistakes", spec, len(ds))
			}
			var got bytes.Buffer
			if err := ds.Print(&got); err != nil {
				t.Fatal(err)
			}
			compare(t, c, a, got.Bytes())
		})
	}
}

func unpack(t *testing.T, a *txtar.Archive, dir string) (arg string, tags []string) {
	t.Helper()
	for _, f := range a.Files {
		if f.Name == "want" {
			continue
		}
		if arg == "" {
			arg = f.Name
		}
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(string(a.Comment)) {
		if s, ok := strings.CutPrefix(strings.TrimSpace(line), "arg: "); ok {
			arg = s
		}
		if s, ok := strings.CutPrefix(strings.TrimSpace(line), "tags: "); ok {
			tags = strings.Fields(s)
		}
	}
	return arg, tags
}

func compare(t *testing.T, file string, a *txtar.Archive, got []byte) {
	t.Helper()
	for i, f := range a.Files {
		if f.Name != "want" {
			continue
		}
		if *update {
			a.Files[i].Data = got
			if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		if d := cmp.Diff(string(f.Data), string(got)); d != "" {
			t.Errorf("want -, got +\n%s", d)
		}
		return
	}
	t.Fatalf("%s has no file want", file)
}
