// Package load reads a spec: a CUE file, a folder that is a CUE package, or a
// YAML or JSON file with the same fields. It finds the packages that the spec
// imports (the built-in ones in kcgen itself, others in the user's cue.mod and
// Go modules), evaluates it against schema.#Pipeline, and tells every mistake
// at once.
//
// Nothing is fetched, and no file is read outside the spec's module, the
// user's Go modules and kcgen itself. CUE has no budget: callers run Load in a
// compiler/sandbox.
//
// The files: load.go what others call; read.go files and their limits; data.go
// YAML and JSON; use.go the "use:" of both; tags.go @tag and @if; names.go what
// the spec refers to; packages.go and gomod.go where packages are; std.go CUE's
// own; twice.go what CUE would merge in silence; build.go the evaluation; policy.go an organisation's own constraints.
package load

import (
	"io/fs"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"kcgen.dev/compiler/diag"
)

// Config says where a spec's imports come from.
type Config struct {
	// Builtin is the file tree of module kcgen.dev: schema/*.cue and
	// runtime/**/*.cue.
	Builtin fs.FS

	// Tags are the values of @tag attributes, as key=value, or a word alone
	// for a shorthand and for @if.
	Tags []string

	// Dir is the folder to which file names are relative; by default the
	// working directory.
	Dir string

	// Policies are CUE files, package folders or import paths whose constraints
	// hold for the spec too.
	Policies []string
}

// Spec is a spec without mistakes.
type Spec struct {
	// Name is the spec as the user named it, with forward slashes.
	Name string

	// Value is the pipeline, unified with schema.#Pipeline, concrete.
	Value cue.Value

	// Schema is the package kcgen.dev/schema.
	Schema cue.Value

	// Files are the user's own files in the order of their names. What came
	// from YAML or JSON keeps its positions and comments.
	Files []*ast.File

	// Sources are the texts of these files, by their names in the spec's folder.
	Sources map[string]string

	// Imports are the packages of Go modules other than kcgen.dev that the
	// spec needs, imports of imports included, sorted.
	Imports []string

	// GoModDir is the folder of the go.mod through which Imports were found;
	// empty where there are none.
	GoModDir string

	packages *packages
	src      *source
	policies []*ast.File
}

// Load reads, checks and evaluates a spec. The Spec is nil where the list is
// not empty.
func Load(cfg Config, arg string) (*Spec, diag.List) {
	src, ds := read(cfg, arg)
	if len(ds) > 0 {
		return nil, ds.Sorted()
	}
	if ds = inject(src, cfg.Tags); len(ds) > 0 {
		return nil, ds.Sorted() // of the command line: what the spec holds is not known
	}
	ds = forbidden(src)
	pkgs := newPackages(cfg, src)
	used, found := useComponents(src, pkgs)
	ds = append(ds, found...)
	stubs, found := resolve(src, pkgs)
	ds = append(ds, found...)
	stubs = append(stubs, used...)
	ds = append(ds, twice(src)...)
	policies, found := readPolicies(cfg, src, pkgs)
	ds = append(ds, found...)

	spec, found := evaluate(src, pkgs, stubs, policies)
	ds = append(ds, found...)
	if len(ds) > 0 {
		return nil, ds.Sorted()
	}
	return spec, nil
}

// Package is a CUE package that the spec needs, by import path, as a
// component's marker names it: "kcgen.dev/runtime/convert.JSON" is the
// definition #JSON in Package("kcgen.dev/runtime/convert").
func (s *Spec) Package(importPath string) (cue.Value, bool) {
	return s.packages.value(importPath)
}

// ReadFile reads a file that the spec names, relative to the spec's folder. It
// must lie in the spec's module, links followed.
func (s *Spec) ReadFile(name string) ([]byte, error) {
	return s.src.beside(name)
}

// IsUser says whether a position is in one of the user's own files.
func (s *Spec) IsUser(p token.Pos) bool { return s.packages.isUser(p) }

// Place says where a position is: a user's file as the user named it, a
// library's as import-path/file. Lines and columns count from 1; they are 0
// where there is no position.
func (s *Spec) Place(p token.Pos) (file string, line, col int) {
	if !p.IsValid() {
		return "", 0, 0
	}
	at := p.Position()
	return at.Filename, at.Line, at.Column
}
