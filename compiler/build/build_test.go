package build

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/mod/modfile"
)

// small is a runtime that compiles in no time, and holds what may not come
// along.
var small = fstest.MapFS{
	"templates/pipeline.mod":        {Data: []byte("module kcgen.dev\n\ngo 1.26.0\n")},
	"templates/pipeline.sum":        {Data: []byte("")},
	"runtime/runtime.go":            {Data: []byte("package runtime\n\nimport \"kcgen.dev/runtime/connect\"\n\ntype Pipeline struct {\n\tName string\n\tSource connect.Source\n}\n\nfunc Main(p Pipeline) { println(p.Name) }\n")},
	"runtime/connect/connect.go":    {Data: []byte("package connect\n\ntype Source interface{ Open() }\n")},
	"runtime/connect/connect.cue":   {Data: []byte("package connect\n")},
	"runtime/embed.go":              {Data: []byte("stays behind")},
	"runtime/runtime_test.go":       {Data: []byte("stays behind")},
	"runtime/bench/main.go":         {Data: []byte("stays behind")},
	"runtime/servertest/kafka.go":   {Data: []byte("stays behind")},
	"runtime/connect/testdata/x.go": {Data: []byte("stays behind")},
}

const smallMain = `package main

import "kcgen.dev/runtime"

func main() { runtime.Main(pipeline) }

var pipeline = runtime.Pipeline{Name: "it runs"}
`

// single is a program alone, and where it goes.
type single struct {
	Name, Dir, Out, Target string
	Main                   []byte
	Builtin                fs.FS
	Modules                []string
	GoModDir               string
}

func binary(ctx context.Context, s single) (string, error) {
	out, err := Output(s.Dir, s.Name, s.Out, s.Target)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "kcgen-test-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	built, err := Programs(ctx, Job{
		Programs: []Program{{Name: "pipeline-" + s.Name, Files: map[string][]byte{"main.go": s.Main}}},
		Builtin:  s.Builtin, Modules: s.Modules, GoModDir: s.GoModDir, Target: s.Target,
	}, dir)
	if err == nil {
		err = built[0].Err
	}
	if err != nil {
		return "", err
	}
	return out, Put(built[0].File, out)
}

