package templates_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"kcgen.dev/compiler"
	"kcgen.dev/compiler/deploy"
)

// reference is ${env:NAME} in a program, with what stands before it where it is
// a secret.
var reference = regexp.MustCompile(`(secret\.Ref\()?"[^"\n]*\$\{env:([A-Za-z0-9_]+)\}`)

// TestEveryVariable: the templates know the variables that the program asks
// for, and which of them are secrets, for each example.
func TestEveryVariable(t *testing.T) {
	examples, err := filepath.Glob("../examples/*/pipeline.cue")
	if err != nil || len(examples) < 9 {
		t.Fatalf("%d examples, %v", len(examples), err)
	}
	own, err := filepath.Glob("testdata/*/pipeline.cue")
	if err != nil || len(own) < 3 {
		t.Fatalf("%d specs of testdata, %v", len(own), err)
	}
	for _, spec := range append(examples, own...) {
		if filepath.Base(filepath.Dir(spec)) == "custom-connector" {
			continue // it needs its own go.mod to be read
		}
		t.Run(filepath.Base(filepath.Dir(spec)), func(t *testing.T) {
			t.Parallel()
			checked, found, err := compiler.Check(t.Context(), compiler.Config{Builtin: os.DirFS("..")}, spec)
			if err != nil || checked == nil {
				t.Fatal(found, err)
			}
			program, err := compiler.Generate(checked)
			if err != nil {
				t.Fatal(err)
			}
			want, got := map[string]bool{}, map[string]bool{}
			for _, m := range reference.FindAllStringSubmatch(string(program.Main), -1) {
				want[m[2]] = want[m[2]] || m[1] != ""
			}
			p, err := deploy.Of(checked, deploy.Options{Root: filepath.Dir(spec)})
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range p.Variables {
				got[v.Name] = v.Secret
			}
			if !maps.Equal(got, want) || len(want) == 0 {
				t.Errorf("variables %v of %s, want %v", got, slices.Sorted(maps.Keys(got)), want)
			}
		})
	}
}
