package compiler

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kcgen.dev/compiler/diag"
)

const drySpec = `package x

import (
	"example.com/shop/own"
	"kcgen.dev/schema"
	"kcgen.dev/runtime/connector/filestream"
	"kcgen.dev/runtime/convert"
)

schema.#Pipeline & {
	name: "x"
	kafka: brokers: ["k:9092"]
	sources: lines: {
		connector: filestream.#Source & {file: "in", topic: "t"}
		keyConverter:   convert.#String
		valueConverter: convert.#String
		transforms: [{do: own.#Step}]
	}
	tests: one: {source: "lines", in: value: "x", out: value: "x"}
}
`

const ownCUE = `package own

#Step: {#transform: "example.com/shop/own.Step" @go(func)}
`

// ownStep is a Go package whose transform does what body says.
func ownStep(body string) string {
	return `package own

import (
	"fmt"
	"os"

	"kcgen.dev/runtime/connect"
)

func init() { fmt.Println("noise") }

var kept [][]byte

func Step(r *connect.Record) (bool, error) {
	_ = os.Args
	` + body + `
	return true, nil
}
`
}

// inModule writes a Go module of a user's, and gives the plan of its spec.
func inModule(t *testing.T, body string) (Config, func(DryOptions) (*DryReport, error)) {
	t.Helper()
	dir, root := t.TempDir(), repository(t)
	for name, text := range map[string]string{
		"go.mod":      "module example.com/shop\n\ngo 1.26.0\n\nrequire kcgen.dev v0.0.0\n\nreplace kcgen.dev => " + root + "\n",
		"spec.cue":    drySpec,
		"own/own.cue": ownCUE,
		"own/own.go":  ownStep(body),
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cfg := Config{Builtin: os.DirFS(root), Dir: dir}
	p, bad := evaluate(cfg, "spec.cue")
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	return cfg, func(o DryOptions) (*DryReport, error) { return DryRun(t.Context(), cfg, p, o) }
}

// TestDryRunPrints: what a component prints is no part of the report.
func TestDryRunPrints(t *testing.T) {
	_, run := inModule(t, `fmt.Println("more noise")`)
	rep, err := run(DryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Tests) != 1 || !rep.Tests[0].Passed || len(rep.Bad()) > 0 {
		t.Errorf("report %+v", rep)
	}
}

// TestDryRunLimits: a transform that does not end, or grows, fails the spec at
// its tests.
func TestDryRunLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("make test runs programs up to their limits; package sandbox holds the limits themselves")
	}
	wall := dryLimits.Wall
	t.Cleanup(func() { dryLimits.Wall = wall })
	for body, want := range map[string]string{
		`for { kept = kept[:0] }`: "trying the pipeline took more than 1s; ",
		`for { kept = append(kept, make([]byte, 1<<20)); for i := range kept[len(kept)-1] { kept[len(kept)-1][i] = 1 } }`: "trying the pipeline needed more than 1024 MiB; ",
	} {
		dryLimits.Wall = wall
		if strings.Contains(want, "1s") {
			dryLimits.Wall = time.Second
		}
		failsAtTests(t, body, want)
	}
}

// TestDryRunEnds: a transform that ends the program fails the spec at its tests.
func TestDryRunEnds(t *testing.T) {
	for code, said := range map[string]string{"5": " (exit status 5", "0": "; is there"} {
		t.Run(code, func(t *testing.T) {
			if testing.Short() && code != "0" {
				t.Skip("make test ends programs with errors, too; here one ends as if all were well")
			}
			failsAtTests(t, "os.Exit("+code+")", "the program ended while it was tried"+said)
		})
	}
}

func failsAtTests(t *testing.T, body, want string) {
	t.Helper()
	_, run := inModule(t, body)
	_, err := run(DryOptions{})
	var bad diag.List
	if want = "spec.cue:19:2: tests: " + want; !errors.As(err, &bad) || !strings.HasPrefix(bad.Error(), want) {
		t.Errorf("%s: error %v, want %s…", body, err, want)
	}
}
