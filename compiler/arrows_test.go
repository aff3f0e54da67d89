package compiler_test

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestArrows holds the direction of imports between the module's rooms. A rule
// says which packages (the path itself and all below it) may not reach which,
// neither directly nor through others.
func TestArrows(t *testing.T) {
	const (
		cue      = "cuelang.org/go"
		jen      = "github.com/dave/jennifer"
		franz    = "github.com/twmb/franz-go"
		kfake    = "github.com/twmb/franz-go/pkg/kfake"
		module   = "kcgen.dev"
		testing  = "kcgen.dev/runtime/servertest"
		registry = "kcgen.dev/runtime/registry"
		dryrun   = "kcgen.dev/runtime/dryrun"
		wire     = "kcgen.dev/runtime/dryrun/wire"
		recipe   = "kcgen.dev/runtime/fuse/recipe"
		about    = "kcgen.dev/runtime/about"
		sdk      = "go.opentelemetry.io"
		otel     = "kcgen.dev/runtime/otel"
	)
	// The converters that need a Schema Registry.
	registries := []string{"kcgen.dev/runtime/convert/avro", "kcgen.dev/runtime/convert/protobuf", "kcgen.dev/runtime/convert/jsonschema"}
	rules := []struct {
		from  string
		never []string
		but   []string // packages of from that are excepted
	}{
		{"kcgen.dev/compiler", []string{"kcgen.dev/runtime", "kcgen.dev/cmd", "kcgen.dev/generated", franz}, nil},
		{"kcgen.dev/compiler/plan", []string{module, cue, jen}, []string{"kcgen.dev/compiler/plan"}},
		{"kcgen.dev/schema", []string{"kcgen.dev/compiler", "kcgen.dev/runtime"}, nil},
		{"kcgen.dev/runtime", []string{cue, jen, kfake, "kcgen.dev/compiler", "kcgen.dev/cmd", "github.com/spf13/cobra"}, []string{testing, "kcgen.dev/runtime/bench"}},
		{"kcgen.dev/runtime/connect", []string{franz, "kcgen.dev/runtime/worker", "kcgen.dev/runtime/kafka"}, nil},
		{"kcgen.dev/runtime/connector", []string{franz, "kcgen.dev/runtime/worker", "kcgen.dev/runtime/kafka"}, nil},
		{"kcgen.dev/runtime/convert", []string{franz, "kcgen.dev/runtime/worker", "kcgen.dev/runtime/kafka"}, registries},
		{"kcgen.dev/runtime/convert", []string{"github.com/twmb/franz-go/pkg/kgo", "kcgen.dev/runtime/worker", "kcgen.dev/runtime/kafka"}, nil},
		{registry, []string{"github.com/twmb/franz-go/pkg/kgo", "kcgen.dev/runtime/worker", "kcgen.dev/runtime/kafka"}, nil},
		{"kcgen.dev/runtime/transform", []string{franz, "kcgen.dev/runtime/worker", "kcgen.dev/runtime/kafka"}, nil},
		{"kcgen.dev/runtime/predicate", []string{franz, "kcgen.dev/runtime/worker", "kcgen.dev/runtime/kafka"}, nil},
		{"kcgen.dev/runtime/flow", []string{franz, "kcgen.dev/runtime/worker", "kcgen.dev/runtime/kafka", "kcgen.dev/runtime/connector"}, nil},
		{"kcgen.dev/runtime/kafka", []string{"kcgen.dev/runtime/worker", "kcgen.dev/runtime/state", "kcgen.dev/runtime/herder"}, nil},
		{"kcgen.dev/runtime/state", []string{"kcgen.dev/runtime/worker", "kcgen.dev/runtime/herder", "kcgen.dev/runtime/rest"}, nil},
		{"kcgen.dev/runtime/worker", []string{"kcgen.dev/runtime/herder", "kcgen.dev/runtime/rest", "kcgen.dev/runtime/metrics"}, nil},
		{"kcgen.dev/runtime/herder", []string{"kcgen.dev/runtime/worker", "kcgen.dev/runtime/rest", "kcgen.dev/runtime/connector"}, nil},
		{"kcgen.dev/runtime/rest", []string{"kcgen.dev/runtime/worker", "kcgen.dev/runtime/herder", "kcgen.dev/runtime/connector", "kcgen.dev/runtime/transform"}, nil},
		{"kcgen.dev/runtime/props", []string{franz, "kcgen.dev/runtime/rest", "kcgen.dev/runtime/kafka"}, nil},
		{"kcgen.dev/runtime", []string{dryrun}, []string{dryrun}},
		{module, []string{sdk, otel}, []string{otel}},
		{"kcgen.dev/generated", []string{kfake, cue, jen, "kcgen.dev/compiler", testing, dryrun}, nil},
	}
	direct := []struct {
		pkg  string
		only []string // the packages of this module that may import pkg
	}{
		{jen, []string{"kcgen.dev/compiler/emit", "kcgen.dev/compiler/gotype"}},
		{"github.com/google/go-containerregistry", []string{"kcgen.dev/compiler/image"}},
		{franz, []string{"kcgen.dev/runtime/kafka", "kcgen.dev/cmd/kcgen", testing, "kcgen.dev/runtime/bench", registry}},
	}

	packages := list(t)
	for _, r := range rules {
		for path, p := range packages {
			if !under(path, r.from) || underAny(path, r.but) {
				continue
			}
			for _, dep := range p.deps {
				// The packages of the runtime that the compiler knows are data alone.
				if underAny(dep, r.never) && !under(dep, path) && dep != wire && dep != recipe && dep != about {
					t.Errorf("%s reaches %s; %s may not", path, dep, r.from)
				}
			}
		}
	}
	for _, d := range direct {
		for path, p := range packages {
			if under(path, module) && slices.ContainsFunc(p.imports, func(i string) bool { return under(i, d.pkg) }) && !underAny(path, d.only) {
				t.Errorf("%s imports %s; only %s may", path, d.pkg, strings.Join(d.only, ", "))
			}
		}
	}

	for _, path := range []string{"kcgen.dev/runtime/connect", wire, recipe, about} {
		for _, dep := range packages[path].deps {
			if strings.Contains(strings.SplitN(dep, "/", 2)[0], ".") {
				t.Errorf("%s reaches %s; it imports the standard library alone", path, dep)
			}
		}
	}
}

type pkg struct{ imports, deps []string }

func list(t *testing.T) map[string]pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}}|{{join .Imports " "}}|{{join .Deps " "}}`, "kcgen.dev/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	m := map[string]pkg{}
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSpace(line), "|")
		m[f[0]] = pkg{strings.Fields(f[1]), strings.Fields(f[2])}
	}
	if len(m) < 10 {
		t.Fatalf("go list found %d packages only", len(m))
	}
	return m
}

func under(path, root string) bool {
	return path == root || strings.HasPrefix(path, root+"/")
}

func underAny(path string, roots []string) bool {
	return slices.ContainsFunc(roots, func(r string) bool { return under(path, r) })
}
