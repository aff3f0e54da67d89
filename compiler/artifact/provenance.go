package artifact

import (
	"maps"
	"slices"

	"kcgen.dev/compiler/build"
)

// What follows are the parts of an in-toto statement (v1) with a predicate of
// SLSA's provenance (v1).

type statement struct {
	Type          string     `json:"_type"`
	Subject       []resource `json:"subject"`
	PredicateType string     `json:"predicateType"`
	Predicate     provenance `json:"predicate"`
}

type resource struct {
	Name   string            `json:"name,omitempty"`
	URI    string            `json:"uri,omitempty"`
	Digest map[string]string `json:"digest,omitempty"`
}

type provenance struct {
	Definition definition `json:"buildDefinition"`
	Run        runDetails `json:"runDetails"`
}

type definition struct {
	BuildType string     `json:"buildType"`
	External  parameters `json:"externalParameters"`
	Resolved  []resource `json:"resolvedDependencies"`
}

// parameters are what the user said to kcgen build.
type parameters struct {
	Specs  []string `json:"specs"`
	Target string   `json:"target"`
	Tags   []string `json:"tags,omitempty"`
	Pack   bool     `json:"pack,omitempty"`
}

type runDetails struct {
	Builder  builder      `json:"builder"`
	Metadata *runMetadata `json:"metadata,omitempty"`
}

type builder struct {
	ID      string            `json:"id"`
	Version map[string]string `json:"version"`
}

type runMetadata struct {
	FinishedOn string `json:"finishedOn"`
}

// Names of what the predicate speaks of. They are names, not pages.
const (
	buildType = "https://kcgen.dev/build/v1"
	builderID = "https://kcgen.dev/kcgen"
)

// Provenance tells how a binary was built, of what: an in-toto statement about
// the binary's bytes.
func Provenance(b Build, binary []byte) ([]byte, error) {
	s := statement{
		Type:          "https://in-toto.io/Statement/v1",
		Subject:       []resource{{Name: b.Name, Digest: sha256Digest(digestOf(binary))}},
		PredicateType: "https://slsa.dev/provenance/v1",
		Predicate: provenance{
			Definition: definition{BuildType: buildType, External: b.parameters(), Resolved: b.resolved()},
			Run:        runDetails{Builder: builder{builderID, map[string]string{"kcgen": b.Kcgen, "go": b.Linked.Go}}},
		},
	}
	if !b.Time.IsZero() {
		s.Predicate.Run.Metadata = &runMetadata{stamp(b.Time)}
	}
	return document(s)
}

func (b Build) parameters() parameters {
	p := parameters{Target: b.Linked.Target, Tags: b.Tags, Pack: b.Pack}
	for _, s := range b.Specs {
		p.Specs = append(p.Specs, s.Pipeline)
	}
	return p
}

// resolved are what the binary was built of: the specs' files, the go.mod and
// go.sum that it was built by, Go, kcgen's runtime, and the modules.
func (b Build) resolved() []resource {
	var out []resource
	for _, s := range b.Specs {
		for _, name := range slices.Sorted(maps.Keys(s.Files)) {
			out = append(out, resource{Name: s.Pipeline + "/" + name, Digest: sha256Digest(digestOf([]byte(s.Files[name])))})
		}
	}
	out = append(out,
		resource{Name: "go.mod", Digest: sha256Digest(digestOf(b.Linked.GoMod))},
		resource{Name: "go.sum", Digest: sha256Digest(digestOf(b.Linked.GoSum))},
		resource{Name: b.Linked.Go, URI: "pkg:generic/go@" + b.goVersion()},
		resource{Name: kcgen, URI: purl(kcgen, b.Kcgen), Digest: sha256Digest(bare(b.Linked.Runtime))},
	)
	for _, m := range b.Linked.Modules {
		out = append(out, moduleResource(m))
	}
	return out
}

func moduleResource(m build.Module) resource {
	r := resource{Name: moduleName(m), URI: purl(moduleName(m), m.Version)}
	if sum := dirHash(m.Sum); sum != "" {
		r.Digest = map[string]string{"dirHash": sum}
	}
	return r
}

func sha256Digest(hex string) map[string]string { return map[string]string{"sha256": hex} }
