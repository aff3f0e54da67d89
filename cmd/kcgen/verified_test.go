package main

import (
	"strings"
	"testing"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/about"
)

// TestVerified holds what is said of a binary, and the exit code.
func TestVerified(t *testing.T) {
	means := func(name string) *plan.Pipeline {
		return &plan.Pipeline{Name: "p", Root: &plan.Struct{Fields: []plan.Field{{Name: "name", Go: "Name", Value: &plan.Lit{Kind: plan.String, Str: name}}}}}
	}
	rec := &about.Record{Kcgen: "v1", Go: "go1.26.8", Target: "linux/amd64", Tags: []string{"a=\x1b[31m"}}
	for name, c := range map[string]struct {
		v    compiler.Verification
		fast bool
		code int
		want string
	}{
		"rebuilt":      {compiler.Verification{}, false, 0, "x is p.cue: rebuilt, it is the same byte for byte\n"},
		"fast":         {compiler.Verification{}, true, 0, "x is p.cue: so its record says; it was not rebuilt\n"},
		"retold":       {compiler.Verification{Retold: []string{"p"}}, false, 0, "\n  the text of p was changed since, in nothing that runs\n"},
		"tampered":     {compiler.Verification{Others: []string{"it was changed"}}, false, 1, "x is not p.cue\n"},
		"other tools":  {compiler.Verification{Unsure: []string{"another Go"}}, false, 3, "x says that it is p.cue, which cannot be proven here\n"},
		"changed":      {compiler.Verification{Changed: []compiler.Changed{{Old: means("a"), New: means("b")}}}, false, 1, "p  1 change: "},
		"unknown":      {compiler.Verification{Changed: []compiler.Changed{{New: means("b")}}}, false, 1, "compare what x spec prints\n"},
		"means it all": {compiler.Verification{Changed: []compiler.Changed{{Old: means("a"), New: means("a")}}}, false, 3, "  the spec of p means what it meant, but this version of kcgen makes another program of it"},
	} {
		c.v.Record = rec
		d := verifiedAs("x", []string{"p.cue"}, &c.v, c.fast)
		var b strings.Builder
		d.text(&b)
		if d.Verdict.code() != c.code || !strings.Contains(b.String(), c.want) || strings.Contains(b.String(), "\x1b") {
			t.Errorf("%s: exit code %d\n%q", name, d.Verdict.code(), b.String())
		}
	}
}
