package compiler

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kcgen.dev/compiler/artifact"
	"kcgen.dev/compiler/build"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/about"
)

// Verification is what a binary is, held against specs.
type Verification struct {
	Record *about.Record

	// Others say why the binary is not these specs. Where it is empty, and Unsure
	// too, it is.
	Others []string

	// Unsure says why that cannot be told here.
	Unsure []string

	// Changed are pipelines whose specs are not what the binary was built from, but
	// for comments and the like. Old is nil where what was built from cannot be
	// read any more.
	Changed []Changed

	// Retold are pipelines whose texts are not what was built from, though they
	// mean the same.
	Retold []string
}

// Changed is a pipeline's spec, as the binary has it and as it is.
type Changed struct{ Old, New *plan.Pipeline }

// Verify holds a binary against the plans of specs: whether the record in it is of
// them, and unless fast is said, whether it is what they compile to, byte for byte.
func Verify(ctx context.Context, cfg Config, binary []byte, rec *about.Record, plans []*plan.Pipeline, fast bool) (*Verification, error) {
	v := &Verification{Record: rec}
	if err := v.compare(ctx, cfg, plans); err != nil {
		return nil, err
	}
	if len(v.Others) > 0 || len(v.Changed) > 0 || fast {
		return v, nil
	}
	if err := v.sameTools(ctx, cfg); err != nil || len(v.Unsure) > 0 {
		return v, err
	}
	return v, v.rebuild(ctx, cfg, binary, plans)
}

// compare compares specs with those of the record.
func (v *Verification) compare(ctx context.Context, cfg Config, plans []*plan.Pipeline) error {
	if !slices.Equal(cfg.Tags, v.Record.Tags) {
		v.Others = append(v.Others, fmt.Sprintf("it was built with %s, not with %s", tagged(v.Record.Tags), tagged(cfg.Tags)))
	}
	inside := map[string]about.Pipeline{}
	for _, p := range v.Record.Pipelines {
		inside[p.Name] = p
	}
	if len(plans) == 1 && len(inside) == 1 && !v.Record.Pack {
		inside[plans[0].Name] = v.Record.Pipelines[0] // what it is called is told as any other change
	}
	for _, p := range plans {
		old, ok := inside[p.Name]
		if !ok {
			v.Others = append(v.Others, fmt.Sprintf("the pipeline %s is not in it; there are %s", p.Name, strings.Join(slices.Sorted(maps.Keys(inside)), ", ")))
			continue
		}
		delete(inside, old.Name)
		delete(inside, p.Name)
		if err := v.compareOne(ctx, cfg, old, p); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(inside)) {
		v.Others = append(v.Others, fmt.Sprintf("it holds the pipeline %s too, of which no spec is named", name))
	}
	return nil
}

func (v *Verification) compareOne(ctx context.Context, cfg Config, old about.Pipeline, p *plan.Pipeline) error {
	digest, err := ProgramDigest(p)
	if err != nil {
		return err
	}
	if digest != old.Program {
		v.Changed = append(v.Changed, Changed{Old: replan(ctx, cfg, old, v.Record.Tags), New: p})
		return nil
	}
	if !slices.Equal(recorded(p, digest).Files, old.Files) {
		v.Retold = append(v.Retold, p.Name)
	}
	return nil
}

func tagged(tags []string) string {
	if len(tags) == 0 {
		return "no -t"
	}
	return "-t " + strings.Join(tags, " -t ")
}

