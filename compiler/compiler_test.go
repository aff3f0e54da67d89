package compiler

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"kcgen.dev/compiler/diag"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/compiler/sandbox"
)

var update = flag.Bool("update", false, "rewrite the goldens")

func TestMain(m *testing.M) {
	sandbox.Main(SandboxFuncs())
	os.Exit(m.Run())
}

// repository is the module's root, which is a Config.Builtin as it lies there.
func repository(t testing.TB) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// TestForms follows each spec of testdata through the stages: out/plan and
// out/main.go, or out/diag where it has mistakes.
func TestForms(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(file), "testdata/"), ".txtar")
		t.Run(name, func(t *testing.T) { form(t, file) })
	}
}

func form(t *testing.T, file string) {
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	in := slices.DeleteFunc(slices.Clone(ar.Files), func(f txtar.File) bool { return strings.HasPrefix(f.Name, "out/") })
	dir := t.TempDir()
	for _, f := range in {
		to := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p, bad := evaluate(Config{Builtin: os.DirFS(repository(t)), Dir: dir}, in[0].Name)
	got := &txtar.Archive{Comment: ar.Comment, Files: append(in, stages(t, p, bad)...)}
	want, have := txtar.Format(ar), txtar.Format(got)
	if *update {
		if err := os.WriteFile(file, have, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if d := cmp.Diff(string(want), string(have)); d != "" {
		t.Errorf("-want +got (go test -update rewrites):\n%s", d)
	}
}

func stages(t *testing.T, p *plan.Pipeline, bad diag.List) []txtar.File {
	t.Helper()
	var out []txtar.File
	if len(bad) > 0 {
		var b bytes.Buffer
		if err := bad.Print(&b); err != nil {
			t.Fatal(err)
		}
		out = append(out, txtar.File{Name: "out/diag", Data: b.Bytes()})
	}
	if p == nil {
		return out
	}
	src, err := Generate(p)
	if err != nil {
		t.Fatal(err)
	}
	return append(out, txtar.File{Name: "out/plan", Data: []byte(p.String())}, txtar.File{Name: "out/main.go", Data: src.Main})
}

// TestChild proves that the sandbox's process answers as this one would.
func TestChild(t *testing.T) {
	root := repository(t)
	cfg := Config{Builtin: os.DirFS(root), Dir: root}
	const spec = "examples/log-analysis/pipeline.cue"
	want, bad := evaluate(cfg, spec)
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	var told []string
	cfg.Progress = func(s string) { told = append(told, s) }
	got, bad, err := Check(context.Background(), cfg, spec)
	if err != nil || len(bad) > 0 {
		t.Fatal(err, bad)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-in this process +in the child:\n%s", d)
	}
	if len(told) == 0 {
		t.Error("no progress was told")
	}
	if _, bad, err := Check(context.Background(), cfg, "no/such.cue"); err != nil || len(bad) != 1 {
		t.Errorf("a spec that is not there: %v, %v", bad, err)
	}
}

// TestHostileSpec puts hostile text into a spec's strings and comments; each
// must come out as data, or be refused.
func TestHostileSpec(t *testing.T) {
	hostile := []string{
		`*/ func init() { panic(1) } /*`, `\n//go:embed /etc/passwd`, `//go:linkname main.main os.Exit`, `//line x.go:1`,
		`+build ignore`, `go:build ignore`, "`); os.Exit(7); (`", `\"); os.Exit(7); (\"`, `\u0000\u0001\u001b[31m\u007f`,
		`\u2028func init() {}\u2029`, `\u202e\u2066abc\u2069\ufeff`, `\r\nnext\vline\fend`, `%s %d`, `\\n\\u000a`,
	}
	dir := t.TempDir()
	for i, s := range hostile {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			comment := strings.NewReplacer("\n", " ", "\r", " ").Replace(s)
			spec := fmt.Sprintf(hostileSpec, comment, s, comment, s, s, s, comment, s)
			if err := os.WriteFile(filepath.Join(dir, "x.cue"), []byte(spec), 0o644); err != nil {
				t.Fatal(err)
			}
			p, bad := evaluate(Config{Builtin: os.DirFS(repository(t)), Dir: dir}, "x.cue")
			if len(bad.Faults()) > 0 { // a warning takes one for a secret
				t.Fatal(bad)
			}
			src, err := Generate(p) // holds the program against the whitelist
			if err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(src.Main, []byte("func ")) - bytes.Count([]byte(spec), []byte("func init()")); n > 1 {
				t.Errorf("%d functions:\n%s", n, src.Main)
			}
		})
	}
}

const hostileSpec = `package x
import (
	"kcgen.dev/schema"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/transform"
)
// %s
schema.#Pipeline & {
	name: "x"
	kafka: brokers: ["a%s"]
	sources: a: {
		// %s
		connector: filestream.#Source & {file: "f%s", topic: "t"}
		keyConverter: convert.#String
		valueConverter: convert.#JSON
		topicCreation: default: configs: "k%s": "v%s"
		transforms: [
			// %s
			{do: transform.#HoistField & {on: "value", field: "f%s"}},
		]
	}
}
`
