package artifact

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/santhosh-tekuri/jsonschema/v5"

	"kcgen.dev/compiler/build"
)

var update = flag.Bool("update", false, "write the golden files")

// sample is a build with all that a document can tell.
var sample = Build{
	Name: "orders", Kcgen: "v1.2.3", Tags: []string{"env=prod"},
	Linked: build.Linked{
		Go: "go1.26.8", Target: "linux/arm64", Runtime: "sha256:" + digestOf(nil), GoMod: []byte("module x\n"), GoSum: []byte("\n"),
		Direct: []string{"example.com/Mine", "kcgen.dev"}, Needs: []string{"github.com/a/b"},
		Modules: []build.Module{
			{Path: "example.com/Mine", Needs: []string{"example.com/old", "kcgen.dev"}},
			{Path: "example.com/old", From: "example.com/new", Version: "v0.1.0+incompatible", Sum: "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
			{Path: "github.com/a/b", Version: "v1.0.0", Sum: "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", Dir: "testdata/licences/two"},
		},
	},
	Specs: []Spec{{
		Pipeline: "orders", Program: "sha256:" + digestOf([]byte("x")), Files: map[string]string{"orders.cue": "name: \"orders\"\n", "a.avsc": "{}"},
		Components: []Component{{"kcgen.dev/runtime/convert", "JSON"}, {"example.com/Mine/mqtt", "Source"}, {"kcgen.dev/runtime/convert", "JSON"}, {"example.com/Min", "Lost"}},
	}},
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := diff.Diff("want", want, "got", got); len(d) > 0 {
		t.Errorf("%s:\n%s", name, d)
	}
}

// TestSBOM holds a bill to what it was, and to CycloneDX's own schema.
func TestSBOM(t *testing.T) {
	schema := cycloneDX(t)
	for name, b := range map[string]Build{"sbom.json": sample, "": {Linked: build.Linked{Runtime: sample.Linked.Runtime}}} {
		doc, err := SBOM(b)
		if err != nil {
			t.Fatal(err)
		}
		valid(t, schema, doc)
		if name != "" {
			golden(t, name, doc)
		}
	}
	if err := validate(schema, []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library"}]}`)); err == nil {
		t.Error("the schema takes a component without a name")
	}
}

// TestTime: a time is told where there is one, and is the bill's only difference
// then but its serial number.
func TestTime(t *testing.T) {
	at := sample
	at.Time = time.Unix(1000000000, 0)
	doc, err := SBOM(at)
	if err != nil {
		t.Fatal(err)
	}
	valid(t, cycloneDX(t), doc)
	said, err := Provenance(at, []byte("binary"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range [][]byte{doc, said} {
		if !bytes.Contains(d, []byte(`"2001-09-09T01:46:40Z"`)) {
			t.Errorf("it tells no time: %s", d)
		}
	}
}

func TestProvenance(t *testing.T) {
	doc, err := Provenance(sample, []byte("binary"))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "provenance.json", doc)
}

func TestLicences(t *testing.T) {
	own, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		string(own): "Apache-2.0",
		"":          "",
		"Licensed under the\n  Apache License, Version 2.0 (the": "Apache-2.0",
		"All rights reserved.": "",
		"Permission is hereby granted, free of charge, to any person\nobtaining a copy of this":            "MIT-0",
		"Mozilla Public License, version 2.0\n\n1.4. “Covered Software”":                                   "MPL-2.0",
		"# This is free and unencumbered software released into\n# the public domain":                      "Unlicense",
		"Permission to use, copy, modify, and/or distribute this software for any purpose with or without": "0BSD",
	} {
		if got := strings.Join(licencesOf(text), " "); got != want {
			t.Errorf("%.40q: %s, want %s", text, got, want)
		}
	}
	if got, want := licencesIn("testdata/licences/two"), []string{"BSD-3-Clause", "MIT"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := licencesIn("testdata/no/such"); got != nil {
		t.Error(got)
	}
}

// TestNotices: what is passed on are the texts of all that is linked, of kcgen
// its own.
func TestNotices(t *testing.T) {
	own, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	got := string(Notices(sample))
	for _, want := range []string{
		"==== Go 1.26.8\n\nCopyright 2009 The Go Authors", "==== kcgen.dev v1.2.3\n\n" + strings.TrimSpace(string(own)),
		"==== github.com/a/b v1.0.0\n\nPermission is hereby granted",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it does not say %.60q", want)
		}
	}
	if strings.Contains(got, "==== example.com/Mine") {
		t.Error("it names a module that has no licence")
	}
}

// cycloneDX is CycloneDX's schema.
func cycloneDX(t *testing.T) *jsonschema.Schema {
	t.Helper()
	const at = "http://cyclonedx.org/schema/"
	c := jsonschema.NewCompiler()
	for _, name := range []string{"bom-1.6.schema.json", "spdx.schema.json", "jsf-0.82.schema.json"} {
		text, err := os.ReadFile(filepath.Join("testdata/cyclonedx", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(at+name, bytes.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile(at + "bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(t *testing.T, s *jsonschema.Schema, doc []byte) {
	t.Helper()
	if err := validate(s, doc); err != nil {
		t.Errorf("%#v\n%s", err, doc)
	}
}

func validate(s *jsonschema.Schema, doc []byte) error {
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		return err
	}
	return s.Validate(v)
}

func TestDifferences(t *testing.T) {
	now := sample
	now.Linked.Modules = []build.Module{
		{Path: "example.com/Mine", Sum: "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
		{Path: "github.com/a/b", Version: "v1.0.1", Sum: "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
		{Path: "github.com/c/d", Version: "v2.0.0"},
	}
	old, err := SBOM(sample)
	if err != nil {
		t.Fatal(err)
	}
	other, err := SBOM(now)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"example.com/Mine with other files", "example.com/new v0.1.0+incompatible no more",
		"github.com/a/b v1.0.1 instead of v1.0.0", "github.com/c/d v2.0.0 more",
	}
	if got := Differences(old, other); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := Differences(old, old); got != nil {
		t.Errorf("of itself: %q", got)
	}
}
