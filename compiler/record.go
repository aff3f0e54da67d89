package compiler

import (
	"crypto/sha256"
	"fmt"
	"go/scanner"
	"go/token"
	"io"
	"maps"
	"path"
	"slices"
	"time"

	"kcgen.dev/compiler/artifact"
	"kcgen.dev/compiler/build"
	"kcgen.dev/compiler/plan"
	"kcgen.dev/runtime/about"
)

// recorder makes the record of a binary, and keeps what it was told for the
// documents beside it.
type recorder struct {
	cfg   Config
	plans []*plan.Pipeline
	src   []Program // of the plans, where they are there already
	pack  bool
	build artifact.Build

	// sources, where it is not nil, is told instead of the specs' own texts: those
	// of a record to which a binary is to be the same (see Verify).
	sources []about.Pipeline
}

// record is what build.Program.Record asks for.
func (r *recorder) record(l build.Linked) (string, error) {
	rec := about.Record{Kcgen: r.cfg.Version, Runtime: l.Runtime, Go: l.Go, Target: l.Target, Tags: r.cfg.Tags, Pack: r.pack}
	r.build = artifact.Build{Name: "pack", Kcgen: r.cfg.Version, Linked: l, Tags: r.cfg.Tags, Pack: r.pack}
	if !r.pack {
		r.build.Name = r.plans[0].Name
	}
	for i, p := range r.plans {
		digest, err := r.digest(i)
		if err != nil {
			return "", err
		}
		r.build.Specs = append(r.build.Specs, artifact.Spec{Pipeline: p.Name, Program: digest, Files: filesOf(p), Components: components(p)})
		rec.Pipelines = append(rec.Pipelines, recorded(p, digest))
	}
	if r.sources != nil {
		rec.Pipelines = r.sources
	}
	var err error
	if rec.SBOM, err = artifact.SBOM(r.build); err != nil {
		return "", err
	}
	return about.Seal(rec)
}

// digest tells the program of a plan apart.
func (r *recorder) digest(plan int) (string, error) {
	if plan < len(r.src) {
		return r.src[plan].digest(), nil
	}
	return ProgramDigest(r.plans[plan])
}

// Documents are what stands beside a binary.
type Documents struct{ SBOM, Provenance, Notices []byte }

// Documents writes what stands beside a binary, of its name and its bytes. The
// time may be zero.
func (b Binary) Documents(name string, binary []byte, at time.Time) (d Documents, err error) {
	of := b.made
	of.Time = at
	if d.SBOM, err = artifact.SBOM(of); err != nil {
		return d, err
	}
	d.Notices = artifact.Notices(of)
	of.Name = name
	d.Provenance, err = artifact.Provenance(of, binary)
	return d, err
}

func recorded(p *plan.Pipeline, digest string) about.Pipeline {
	out := about.Pipeline{Name: p.Name, Program: digest}
	if base := path.Base(p.Spec); p.Sources[base] != "" {
		out.Spec = base
	}
	files := filesOf(p)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		out.Files = append(out.Files, about.File{Name: name, Text: files[name]})
	}
	return out
}

// filesOf are a spec's own files, and those that it names.
func filesOf(p *plan.Pipeline) map[string]string {
	out := maps.Clone(p.Files)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, p.Sources)
	return out
}

// components are the connectors, converters, transforms and others that a plan
// names.
func components(p *plan.Pipeline) []artifact.Component {
	var out []artifact.Component
	plan.Walk(p.Root, func(n plan.Node) bool {
		if s, ok := n.(*plan.Struct); ok && s.Component {
			out = append(out, artifact.Component{Path: s.Type.Path, Type: s.Type.Name})
		}
		return true
	})
	return out
}

// ProgramDigest tells plans apart by what they do: it is that of a plan's Go
// program without comments and spaces.
func ProgramDigest(p *plan.Pipeline) (string, error) {
	src, err := Generate(p)
	return src.digest(), err
}

func (p Program) digest() string {
	h := sha256.New()
	tokens(h, p.Main)
	tokens(h, p.Fused)
	return fmt.Sprintf("sha256:%x", h.Sum(nil))
}

// tokens writes the tokens of a Go file, a line each.
func tokens(w io.Writer, src []byte) {
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(src))
	s.Init(file, src, nil, 0)
	for {
		_, tok, text := s.Scan()
		if tok == token.EOF {
			return
		}
		fmt.Fprintf(w, "%s %q\n", tok, text)
	}
}
