// Package artifact writes what stands beside a binary for those who did not
// build it: a software bill of materials (CycloneDX) and the provenance of the
// build (in-toto, SLSA). Both are the same wherever the binary is built; a time
// is in them only where one is given.
//
//	artifact.go   the build that they tell of
//	sbom.go       CycloneDX
//	provenance.go in-toto and SLSA
//	licence.go    under which licences modules are
//	notices.go    the texts of these
//	compare.go    two bills of materials
package artifact

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"time"

	"kcgen.dev/compiler/build"
	"kcgen.dev/compiler/diag"
)

// Build is how a binary was made.
type Build struct {
	Name   string // of the binary
	Kcgen  string // its version
	Linked build.Linked
	Tags   []string // of the specs
	Pack   bool
	Specs  []Spec

	// Time is when it was built; where it is zero none is told.
	Time time.Time
}

// Spec is one that was compiled.
type Spec struct {
	Pipeline   string
	Program    string            // the digest of its Go program
	Files      map[string]string // its texts by their names
	Components []Component
}

// Component is a connector, converter, transform or predicate that a spec names.
type Component struct{ Path, Type string }

const kcgen = "kcgen.dev"

// goVersion is Go's version as modules have theirs: 1.26.0.
func (b Build) goVersion() string {
	v, _, _ := strings.Cut(strings.TrimPrefix(b.Linked.Go, "go"), " ")
	return v
}

// purl names a Go module as package URLs do.
func purl(path, version string) string {
	p := "pkg:golang/" + strings.ToLower(path)
	if version != "" {
		p += "@" + url.QueryEscape(version)
	}
	return p
}

// dirHash is the sum of go.sum in hexadecimal; empty where it is none.
func dirHash(sum string) string {
	b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sum, "h1:"))
	if err != nil || len(b) != sha256.Size {
		return ""
	}
	return hex.EncodeToString(b)
}

// digestOf is a text's SHA-256 in hexadecimal.
func digestOf(text []byte) string { return fmt.Sprintf("%x", sha256.Sum256(text)) }

// bare is a digest without the name of its function.
func bare(digest string) string { return strings.TrimPrefix(digest, "sha256:") }

// document is JSON for people and programs.
func document(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := diag.WriteJSON(&b, v); err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	return b.Bytes(), nil
}

// stamp is a time as both documents have it; empty where there is none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
