package artifact

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"kcgen.dev/compiler/build"
)

// What follows are the parts of CycloneDX 1.6 that a bill has.

type bom struct {
	Format       string       `json:"bomFormat"`
	SpecVersion  string       `json:"specVersion"`
	SerialNumber string       `json:"serialNumber,omitempty"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Timestamp  string      `json:"timestamp,omitempty"`
	Lifecycles []lifecycle `json:"lifecycles"`
	Tools      tools       `json:"tools"`
	Component  component   `json:"component"`
}

type lifecycle struct {
	Phase string `json:"phase"`
}

type tools struct {
	Components []component `json:"components"`
}

type component struct {
	Ref        string          `json:"bom-ref,omitempty"`
	Type       string          `json:"type"`
	Name       string          `json:"name"`
	Version    string          `json:"version,omitempty"`
	Hashes     []hash          `json:"hashes,omitempty"`
	Licenses   []licenseChoice `json:"licenses,omitempty"`
	Purl       string          `json:"purl,omitempty"`
	Components []component     `json:"components,omitempty"`
	Properties []property      `json:"properties,omitempty"`
}

type hash struct {
	Alg     string `json:"alg"`
	Content string `json:"content"`
}

type licenseChoice struct {
	License license `json:"license"`
}

type license struct {
	ID string `json:"id"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn,omitempty"`
}

// SBOM is a binary's bill of materials in CycloneDX's JSON, version 1.6: the Go
// modules that are linked, Go's own library, kcgen's runtime, and the components
// that the specs name, each in its module.
func SBOM(b Build) ([]byte, error) {
	doc := bom{Format: "CycloneDX", SpecVersion: "1.6", Version: 1, Components: b.libraries()}
	doc.Metadata = metadata{
		Timestamp:  stamp(b.Time),
		Lifecycles: []lifecycle{{"build"}},
		Tools:      tools{[]component{{Type: "application", Name: "kcgen", Version: b.Kcgen}}},
		Component:  b.program(),
	}
	doc.Dependencies = b.dependencies(doc.Metadata.Component.Ref)
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	doc.SerialNumber = serial(text)
	return document(doc)
}

// dependencies say which module imports of which. All import of Go's library.
func (b Build) dependencies(program string) []dependency {
	std, own := purl("std", b.goVersion()), purl(kcgen, b.Kcgen)
	ref := map[string]string{kcgen: own}
	for _, m := range b.Linked.Modules {
		ref[m.Path] = purl(moduleName(m), m.Version)
	}
	needs := func(from string, modules []string) dependency {
		d := dependency{Ref: from, DependsOn: []string{std}}
		for _, m := range modules {
			d.DependsOn = append(d.DependsOn, ref[m])
		}
		return d
	}
	out := []dependency{needs(program, b.Linked.Direct), {Ref: std}, needs(own, b.Linked.Needs)}
	for _, m := range b.Linked.Modules {
		out = append(out, needs(ref[m.Path], m.Needs))
	}
	return out
}

// program is what the bill is of.
func (b Build) program() component {
	c := component{Ref: "program", Type: "application", Name: b.Name, Properties: []property{{"kcgen:target", b.Linked.Target}}}
	for _, s := range b.Specs {
		c.Properties = append(c.Properties, property{"kcgen:pipeline:" + s.Pipeline, s.Program})
	}
	return c
}

// libraries are what is linked: Go's library, kcgen's runtime, and modules.
func (b Build) libraries() []component {
	out := []component{
		library("std", b.goVersion(), nil, []string{"BSD-3-Clause"}),
		library(kcgen, b.Kcgen, []hash{{"SHA-256", bare(b.Linked.Runtime)}}, []string{"Apache-2.0"}),
	}
	for _, m := range b.Linked.Modules {
		out = append(out, moduleComponent(m))
	}
	for _, part := range b.parts() {
		if c := owner(out, part.Path); c != nil {
			c.Components = append(c.Components, component{
				Ref: part.Path + "." + part.Type, Type: "library", Name: part.Path + "." + part.Type,
			})
		}
	}
	return out
}

func moduleComponent(m build.Module) component {
	var hashes []hash
	if sum := dirHash(m.Sum); sum != "" {
		hashes = []hash{{"SHA-256", sum}}
	}
	return library(moduleName(m), m.Version, hashes, licencesIn(m.Dir))
}

// moduleName is what a module's source is called.
func moduleName(m build.Module) string { return cmp.Or(m.From, m.Path) }

func library(path, version string, hashes []hash, licences []string) component {
	c := component{Ref: purl(path, version), Type: "library", Name: path, Version: version, Hashes: hashes, Purl: purl(path, version)}
	for _, id := range licences {
		c.Licenses = append(c.Licenses, licenseChoice{license{id}})
	}
	return c
}

// parts are the components that the specs name, each once, sorted.
func (b Build) parts() []Component {
	var all []Component
	for _, s := range b.Specs {
		all = append(all, s.Components...)
	}
	slices.SortFunc(all, func(a, b Component) int { return strings.Compare(a.Path+"."+a.Type, b.Path+"."+b.Type) })
	return slices.Compact(all)
}

// owner is the module that a package is of: the one with the longest path.
func owner(modules []component, path string) *component {
	var best *component
	for i := range modules {
		m := &modules[i]
		if (path == m.Name || strings.HasPrefix(path, m.Name+"/")) && (best == nil || len(m.Name) > len(best.Name)) {
			best = m
		}
	}
	return best
}

// serial is an identifier of the bill that depends on nothing but what is in it:
// a UUID of version 8 (RFC 9562).
func serial(text []byte) string {
	u := sha256.Sum256(text)
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:16])
}
