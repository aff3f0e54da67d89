package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What `make bench-peers` and `make growth` run works, on few lines: figures are
// made anew once in a while, and who makes them should not have to mend it first.
func TestPeers(t *testing.T) {
	o := smoke(t, "bench")
	o.cases, o.contenders = "jsonsink", strings.Join([]string{bare, kcgen, connect}, ",")
	if err := run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	wrote(t, o, "| exec to the first record |", "**topic → JSON, three transforms → file**")
	data, err := os.ReadFile(o.json)
	if err != nil {
		t.Fatal(err)
	}
	var r results
	if err := json.Unmarshal(data, &r); err != nil || len(r.find("jsonsink").By) != 2 || len(r.Starts) != 3 {
		t.Errorf("%v in\n%s", err, data)
	}
}

func TestGrowth(t *testing.T) {
	o := smoke(t, "growth")
	o.growth, o.quick, o.contenders = true, true, kcgen
	if err := run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	wrote(t, o, "| partitions | 1 | 64 |", "| fields | 1 | 1,000 |")
}

// smoke are the flags of a run that says nothing but that it works.
func smoke(t *testing.T, section string) options {
	t.Helper()
	if testing.Short() {
		t.Skip("make test installs a broker and Kafka Connect")
	}
	dir := t.TempDir()
	o := options{lines: 10_000, rounds: 1, starts: 1, dir: dir, readme: filepath.Join(dir, "README.md"), json: filepath.Join(dir, "bench.json"), svg: filepath.Join(dir, "chart.svg")}
	if err := os.WriteFile(o.readme, []byte("<!-- "+section+" -->\n<!-- /"+section+" -->\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return o
}

// wrote checks the result that people see.
func wrote(t *testing.T, o options, wants ...string) {
	t.Helper()
	text, err := os.ReadFile(o.readme)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range wants {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	chart, err := os.ReadFile(o.svg)
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, string(chart))
}