func build(t *testing.T, j single) ([]byte, error) {
	t.Helper()
	if j.Builtin == nil {
		j.Builtin = small
	}
	out, err := binary(context.Background(), j)
	if left, _ := filepath.Glob(filepath.Join(j.Dir, ".kcgen*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return data, nil
}

func mustBuild(t *testing.T, j single) []byte {
	t.Helper()
	data, err := build(t, j)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestSealed proves that a program builds, runs, and is the same in any folder
// and under any settings of Go.
func TestSealed(t *testing.T) {
	a, b := t.TempDir(), filepath.Join(t.TempDir(), "another", "folder")
	if err := os.MkdirAll(b, 0o755); err != nil {
		t.Fatal(err)
	}
	first := mustBuild(t, single{Name: "a", Main: []byte(smallMain), Dir: a})
	out, err := exec.Command(filepath.Join(a, "a")).CombinedOutput()
	if err != nil || string(out) != "it runs\n" {
		t.Errorf("it says %q, %v", out, err)
	}
	for name, value := range map[string]string{
		"GOFLAGS": "-toolexec=/bin/false -tags=x", "GOWORK": "/no/such/go.work", "GO111MODULE": "off", "GOOS": "plan9",
		"GOARCH": "386", "CGO_ENABLED": "1", "CGO_CFLAGS": "-fplugin=x", "GOEXPERIMENT": "none", "GOTOOLCHAIN": "go1.99.0", "GOAMD64": "v4",
		"GOPROXY": "off", "GOROOT_FINAL": "/x", "GODEBUG": "",
	} {
		t.Setenv(name, value)
	}
	second := mustBuild(t, single{Name: "a", Main: []byte(smallMain), Dir: b, Out: "other"})
	if !bytes.Equal(first, second) {
		t.Error("two folders, two programs")
	}
	if bytes.Contains(first, []byte(a)) || bytes.Contains(first, []byte(os.TempDir()+"/kcgen-build")) {
		t.Error("the program knows its folder")
	}
}

func TestTarget(t *testing.T) {
	dir := t.TempDir()
	arm := mustBuild(t, single{Name: "a", Main: []byte(smallMain), Dir: dir, Target: "linux/arm64"})
	if len(arm) < 20 || string(arm[:4]) != "\x7fELF" || arm[18] != 183 {
		t.Errorf("no ELF for AArch64: % x", arm[:20])
	}
	mustBuild(t, single{Name: "w", Main: []byte(smallMain), Dir: dir, Target: "windows/amd64"})
	if _, err := os.Stat(filepath.Join(dir, "w.exe")); err != nil {
		t.Error(err)
	}
	for target, want := range map[string]string{
		"arm64": "no GOOS/GOARCH", "linux/": "no GOOS/GOARCH", "linux/arm64/v8": "no GOOS/GOARCH", "-o/x": "no GOOS/GOARCH",
		"linux/quantum": "unsupported GOOS/GOARCH pair",
	} {
		if _, err := build(t, single{Name: "a", Main: []byte(smallMain), Dir: dir, Target: target}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", target, err)
		}
	}
}

func TestOutput(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "a"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := build(t, single{Name: "a", Main: []byte(smallMain), Dir: dir}); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("over a directory: %v", err)
	}
	if _, err := build(t, single{Name: "a", Main: []byte(smallMain), Dir: dir, Out: "no/such/folder/a"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into no folder: %v", err)
	}
	file := filepath.Join(dir, "b")
	if err := os.WriteFile(file, []byte("old"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := build(t, single{Name: "go.mod", Main: []byte(smallMain), Dir: dir}); err == nil && runtime.GOOS != "windows" {
		t.Error("go.mod was replaced by a program")
	}
	if _, err := build(t, single{Name: "b", Main: []byte("package main; broken"), Dir: dir}); err == nil {
		t.Error("a broken program was built")
	}
	if data, _ := os.ReadFile(file); string(data) != "old" {
		t.Error("a failed build changed the file that was there")
	}
	mustBuild(t, single{Name: "b", Main: []byte(smallMain), Dir: dir})
	if fi, err := os.Stat(file); err != nil || fi.Mode()&0o111 == 0 && runtime.GOOS != "windows" {
		t.Errorf("not executable: %v, %v", fi.Mode(), err)
	}
}

// user is a module with a connector in an internal package, one in a replaced
// module, and a kcgen.dev of its own that must not count.
var user = map[string]string{
	"go.mod": `module example.com/user

go 1.26.0

require (
	example.com/other v0.0.0
	kcgen.dev v0.9.0
)

replace example.com/other => ./other

replace kcgen.dev => ../nowhere
`,
	"internal/mqtt/mqtt.go": "package mqtt\n\ntype Source struct{ URL string }\n\nfunc (Source) Open() {}\n",
	"other/go.mod":          "module example.com/other\n\ngo 1.26.0\n\nrequire kcgen.dev v0.9.0\n",
	"other/x/x.go":          "package x\n\nimport \"kcgen.dev/runtime/connect\"\n\nvar Any connect.Source\n",
}

const userMain = `package main

import (
	"example.com/other/x"
	"example.com/user/internal/mqtt"
	"kcgen.dev/runtime"
)

func main() { runtime.Main(pipeline) }

var pipeline = runtime.Pipeline{Name: "mine", Source: mqtt.Source{URL: "x"}}

var _ = x.Any
`

func userTree(t *testing.T, dir string) string {
	t.Helper()
	for name, text := range user {
		if err := writeFile(filepath.Join(dir, name), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestUser proves that a program with packages of the user's builds in the
// user's module, without a trace there, and the same in any folder.
func TestUser(t *testing.T) {
	a, b := userTree(t, filepath.Join(t.TempDir(), "a")), userTree(t, filepath.Join(t.TempDir(), "b", "c"))
	job := single{Name: "x", Main: []byte(userMain), Dir: t.TempDir(), Modules: []string{"example.com/user/internal/mqtt"}}
	job.GoModDir = a
	first := mustBuild(t, job)
	job.GoModDir = b
	if !bytes.Equal(first, mustBuild(t, job)) {
		t.Error("two folders, two programs")
	}
	out, err := exec.Command(filepath.Join(job.Dir, "x")).CombinedOutput()
	if err != nil || string(out) != "mine\n" {
		t.Errorf("it says %q, %v", out, err)
	}
	files := 0
	err = filepath.WalkDir(a, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		rel, _ := filepath.Rel(a, file)
		if data, err := os.ReadFile(file); err != nil || string(data) != user[filepath.ToSlash(rel)] {
			t.Errorf("%s was written: %v", rel, err)
		}
		return nil
	})
	if err != nil || files != len(user) {
		t.Errorf("%d files, want %d: %v", files, len(user), err)
	}
}

// TestFailures tells whose fault a failed build is.
func TestFailures(t *testing.T) {
	dir := userTree(t, t.TempDir())
	job := single{Name: "x", Main: []byte(userMain), Dir: t.TempDir(), Modules: []string{"example.com/user/internal/mqtt"}, GoModDir: dir}

	misfit := job
	misfit.Main = bytes.Replace(job.Main, []byte("URL:"), []byte("Url:"), 1)
	if _, err := build(t, misfit); !errors.Is(err, ErrUser) || !strings.Contains(err.Error(), "run kcgen types") {
		t.Errorf("a literal that does not fit: %v", err)
	}

	if err := writeFile(filepath.Join(dir, "internal/mqtt/mqtt.go"), []byte("package mqtt\n\nfunc f() { return 1 }\n")); err != nil {
		t.Fatal(err)
	}
	_, err := build(t, job)
	if !errors.Is(err, ErrUser) || !strings.Contains(err.Error(), "mqtt.go:3:19") || strings.Contains(err.Error(), "fault of kcgen") {
		t.Errorf("a mistake in the user's Go: %v", err)
	}

	_, err = build(t, single{Name: "x", Main: []byte("package main\n\nfunc main() { x() }\n"), Dir: job.Dir})
	if err == nil || errors.Is(err, ErrUser) || !strings.Contains(err.Error(), "fault of kcgen") || !strings.Contains(err.Error(), "undefined: x") {
		t.Errorf("a program that does not compile: %v", err)
	}
	if err != nil && strings.Contains(err.Error(), os.TempDir()) {
		t.Errorf("the error names a temporary folder: %v", err)
	}

	job.GoModDir = t.TempDir()
	if _, err := build(t, job); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no go.mod: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := binary(ctx, single{Name: "x", Main: []byte(smallMain), Builtin: small, Dir: job.Dir}); err == nil {
		t.Error("a cancelled build built")
	}
	if _, err := build(t, single{Name: "x", Main: []byte(smallMain), Dir: job.Dir, Builtin: fstest.MapFS{}}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no runtime: %v", err)
	}
}

func TestNoGo(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	job := single{Name: "x", Main: []byte(smallMain), Dir: dir}
	if _, err := build(t, job); !errors.Is(err, ErrNoGo) || !strings.Contains(err.Error(), "not in PATH") {
		t.Errorf("no go: %v", err)
	}
	if runtime.GOOS == "windows" {
		return // the fakes are shell scripts
	}
	for script, want := range map[string]string{
		"echo '{\"GOVERSION\":\"go1.25.4\"}'": "is Go 1.25.4",
		"exit 3":                              "go env",
		"echo no JSON":                        "go env",
	} {
		if err := os.WriteFile(filepath.Join(dir, "go"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		if _, err := build(t, job); !errors.Is(err, ErrNoGo) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", script, err)
		}
	}
}

func TestTooOld(t *testing.T) {
	for v, want := range map[string]bool{
		"1.25.9": true, "1.26.0": false, "1.26.8": false, "1.26": false, "1.27rc1": false, "1.26rc1": true, "1.9": true,
		"1.30": false, "devel": false, "": false,
	} {
		if tooOld(v) != want {
			t.Errorf("tooOld(%q) = %v", v, !want)
		}
	}
}

func TestMergeMods(t *testing.T) {
	got, err := mergeMods([]byte(`module example.com/user

go 1.25.0

require (
	example.com/low v1.0.0
	example.com/high v1.9.0
	kcgen.dev v1.2.3
)

replace kcgen.dev => ../kcgen

replace kcgen.dev v1.0.0 => ../old
`), []byte(`module kcgen.dev

go 1.26.0

require (
	example.com/low v1.1.0
	example.com/high v1.8.0
	example.com/new v0.1.0
)
`), "./.kcgen/kcgen.dev")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", got, nil)
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]string{}
	for _, r := range mod.Require {
		have[r.Mod.Path] = r.Mod.Version
	}
	want := map[string]string{"example.com/low": "v1.1.0", "example.com/high": "v1.9.0", "example.com/new": "v0.1.0", "kcgen.dev": "v1.2.3"}
	for path, version := range want {
		if have[path] != version {
			t.Errorf("%s is %s, want %s", path, have[path], version)
		}
	}
	if len(have) != len(want) || len(mod.Replace) != 1 || mod.Replace[0].New.Path != "./.kcgen/kcgen.dev" || mod.Go.Version != "1.26.0" {
		t.Errorf("merged:\n%s", got)
	}
	for _, bad := range []string{"module", "require x"} {
		if _, err := mergeMods([]byte(bad), []byte("module kcgen.dev\n"), "."); err == nil {
			t.Errorf("%q was merged", bad)
		}
	}
}

func TestMergeSums(t *testing.T) {
	got := string(mergeSums([]byte("b v1 h1:b\na v1 h1:a\n"), []byte("a v1 h1:a\nc v1 h1:c")))
	if want := "a v1 h1:a\nb v1 h1:b\nc v1 h1:c\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestPipelineMod holds the checked-in go.mod of pipelines to the module's
// own: the same versions, and nothing that only the compiler needs.
func TestPipelineMod(t *testing.T) {
	read := func(name string) (*modfile.File, map[string]string) {
		data, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		f, err := modfile.Parse(name, data, nil)
		if err != nil {
			t.Fatal(err)
		}
		versions := map[string]string{}
		for _, r := range f.Require {
			versions[r.Mod.Path] = r.Mod.Version
		}
		return f, versions
	}
	whole, all := read("go.mod")
	cut, needed := read(pipelineMod)
	if cut.Module.Mod.Path != whole.Module.Mod.Path || cut.Go.Version != whole.Go.Version || len(needed) == 0 {
		t.Error("another module, or empty")
	}
	for path, version := range needed {
		if all[path] != version {
			t.Errorf("%s is %s, in go.mod %s: run make generate", path, version, all[path])
		}
		for _, never := range []string{"cuelang.org/", "github.com/dave/jennifer", "github.com/spf13/", "kfake"} {
			if strings.Contains(path, never) {
				t.Errorf("pipelines require %s", path)
			}
		}
	}
}

// TestTogether proves that a program is the same alone and beside others, and
// that one that does not build leaves the others alone.
func TestTogether(t *testing.T) {
	alone := mustBuild(t, single{Name: "a", Main: []byte(smallMain), Dir: t.TempDir()})
	dir := userTree(t, t.TempDir())
	for _, gone := range []string{"package main; broken", "package main\n\nimport _ \"kcgen.dev/runtime/gone\"\n\nfunc main() {}\n"} {
		for _, job := range []Job{{Builtin: small}, {Builtin: small, Modules: []string{"example.com/user/internal/mqtt"}, GoModDir: dir}} {
			for name, main := range map[string]string{"pipeline-a": smallMain, "pipeline-v2": smallMain, "bad": gone} {
				job.Programs = append(job.Programs, Program{Name: name, Files: map[string][]byte{"main.go": []byte(main)}})
			}
			built, err := Programs(t.Context(), job, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range job.Programs {
				if bad := p.Name == "bad"; bad != (built[i].Err != nil) || bad && !strings.Contains(built[i].Err.Error(), "bad/main.go:") {
					t.Errorf("%s: %v", p.Name, built[i].Err)
				}
				if p.Name != "pipeline-a" || job.Modules != nil {
					continue
				}
				if data, err := os.ReadFile(built[i].File); err != nil || !bytes.Equal(data, alone) {
					t.Errorf("together another program than alone: %v", err)
				}
			}
		}
	}
}

// TestPack proves that a program may have packages below it, in the user's
// module as well.
func TestPack(t *testing.T) {
	for _, job := range []Job{{Builtin: small}, {Builtin: small, Modules: []string{"example.com/user/internal/mqtt"}, GoModDir: userTree(t, t.TempDir())}} {
		path, err := job.Path("pack")
		if err != nil {
			t.Fatal(err)
		}
		main := "package main\n\nimport (\n\t\"" + path + "/one\"\n\t\"kcgen.dev/runtime\"\n)\n\nfunc main() { runtime.Main(one.Pipeline) }\n"
		one := "package one\n\nimport \"kcgen.dev/runtime\"\n\nvar Pipeline = runtime.Pipeline{Name: \"one\"}\n"
		job.Programs = []Program{{Name: "pack", Files: map[string][]byte{"main.go": []byte(main), "one/pipeline.go": []byte(one)}}}
		built, err := Programs(t.Context(), job, t.TempDir())
		if err != nil || built[0].Err != nil {
			t.Fatal(err, built)
		}
		if out, err := exec.Command(built[0].File).CombinedOutput(); err != nil || string(out) != "one\n" {
			t.Errorf("it says %q, %v", out, err)
		}
	}
}

// TestPut puts a program over another one, and never half of it.
func TestPut(t *testing.T) {
	dir := t.TempDir()
	file, out := filepath.Join(dir, "new"), filepath.Join(dir, "out", "x")
	if err := os.WriteFile(file, []byte("new"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Put(file, out); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into no folder: %v", err)
	}
	if err := writeFile(out, []byte("old")); err != nil {
		t.Fatal(err)
	}
	if err := copyFile(file, out); err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Stat(out); err != nil || fi.Mode()&0o111 == 0 && runtime.GOOS != "windows" {
		t.Errorf("a copy is not executable: %v", err)
	}
	if err := Put(file, out); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(out); err != nil || string(data) != "new" {
		t.Errorf("it is %q, %v", data, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "out", "*")); len(left) != 1 {
		t.Errorf("there are %v", left)
	}
}
