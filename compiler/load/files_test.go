package load_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"cuelang.org/go/cue"

	"kcgen.dev/compiler/load"
)

const good = `package p

import (
	"kcgen.dev/schema"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
)

// Ships a log.
schema.#Pipeline & {
	name: "log"
	kafka: brokers: ["a:1"]
	sources: files: {
		connector: filestream.#Source & {topic: "t"}
		keyConverter:   convert.#String
		valueConverter: convert.#String
	}
}
`

func put(t *testing.T, dir, name, text string) string {
	t.Helper()
	full := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return full
}

func TestSpec(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "go.mod", "module example.org/me\n\ngo 1.24\n")
	put(t, dir, "mqtt/mqtt.go", "package mqtt\n")
	put(t, dir, "mqtt/mqtt.cue", "package mqtt\n\n#Sink: {\n\t#sink: \"example.org/me/mqtt.Sink\"\n}\n")
	put(t, dir, "x/pipeline.cue", strings.Replace(good, "import (", "import (\n\t\"example.org/me/mqtt\"", 1)+
		"sinks: s: {topics: [\"t\"], connector: mqtt.#Sink, keyConverter: convert.#String, valueConverter: convert.#String}\n")
	spec, ds := load.Load(load.Config{Builtin: builtin, Dir: dir}, "./x/pipeline.cue")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	if spec.Name != "x/pipeline.cue" || len(spec.Files) != 1 || spec.GoModDir != dir {
		t.Errorf("%q, %d files, go.mod in %q", spec.Name, len(spec.Files), spec.GoModDir)
	}
	if len(spec.Imports) != 1 || spec.Imports[0] != "example.org/me/mqtt" {
		t.Errorf("imports %q", spec.Imports)
	}
	if err := spec.Value.Validate(cue.Concrete(true)); err != nil {
		t.Error(err)
	}
	for path, def := range map[string]string{"example.org/me/mqtt": "Sink", "kcgen.dev/runtime/convert": "JSON", "kcgen.dev/schema": "Pipeline"} {
		if p, ok := spec.Package(path); !ok || !p.LookupPath(cue.MakePath(cue.Def(def))).Exists() {
			t.Errorf("no %s in package %s", def, path)
		}
	}
	if _, ok := spec.Package("kcgen.dev/runtime/none"); ok {
		t.Error("a package that is not there was found")
	}
	name := spec.Value.LookupPath(cue.ParsePath("sources.files.connector.batchSize"))
	if spec.IsUser(name.Pos()) || !spec.IsUser(spec.Files[0].Decls[2].Pos()) {
		t.Error("user and library are confused")
	}
	file, line, col := spec.Place(name.Pos())
	if file != "kcgen.dev/runtime/connector/filestream/filestream.cue" || line != 17 || col == 0 {
		t.Errorf("batchSize is at %s:%d:%d", file, line, col)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	outside := put(t, t.TempDir(), "secret.cue", good)
	dir := t.TempDir()
	inside := put(t, dir, "good.cue", good)
	put(t, dir, "big.cue", good+"// "+strings.Repeat("x", 4<<20))
	put(t, dir, "nul.cue", good+"\x00")
	links := map[string]string{"out.cue": outside, "in.cue": inside, "self.cue": filepath.Join(dir, "self.cue")}
	for name, to := range links {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	cases := []struct{ arg, want string }{
		{"out.cue", "a link that leaves the spec's folder or module is not followed"},
		{"self.cue", "too many"},
		{"in.cue", ""},
		{"big.cue", "a spec's file may have 4 MiB"},
		{"nul.cue", "ILLEGAL"},
		{"a\x00b", "NUL"},
		{"", "no spec is named"},
	}
	if runtime.GOOS == "linux" {
		put(t, dir, "dev/x.txt", "")
		if err := os.Symlink("/dev/zero", filepath.Join(dir, "zero.cue")); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, struct{ arg, want string }{"zero.cue", "not followed"})
	}
	for _, c := range cases {
		_, ds := load.Load(load.Config{Builtin: builtin, Dir: dir}, c.arg)
		if c.want == "" && len(ds) > 0 || c.want != "" && (len(ds) != 1 || !strings.Contains(ds.Error(), c.want)) {
			t.Errorf("%q: %v, want %q", c.arg, ds, c.want)
		}
	}
}

