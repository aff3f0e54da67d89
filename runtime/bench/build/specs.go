package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// example is the spec that all others are variants of. It has tests.
const example = "examples/log-analysis/pipeline.cue"

// bench is what the cases share.
type bench struct {
	options
	dir   string   // of all files, removed at the end
	root  string   // of module kcgen.dev
	spec  string   // the example's text
	env   []string // added to the environment
	words int      // how many words there were; each is new to the build cache
}

func newBench(ctx context.Context, o options) (b *bench, err error) {
	b = &bench{options: o}
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "kcgen.dev").Output()
	if err != nil {
		return nil, fmt.Errorf("find the module: %w", err)
	}
	b.root = strings.TrimSpace(string(out))
	spec, err := os.ReadFile(filepath.Join(b.root, example))
	if err != nil {
		return nil, err
	}
	b.spec, b.words = string(spec), os.Getpid()*1000
	if b.dir, err = os.MkdirTemp("", "kcgen-bench-build-"); err != nil {
		return nil, err
	}
	if err := b.prepare(ctx); err != nil {
		_ = os.RemoveAll(b.dir)
		return nil, err
	}
	return b, nil
}

// prepare builds kcgen, and makes a module that stands to kcgen.dev as that of
// kcgen's own builds does.
func (b *bench) prepare(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", b.path("kcgen"), "./cmd/kcgen")
	cmd.Dir = b.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build kcgen: %w\n%s", err, out)
	}
	mod, err := os.ReadFile(filepath.Join(b.root, "templates/pipeline.mod"))
	if err != nil {
		return err
	}
	sum, err := os.ReadFile(filepath.Join(b.root, "templates/pipeline.sum"))
	if err != nil {
		return err
	}
	text := strings.Replace(string(mod), "module kcgen.dev", "module kcgen.dev/bench", 1) +
		fmt.Sprintf("\nrequire kcgen.dev v0.0.0\n\nreplace kcgen.dev => %s\n", b.root)
	for name, data := range map[string]string{"mains/go.mod": text, "mains/go.sum": string(sum)} {
		if err := b.write(name, data); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, filepath.FromSlash(name)) }

func (b *bench) write(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(b.path(name)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(b.path(name), []byte(text), 0o644)
}

// change writes specs, each with a word that no build has seen.
func (b *bench) change(names []string) error {
	for _, name := range names {
		b.words++
		text := strings.ReplaceAll(b.spec, `"eu"`, fmt.Sprintf(`"eu%d"`, b.words))
		text = strings.Replace(text, `"log-analysis"`, fmt.Sprintf("%q", name), 1)
		if err := b.write("specs/"+name+".cue", text); err != nil {
			return err
		}
	}
	return nil
}

// programs writes the Go programs of changed specs, for go build alone.
func (b *bench) programs(ctx context.Context, names []string) error {
	if err := b.change(names); err != nil {
		return err
	}
	to := b.path("mains")
	if len(names) == 1 {
		to = b.path("mains/" + names[0]) // of one spec the program is DIR/main.go
	}
	_, err := b.run(ctx, b.path("kcgen"), append([]string{"generate", "-o", to}, b.specFiles(names)...)...)
	return err
}

func (b *bench) specFiles(names []string) []string {
	var out []string
	for _, name := range names {
		out = append(out, b.path("specs/"+name+".cue"))
	}
	return out
}

// names are those of n pipelines.
func names(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("pipeline-%03d", i+1)
	}
	return out
}
