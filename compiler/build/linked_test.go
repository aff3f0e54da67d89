package build

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"kcgen.dev/runtime/about"
)

// telling is a runtime whose programs have records.
func telling() fstest.MapFS {
	fs := maps.Clone(small)
	fs["runtime/about/about.go"] = &fstest.MapFile{Data: []byte("package about\n\nvar Sealed string\n")}
	fs["runtime/runtime.go"] = &fstest.MapFile{Data: []byte("package runtime\n\nimport (\n\t\"kcgen.dev/runtime/about\"\n\t\"kcgen.dev/runtime/connect\"\n)\n\n" +
		"type Pipeline struct {\n\tName string\n\tSource connect.Source\n}\n\nfunc Main(p Pipeline) { println(p.Name, about.Sealed) }\n")}
	return fs
}

// recording builds programs of which each has its name for a record, and returns
// what each links, and is.
func recording(t *testing.T, job Job, mains map[string]string) (linked map[string]Linked, binaries map[string][]byte) {
	t.Helper()
	linked, binaries = map[string]Linked{}, map[string][]byte{}
	job.Builtin = telling()
	names := slices.Sorted(maps.Keys(mains))
	for _, name := range names {
		job.Programs = append(job.Programs, Program{Name: name, Files: map[string][]byte{"main.go": []byte(mains[name])}, Record: func(l Linked) (string, error) {
			linked[name] = l
			return about.Seal(about.Record{Kcgen: name, Runtime: l.Runtime})
		}})
	}
	built, err := Programs(t.Context(), job, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		if strings.Contains(mains[name], "broken") {
			if built[i].Err == nil {
				t.Errorf("%s was built", name)
			}
			continue
		}
		if built[i].Err != nil {
			t.Fatalf("%s: %v", name, built[i].Err)
		}
		if binaries[name], err = os.ReadFile(built[i].File); err != nil {
			t.Fatal(err)
		}
	}
	return linked, binaries
}

// TestRecord: a program has its own record, tells what it links and nothing else,
// and is the same beside others, be they broken.
func TestRecord(t *testing.T) {
	dir := userTree(t, t.TempDir())
	job := Job{Modules: []string{"example.com/user/internal/mqtt"}, GoModDir: dir}
	linked, binaries := recording(t, job, map[string]string{"mine": userMain, "plain": smallMain, "bad": "package main; broken"})
	for name, binary := range binaries {
		if rec, err := about.Find(binary); err != nil || rec.Kcgen != name {
			t.Errorf("the record in %s is %+v, %v", name, rec, err)
		}
	}
	if got := told(linked["plain"]); got != "kcgen.dev/runtime kcgen.dev/runtime/about kcgen.dev/runtime/connect" {
		t.Errorf("plain links %s", got)
	}
	const want = "example.com/other example.com/user kcgen.dev/runtime kcgen.dev/runtime/about kcgen.dev/runtime/connect"
	if got := told(linked["mine"]); got != want {
		t.Errorf("mine links %s, want %s", got, want)
	}
	if got := linked["mine"].Direct; !slices.Equal(got, []string{"example.com/other", "example.com/user", "kcgen.dev"}) {
		t.Errorf("mine itself imports of %v", got)
	}
	if m := linked["mine"].Modules[0]; !slices.Equal(m.Needs, []string{"kcgen.dev"}) || len(linked["mine"].Needs) > 0 {
		t.Errorf("%+v; kcgen.dev needs %v", m, linked["mine"].Needs)
	}
	digest, err := RuntimeDigest(telling())
	if err != nil || linked["mine"].Runtime != digest || linked["plain"].Runtime != digest {
		t.Errorf("the runtime is %s, %v; told were %s, %s", digest, err, linked["mine"].Runtime, linked["plain"].Runtime)
	}
	alone, again := recording(t, Job{Modules: job.Modules, GoModDir: userTree(t, t.TempDir())}, map[string]string{"mine": userMain})
	if !bytes.Equal(again["mine"], binaries["mine"]) {
		t.Error("two folders, two programs")
	}
	if a, b := alone["mine"].Modules[1].Sum, linked["mine"].Modules[1].Sum; a != b || !strings.HasPrefix(a, "h1:") {
		t.Errorf("of one source the sums are %s and %s", a, b)
	}
}

// TestRecordOfChanged: a change in the user's Go is told, one in a file that is
// not linked is none.
func TestRecordOfChanged(t *testing.T) {
	sums := func(change string) []string {
		t.Helper()
		dir := userTree(t, t.TempDir())
		if err := writeFile(filepath.Join(dir, change), []byte("package mqtt\n")); err != nil {
			t.Fatal(err)
		}
		linked, _ := recording(t, Job{Modules: []string{"example.com/user/internal/mqtt"}, GoModDir: dir}, map[string]string{"mine": userMain})
		var out []string
		for _, m := range linked["mine"].Modules {
			out = append(out, m.Sum)
		}
		return out
	}
	first := sums("internal/mqtt/mqtt_test.go")
	if aside := sums("elsewhere/x.go"); !slices.Equal(aside, first) {
		t.Errorf("what is not linked changed %v to %v", first, aside)
	}
	if more := sums("internal/mqtt/more.go"); more[0] != first[0] || more[1] == first[1] {
		t.Errorf("another file changed %v to %v", first, more)
	}
}

// told are the modules and packages that a program links.
func told(l Linked) string {
	var out []string
	for _, m := range l.Modules {
		out = append(out, m.Path)
	}
	return strings.Join(append(out, l.Packages...), " ")
}