// TestSecretsStaySecret looks for a written secret in everything that is told,
// wherever in the spec it stands.
func TestSecretsStaySecret(t *testing.T) {
	const canary = "c4nary-5ecret"
	for _, body := range []string{
		`kafka: sasl: {mechanism: "PLAIN", password: "c4nary-5ecret"}`,
		`kafka: sasl: {mechanism: "PLAIN", password: "c4nary-5ecret" & "${env:X}"}`,
		`kafka: sasl: {mechanism: "PLAIN", password: "${evn:c4nary-5ecret}"}`,
		`kafka: sasl: {mechanism: "PLAIN", password: {a: "c4nary-5ecret"}}`,
		`kafka: sasl: {mechanism: "PLAIN", password: ["c4nary-5ecret"]}`,
		`kafka: sasl: {mechanism: "PLAIN", password: "c4nary-5ecret" | "b"}`,
		"_p: \"c4nary-5ecret\"\nkafka: sasl: {mechanism: _p, password: _p}",
		`kafka: sasl: {mechanism: "PLAIN", password: "c4nary-5ecret\(5)"}`,
		`kafka: sasl: {mechanism: "PLAIN", password: 'c4nary-5ecret'}`,
		`kafka: sasl: {mechanism: "PLAIN", password: =~"^c4nary-5ecret"}`,
		"kafka: sasl: {mechanism: \"PLAIN\", password: \"c4nary-5ecret\"}\nkafka: sasl: password: 5",
	} {
		dir := t.TempDir()
		put(t, dir, "p.cue", good+body+"\n")
		_, ds := load.Load(load.Config{Builtin: builtin, Dir: dir}, "p.cue")
		var out bytes.Buffer
		if err := ds.Print(&out); err != nil {
			t.Fatal(err)
		}
		if err := ds.JSON(&out); err != nil {
			t.Fatal(err)
		}
		if len(ds) == 0 || strings.Contains(out.String(), canary) {
			t.Errorf("%s\n%s", body, out.String())
		}
	}
}

// FuzzLoad holds that any bytes as a spec end in an answer, and never in a
// panic. Bombs are the sandbox's; inputs here are small.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(good), uint8(0))
	f.Add([]byte("name: x\nkafka: {brokers: [a]}\nsources: {a: {connector: {use: filestream.Source}}}\n"), uint8(1))
	f.Add([]byte(`{"name":"x","sources":{"a":{"connector":{"use":"filestream.Sink"}}}}`), uint8(2))
	f.Add([]byte("import x \"strings\"\nx.y: _|_\n"), uint8(0))
	f.Add([]byte("&a [*a, {<<: *a}]"), uint8(1))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte, kind uint8) {
		// A loop of CUE's would run for hours: that is what the sandbox ends.
		if len(b) > 2000 || bytes.Contains(b, []byte("for")) || bytes.Contains(b, []byte("import")) && bytes.Contains(b, []byte("list")) {
			return
		}
		name := "f" + []string{".cue", ".yaml", ".json"}[int(kind)%3]
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
		spec, ds := load.Load(load.Config{Builtin: builtin, Dir: dir}, name)
		if (spec == nil) != (len(ds) > 0) {
			t.Errorf("a spec and mistakes, or neither: %v", ds)
		}
		for _, d := range ds {
			if strings.ContainsAny(d.String(), "\n\r\x00") {
				t.Errorf("not one line: %q", d.String())
			}
		}
	})
}
