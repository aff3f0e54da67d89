// Package vuln tells which known vulnerabilities are in a binary, by govulncheck
// and Go's vulnerability database, or a copy of it.
//
//	vuln.go  the scan
//	print.go what it says
package vuln

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/vuln/scan"
)

// Report is what was found in a binary.
type Report struct {
	Binary   string    `json:"binary"`
	Database string    `json:"database"`
	Precise  bool      `json:"precise"` // it is known which functions are linked
	Findings []Finding `json:"findings"`
}

// Finding is a vulnerability of a module of which something is linked.
type Finding struct {
	ID       string   `json:"id"`
	Aliases  []string `json:"aliases,omitempty"`
	Summary  string   `json:"summary"`
	Module   string   `json:"module"` // Go's own library is std
	Version  string   `json:"version"`
	Fixed    string   `json:"fixed,omitempty"`   // empty: in no version
	Symbols  []string `json:"symbols,omitempty"` // the vulnerable functions that are linked
	Accepted bool     `json:"accepted,omitempty"`
}

// Linked says whether what is vulnerable is linked.
func (f Finding) Linked() bool { return len(f.Symbols) > 0 }

// Options say how to scan.
type Options struct {
	Name     string // what the report calls the binary; empty: its file's name
	Database string // a URL, or a folder; empty: Go's own

	// Precise says that the binary has its symbols. One that has none is said to
	// link all functions of its modules.
	Precise bool

	Accept []string // vulnerabilities, by id or alias, that are no failure
}

// official is Go's own database.
const official = "https://vuln.go.dev"

// Scan scans a binary.
func Scan(ctx context.Context, binary string, o Options) (*Report, error) {
	db, err := database(o.Database)
	if err != nil {
		return nil, err
	}
	name := cmp.Or(o.Name, binary)
	var out, said bytes.Buffer
	cmd := scan.Command(ctx, "-mode=binary", "-format=json", "-db="+db, binary)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(""), &out, &said
	err = cmd.Start()
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return nil, fmt.Errorf("vuln: scan %s with %s: %w%s", name, db, err, unreachable(o, said.String()))
	}
	r := &Report{Binary: name, Database: db, Precise: o.Precise}
	if r.Findings, err = read(&out); err != nil {
		return nil, err
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Accepted = slices.ContainsFunc(append(f.Aliases, f.ID), func(id string) bool { return slices.Contains(o.Accept, id) })
	}
	return r, nil
}

// unreachable is what to do where the database may be out of reach.
func unreachable(o Options, said string) string {
	if said = strings.TrimSpace(said); said != "" {
		said = ": " + said
	}
	if o.Database == "" {
		return said + "; a copy of the database in a folder does as well: -db DIR (https://go.dev/security/vuln/database)"
	}
	return said
}

// database is the URL of a database: of a folder, its file URL.
func database(db string) (string, error) {
	switch {
	case db == "":
		return official, nil
	case strings.HasPrefix(db, "https://"), strings.HasPrefix(db, "http://"), strings.HasPrefix(db, "file://"):
		return db, nil
	}
	dir, err := filepath.Abs(db)
	if err != nil {
		return "", fmt.Errorf("vuln: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "index", "modules.json")); err != nil {
		return "", fmt.Errorf("vuln: %s is no copy of a vulnerability database: %w", db, err)
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(dir)}).String(), nil
}

// message is one of those that govulncheck writes.
type message struct {
	OSV *struct {
		ID, Summary, Details string
		Aliases              []string
	}
	Finding *struct {
		OSV          string
		FixedVersion string `json:"fixed_version"`
		Trace        []frame
	}
}

type frame struct{ Module, Version, Package, Function, Receiver string }

// read gathers what govulncheck says of each vulnerability and module. It says the
// same of a module, of a package and of functions.
func read(r io.Reader) ([]Finding, error) {
	about := map[string]message{}
	found := map[[2]string]*Finding{}
	for dec := json.NewDecoder(r); ; {
		var m message
		if err := dec.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("vuln: read what govulncheck says: %w", err)
		}
		if m.OSV != nil {
			about[m.OSV.ID] = m
		}
		if m.Finding == nil || len(m.Finding.Trace) == 0 {
			continue
		}
		at := m.Finding.Trace[0]
		key := [2]string{m.Finding.OSV, at.Module}
		if found[key] == nil {
			found[key] = &Finding{ID: m.Finding.OSV, Module: module(at.Module), Version: at.Version, Fixed: m.Finding.FixedVersion}
		}
		if at.Function != "" {
			found[key].Symbols = append(found[key].Symbols, at.symbol())
		}
	}
	return told(found, about), nil
}

// told completes findings and sorts them: those that are linked first.
func told(found map[[2]string]*Finding, about map[string]message) []Finding {
	out := []Finding{}
	for _, f := range found {
		if m := about[f.ID]; m.OSV != nil {
			f.Aliases, f.Summary = m.OSV.Aliases, cmp.Or(m.OSV.Summary, m.OSV.Details)
		}
		slices.Sort(f.Symbols)
		f.Symbols = slices.Compact(f.Symbols)
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b Finding) int {
		if a.Linked() != b.Linked() {
			return cmp.Compare(len(b.Symbols), len(a.Symbols))
		}
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Module, b.Module))
	})
	return out
}

func (f frame) symbol() string {
	name := f.Function
	if f.Receiver != "" {
		name = strings.TrimPrefix(f.Receiver, "*") + "." + name
	}
	return f.Package + "." + name
}

func module(path string) string {
	if path == "stdlib" {
		return "std"
	}
	return path
}

// Fails says whether something vulnerable is linked that is not accepted.
func (r *Report) Fails() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Linked() && !f.Accepted })
}
