package templates_test

import (
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/deploy"
	"kcgen.dev/compiler/sandbox"
	"kcgen.dev/runtime/servertest"
)

var update = flag.Bool("update", false, "write what the templates give as what they are to give")

func TestMain(m *testing.M) {
	sandbox.Main(compiler.SandboxFuncs())
	servertest.Main(m)
}

// specs are those of testdata: as small as can be, with a group, and with files
// of each kind, secrets, TLS and a login.
var specs = []struct {
	name string
	tags []string
}{{"plain", nil}, {"group", nil}, {"full", []string{"site=us"}}}

// pipeline is what the templates see of a spec of testdata.
func pipeline(t testing.TB, spec string, tags []string) *deploy.Pipeline {
	t.Helper()
	file := filepath.Join("testdata", spec, "pipeline.cue")
	plan, found, err := compiler.Check(t.Context(), compiler.Config{Builtin: os.DirFS(".."), Tags: tags}, file)
	if err != nil || plan == nil {
		t.Fatalf("%s: %v %v", file, found, err)
	}
	p, err := deploy.Of(plan, deploy.Options{Root: filepath.Join("testdata", spec), Tags: tags, Version: "v1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestWant compares what the templates give with testdata/<spec>/want, file by
// file, where it is to be read.
func TestWant(t *testing.T) {
	for _, spec := range specs {
		t.Run(spec.name, func(t *testing.T) {
			t.Parallel()
			p := pipeline(t, spec.name, spec.tags)
			got := map[string]string{"notes": strings.Join(append(p.Notes(deploy.Names()...), ""), "\n")}
			for _, name := range deploy.Names() {
				files, err := deploy.Fill(name, p)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range files {
					if got[f.Name] != "" {
						t.Errorf("%s is written by two templates", f.Name)
					}
					got[f.Name] = f.Text
				}
			}
			compareTree(t, filepath.Join("testdata", spec.name, "want"), got)
		})
	}
}

func compareTree(t *testing.T, dir string, got map[string]string) {
	t.Helper()
	if *update {
		writeTree(t, dir, got)
	}
	want := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		want[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if g, w := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(g, w) {
		t.Fatalf("files\n%s\nwant\n%s", g, w)
	}
	for name, text := range got {
		if text != want[name] {
			t.Errorf("%s is\n%s\nwant (go test -update writes it)\n%s", name, text, want[name])
		}
	}
}

func writeTree(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestGoVersion: images build with the Go that kcgen needs.
func TestGoVersion(t *testing.T) {
	m := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "../go.mod"))
	if m == nil {
		t.Fatal("go.mod names no version")
	}
	for _, file := range []string{"Dockerfile", ".gitlab-ci.yml"} {
		if !strings.Contains(read(t, filepath.Join("testdata/plain/want", file)), " golang:"+m[1]) {
			t.Errorf("%s does not have golang:%s", file, m[1])
		}
	}
}
