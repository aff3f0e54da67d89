// Package lowertest makes plans for the tests of packages that read them.
package lowertest

import (
	"os"
	"testing"

	"kcgen.dev/compiler/load"
	"kcgen.dev/compiler/lower"
	"kcgen.dev/compiler/plan"
)

// Plan is the plan of a spec in a folder. The test's package is in a folder of
// compiler.
func Plan(t testing.TB, dir, spec string) *plan.Pipeline {
	t.Helper()
	s, bad := load.Load(load.Config{Builtin: os.DirFS("../.."), Dir: dir}, spec)
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	p, bad := lower.Pipeline(s)
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	return p
}
