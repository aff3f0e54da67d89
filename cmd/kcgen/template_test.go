package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// called is a call of kcgen in a file of CI, or in a Dockerfile.
var called = regexp.MustCompile(`kcgen ((?:vet|lock|test|build|diff|template) .*)`)

// TestCallsOfTemplates: what the templates call kcgen with, it takes.
func TestCallsOfTemplates(t *testing.T) {
	n := 0
	for _, pattern := range []string{"Dockerfile", "compose.yaml", ".gitlab-ci.yml", ".github/workflows/*.yml"} {
		files, err := filepath.Glob(filepath.Join("../../templates/testdata/*/want", pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range called.FindAllStringSubmatch(string(b), -1) {
				n++
				taken(t, file, m[1])
			}
		}
	}
	if n < 20 {
		t.Errorf("found %d calls only", n)
	}
}

// unquoted is a call without what a shell, or YAML, does with it.
var unquoted = strings.NewReplacer(`\`, "", `"`, "", "'", "")

// taken parses a call as kcgen does, as far as the flags.
func taken(t *testing.T, file, call string) {
	t.Helper()
	call, _, _ = strings.Cut(unquoted.Replace(call), " > ")
	root := rootCommand()
	cmd, rest, err := root.Find(doubleDash(strings.Fields(call), longFlags(root)))
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if spec := cmd.Flags().Args(); err == nil && (len(spec) == 0 || spec[len(spec)-1] != "pipeline.cue") {
		err = fmt.Errorf("the arguments are %q", spec)
	}
	if err != nil {
		t.Errorf("%s: kcgen %s: %v", file, call, err)
	}
}
