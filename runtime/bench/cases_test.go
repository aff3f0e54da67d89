package main

import (
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Each case has its spec and its input, and a name of its own.
func TestCases(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range cases {
		if seen[c.name] {
			t.Errorf("two cases are called %s", c.name)
		}
		seen[c.name] = true
		if _, err := fs.Stat(specFolder(c.spec), "pipeline.cue"); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, ok := inputs[c.input]; !ok {
			t.Errorf("%s: no input %s", c.name, c.input)
		}
		if _, ok := forms[c.same]; !ok && c.same != "pieces" {
			t.Errorf("%s: outputs are compared as %q", c.name, c.same)
		}
	}
}

func TestSpecs(t *testing.T) {
	if testing.Short() {
		t.Skip("make test builds kcgen to vet what is measured")
	}
	args := []string{"run", "kcgen.dev/cmd/kcgen", "vet"}
	for _, pattern := range []string{"specs/*/pipeline.cue", "build/sizes/*.cue"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d specs, %v", pattern, len(paths), err)
		}
		args = append(args, paths...)
	}
	if out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput(); err != nil {
		t.Errorf("kcgen vet: %v\n%s", err, out)
	}
}

func TestChosen(t *testing.T) {
	got, err := chosen("sink,source")
	if err != nil || len(got) != 2 || got[0].name != "source" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := chosen("source,sauce"); err == nil || !strings.Contains(err.Error(), `no case "sauce"`) {
		t.Errorf("an unknown case: %v", err)
	}
	if _, err := rivals("kcgen,conduit"); err == nil || !strings.Contains(err.Error(), `no contender "conduit"`) {
		t.Errorf("an unknown contender: %v", err)
	}
}

// What is spliced becomes what the pipeline makes of the text.
func TestInputs(t *testing.T) {
	line := text(pieceSize)(nil, 12)
	if len(line) != pieceSize {
		t.Errorf("a line has %d bytes", len(line))
	}
	if got, want := string(object(nil, 12)), `{"line":"`+string(line)+`"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if n := len(order(nil, 12)); n < 180 || n > 220 {
		t.Errorf("an order has %d bytes", n)
	}
	if got := string(wide(2)(nil, 1)); got != `{"cust":"customer 000001","card":"4000 1234 00000001","debug":"x","field0000":"value 000001","field0001":"value 000002"}` {
		t.Errorf("a wide order is %s", got)
	}
}
