package main

import (
	"slices"
	"strings"
	"testing"
)

func TestDoubleDash(t *testing.T) {
	long := longFlags(rootCommand())
	for _, c := range []struct{ in, want string }{
		{"vet -json a.cue", "vet --json a.cue"},
		{"vet --json a.cue", "vet --json a.cue"},
		{"build -o x -target linux/arm64 -t env=prod a.cue", "build -o x --target linux/arm64 -t env=prod a.cue"},
		{"build -target=linux/arm64 a.cue", "build --target=linux/arm64 a.cue"},
		{"run a.cue -embedded -exit-when-idle 2s", "run a.cue --embedded --exit-when-idle 2s"},
		{"run a.cue -- -log-level debug -embedded", "run a.cue -- -log-level debug -embedded"},
		{"build -o -target a.cue", "build -o -target a.cue"},        // a file named -target
		{"build -target -json a.cue", "build --target -json a.cue"}, // a value, whatever it is
		{"vet json target", "vet json target"},                      // no flags
		{"vet -unknown a.cue", "vet --unknown a.cue"},               // for cobra to refuse
		{"build -ofile a.cue", "build -ofile a.cue"},                // -o and its value
		{"init -template round-trip d", "init --template round-trip d"},
		{"types -check ./...", "types --check ./..."},
		{"vet -help", "vet --help"},
		{"vet -h", "vet -h"},
		{"build -t env=prod -tenv=prod", "build -t env=prod -tenv=prod"},
		{"", ""},
		{"-", "-"},
	} {
		got := doubleDash(strings.Fields(c.in), long)
		if !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("%q becomes %q, want %q", c.in, got, c.want)
		}
	}
}
