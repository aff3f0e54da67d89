package connectjson

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cuelang.org/go/cue/format"

	"kcgen.dev/compiler/reference"
)

// Spec is a spec that import has written.
type Spec struct {
	Name string // of the pipeline
	Text []byte

	root    *tree
	doc     string
	imports map[string]bool
	path    map[string]source // of fields, and of those that are missing
}

// source is where a field came from.
type source struct {
	reader   *reader
	property string
}

// render writes the spec, as CUE's own formatter has it.
func (s *Spec) render() error {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n\nimport (\n\t%q\n", reference.PackageName(s.Name), reference.Schema)
	for _, path := range slices.Sorted(maps.Keys(s.imports)) {
		fmt.Fprintf(&b, "\t%q\n", path)
	}
	b.WriteString(")\n\n")
	for line := range strings.Lines(s.doc) {
		b.WriteString("// " + comment(line) + "\n")
	}
	b.WriteString("schema.#Pipeline & {\n")
	for i, f := range s.root.fields {
		if i > 1 {
			b.WriteString("\n")
		}
		(&tree{fields: []*leaf{f}}).body(&b, 1)
	}
	b.WriteString("}\n")
	text, err := format.Source([]byte(b.String()))
	if err != nil {
		return fmt.Errorf("connectjson: format %s: %w", s.Name, err)
	}
	s.Text = text
	return nil
}
