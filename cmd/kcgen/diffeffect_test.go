package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// effectSpec is what TestDiffEffects changes.
const effectSpec = `package effect

import (
	"kcgen.dev/schema"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/transform"
)

schema.#Pipeline & {
	name: "old"
	kafka: brokers: ["${env:KAFKA_BROKERS}"]
	sources: lines: {
		connector: filestream.#Source & {file: "in.txt", topic: "lines"}
		keyConverter:   convert.#String
		valueConverter: convert.#JSON & {schemasEnable: false}
		transforms: [{do: transform.#HoistField & {on: "value", field: "line"}}]
	}
	sinks: archive: {
		topics: ["lines"]
		connector: filestream.#Sink & {file: "out.txt"}
		keyConverter:   convert.#String
		valueConverter: convert.#String
	}
}
`

// TestDiffEffects holds what diff says against what comes: the old program moves
// two lines, a third is appended, and the new program goes on.
func TestDiffEffects(t *testing.T) {
	if testing.Short() {
		t.Skip("make test builds all of them")
	}
	const abc = `{"line":"a"} {"line":"b"} {"line":"c"}`
	const again = `{"line":"a"} {"line":"b"} {"line":"a"} {"line":"b"} {"line":"c"}`
	cases := []struct {
		kind, old, new string
		lines, archive string // the topic and the file afterwards
		rows           string // another topic
	}{
		{"restart", `topic: "lines"}`, `topic: "lines", batchSize: 1}`, abc, abc, ""},
		{"output", `field: "line"`, `field: "text"`, `{"line":"a"} {"line":"b"} {"text":"c"}`, `{"line":"a"} {"line":"b"} {"text":"c"}`, ""},
		{"renamed", `topic: "lines"}`, `topic: "rows"}`, `{"line":"a"} {"line":"b"}`, `{"line":"a"} {"line":"b"}`, `{"line":"c"}`},
		{"re-snapshot", `sources: lines:`, `sources: other:`, again, again, ""},
		{"re-snapshot", `"in.txt"`, `"copy.txt"`, again, again, ""},
		{"re-snapshot", `sinks: archive:`, `sinks: store:`, abc, again, ""},
		{"gap", `sources: lines:`, `sources: {}, _lines:`, `{"line":"a"} {"line":"b"}`, `{"line":"a"} {"line":"b"}`, ""},
	}
	dir := t.TempDir()
	spec := func(name, text string) string {
		file := filepath.Join(dir, name+".cue")
		if err := os.WriteFile(file, []byte(strings.Replace(text, `name: "old"`, fmt.Sprintf("name: %q", name), 1)), 0o666); err != nil {
			t.Fatal(err)
		}
		return file
	}
	specs := []string{spec("old", effectSpec)}
	for i, c := range cases {
		specs = append(specs, spec(fmt.Sprintf("new-%d", i), strings.Replace(effectSpec, c.old, c.new, 1)))
	}
	pack := filepath.Join(dir, "pack")
	var out, stderr bytes.Buffer
	if code := kcgen(append([]string{"build", "-pack", "-o", pack}, specs...), &out, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	for i, c := range cases {
		t.Run(fmt.Sprintf("%s %d", c.kind, i), func(t *testing.T) {
			out.Reset()
			stderr.Reset()
			if code := kcgen([]string{"diff", "-format", "json", specs[0], specs[i+1]}, &out, &stderr); code != 0 {
				t.Fatalf("exit code %d: %s", code, &stderr)
			}
			if !strings.Contains(out.String(), fmt.Sprintf(`"worst": %q`, c.kind)) {
				t.Errorf("no %s in\n%s", c.kind, &out)
			}
			broker, err := startBroker(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer broker.Close()
			brokers, dir := broker.ListenAddrs()[0], t.TempDir()
			write := func(file, text string) {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			write("in.txt", "a\nb\n")
			runPacked(t, pack, "old", dir, brokers)
			f, err := os.OpenFile(filepath.Join(dir, "in.txt"), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteString("c\n"); err != nil {
				t.Fatal(err)
			}
			f.Close()
			write("copy.txt", "a\nb\nc\n")
			runPacked(t, pack, fmt.Sprintf("new-%d", i), dir, brokers)
			archive, err := os.ReadFile(filepath.Join(dir, "out.txt"))
			if err != nil {
				t.Fatal(err)
			}
			if got := inWords(string(archive)); got != c.archive {
				t.Errorf("the file holds\n%s\nwant\n%s", got, c.archive)
			}
			if got := inWords(values(t, brokers, "lines")); got != c.lines {
				t.Errorf("lines holds\n%s\nwant\n%s", got, c.lines)
			}
			if c.rows == "" {
				return
			}
			if got := inWords(values(t, brokers, "rows")); got != c.rows {
				t.Errorf("rows holds\n%s\nwant\n%s", got, c.rows)
			}
		})
	}
}

func inWords(lines string) string { return strings.Join(strings.Fields(lines), " ") }

// runPacked runs one pipeline of a pack to its own end.
func runPacked(t *testing.T, pack, name, dir, brokers string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, pack, name, "-brokers", brokers, "-exit-when-idle", "1s")
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "KAFKA_BROKERS=" + brokers}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
}