// replan checks the spec that a record holds. It is nil where that cannot be done:
// it may need packages of the user's, which are not in a record. A record may be
// anybody's, so that none of its names leads out of a folder.
func replan(ctx context.Context, cfg Config, p about.Pipeline, tags []string) *plan.Pipeline {
	dir, err := os.MkdirTemp("", "kcgen-verify-")
	if err != nil {
		return nil
	}
	defer os.RemoveAll(dir)
	for _, f := range p.Files {
		if !filepath.IsLocal(f.Name) {
			return nil
		}
		file := filepath.Join(dir, f.Name)
		if os.MkdirAll(filepath.Dir(file), 0o755) != nil || os.WriteFile(file, []byte(f.Text), 0o644) != nil {
			return nil
		}
	}
	spec := cmp.Or(p.Spec, ".")
	if !filepath.IsLocal(spec) {
		return nil
	}
	cfg.Dir, cfg.Tags, cfg.Fuse = dir, tags, nil
	plan, _, err := Check(ctx, cfg, spec)
	if err != nil {
		return nil
	}
	return plan
}

// sameTools says whether what compiles here is what compiled the binary.
func (v *Verification) sameTools(ctx context.Context, cfg Config) error {
	digest, err := build.RuntimeDigest(cfg.Builtin)
	if err != nil {
		return err
	}
	goVersion, err := build.GoVersion(ctx)
	if err != nil {
		return err
	}
	switch {
	case v.Record.Kcgen != cfg.Version:
		v.Unsure = append(v.Unsure, fmt.Sprintf("it was built by kcgen %s, and this is %s: verify it with that version (go install kcgen.dev/cmd/kcgen@%[1]s)", v.Record.Kcgen, cfg.Version))
	case v.Record.Runtime != digest:
		v.Unsure = append(v.Unsure, fmt.Sprintf("it was built by another kcgen that calls itself %s, too: its runtime's source is %s, this one's %s", cfg.Version, v.Record.Runtime, digest))
	}
	if v.Record.Go != goVersion {
		v.Unsure = append(v.Unsure, fmt.Sprintf("it was built with %s, and %s is in PATH: put that version there (https://go.dev/dl)", v.Record.Go, goVersion))
	}
	return nil
}

// rebuild compiles the specs anew, and compares.
func (v *Verification) rebuild(ctx context.Context, cfg Config, binary []byte, plans []*plan.Pipeline) error {
	dir, err := os.MkdirTemp("", "kcgen-verify-")
	if err != nil {
		return fmt.Errorf("compiler: %w", err)
	}
	defer os.RemoveAll(dir)
	o := BuildOptions{Out: filepath.Join(dir, "again"), Target: v.Record.Target, Tried: true, sources: v.Record.Pipelines}
	var b Binary
	if v.Record.Pack {
		b = BuildPack(ctx, cfg, plans, o)
	} else {
		Build(ctx, cfg, plans, o, func(one Binary) { b = one })
	}
	if len(b.Faults) > 0 {
		return b.Faults
	}
	if b.Err != nil {
		return b.Err
	}
	again, err := os.ReadFile(b.File)
	if err != nil {
		return fmt.Errorf("compiler: %w", err)
	}
	if !bytes.Equal(binary, again) {
		v.Others = append(v.Others, differs(binary, again, v.Record))
	}
	return nil
}

// differs says where a binary is not what it would be.
func differs(binary, again []byte, old *about.Record) string {
	if rec, err := about.Find(again); err == nil {
		if others := artifact.Differences(old.SBOM, rec.SBOM); len(others) > 0 {
			return "other Go is linked now: " + strings.Join(others, ", ")
		}
	}
	at := 0
	for at < min(len(binary), len(again)) && binary[at] == again[at] {
		at++
	}
	return fmt.Sprintf("it is not what its own record compiles to: it was changed after it was built (the first difference is at byte %d of %d; rebuilt it has %d)", at, len(binary), len(again))
}

// ErrNoRecord is a file that kcgen build did not make.
var ErrNoRecord = errors.New("it is no binary that kcgen build made: there is no record of what it was built from in it")

// ReadRecord finds the record in a binary.
func ReadRecord(binary []byte) (*about.Record, error) {
	rec, err := about.Find(binary)
	if errors.Is(err, about.ErrNone) {
		return nil, ErrNoRecord
	}
	return rec, err
}
