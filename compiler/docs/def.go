package docs

import (
	"path"
	"strings"

	"kcgen.dev/compiler/reference"
)

// def tells of a definition: what it is, its fields, an example.
func (b *builder) def(page string, d *reference.Def) []Block {
	out := []Block{Heading{2, d.Name}}
	what := code(d.CUE())
	switch {
	case d.Any:
		what = append(what, text(": any "+reference.RoleName(d.Role)+".")...)
	case d.Role != "":
		what = append(what, text(": a "+reference.RoleName(d.Role)+".")...)
	case len(d.Fields) == 0:
		typ, constraint := b.lib.Alias(d)
		if typ != "" {
			what = append(append(what, text(": ")...), b.typed(typ)...)
		}
		if constraint != "" {
			what = append(what, b.inline(page, "; it "+constraint)...)
		}
	}
	out = append(out, Para(what))
	out = append(out, b.prose(page, d.Doc)...)
	if len(d.Classes) > 0 {
		in := text("In Kafka Connect: ")
		for i, c := range d.Classes {
			if i > 0 {
				in = append(in, text(", ")...)
			}
			in = append(in, code(c)...)
		}
		out = append(out, Para(in))
	}
	if len(d.Fields) > 0 {
		out = append(out, b.fields(page, d))
	}
	if d.Role != "" && !d.Any {
		out = append(out, Code{"cue", Example(b.lib, d)})
	}
	return out
}

// fields is the table of a definition's fields.
func (b *builder) fields(page string, d *reference.Def) Table {
	t := Table{Head: []string{"field", "type", "default", "meaning"}}
	for _, f := range d.Fields {
		meaning := b.inline(page, strings.Join(strings.Fields(f.Doc), " "))
		if c := b.lib.Constraint(f); c != "" {
			meaning = append(append(meaning, text(" ")...), b.inline(page, sentence(c))...)
		}
		fallback := []Span(nil)
		switch {
		case f.Required:
			fallback = text("required")
		case f.Default != "":
			fallback = code(f.Default)
		}
		t.Rows = append(t.Rows, [][]Span{code(f.Name), b.typed(b.lib.Type(f)), fallback, meaning})
	}
	return t
}

// sentence is a constraint as one: "must be positive", "each must be positive".
func sentence(constraint string) string {
	if strings.HasPrefix(constraint, "must ") {
		constraint = "it " + constraint
	}
	return title(constraint) + "."
}

// typed is a type in words, with links to the definitions in it.
func (b *builder) typed(words string) []Span {
	var out []Span
	for i, w := range strings.SplitAfter(words, " ") {
		name := strings.TrimSpace(w)
		s := Span{Text: name}
		if d := b.defs[name]; d != nil {
			s.Code, s.Link = true, b.at[d]
		}
		if i > 0 && len(out) > 0 && out[len(out)-1].Link == "" && s.Link == "" {
			out[len(out)-1].Text += " " + name
			continue
		}
		if i > 0 {
			out = append(out, Span{Text: " "})
		}
		out = append(out, s)
	}
	return out
}

// Example is a part of a spec that has a component, with what it imports.
func Example(lib *reference.Library, d *reference.Def) string {
	value := lib.ExampleOf(d)
	place := map[string]string{
		"source":    "sources: orders: connector: ",
		"sink":      "sinks: orders: connector: ",
		"converter": "sources: orders: valueConverter: ",
		"transform": "sources: orders: transforms: [{do: ",
		"predicate": "sinks: orders: transforms: [{do: transform.#Filter, when: ",
		"tracer":    "worker: tracing: ",
		"database":  "sources: orders: connector: sql.#Source & {mode: \"bulk\", topicPrefix: \"shop-\", connection: ",
	}[d.Role]
	if d.Role == "converter" && strings.Contains(d.Name, "Header") { // for headers alone
		place = "sources: orders: headerConverter: "
	}
	end := map[string]string{"transform": "}]", "predicate": "}]", "database": "}"}[d.Role]
	line := place + value + end
	var imports []string
	for _, p := range lib.Packages() {
		if uses(line, p) {
			imports = append(imports, importLine(p))
		}
	}
	return strings.Join(imports, "\n") + "\n\n" + line
}

// uses says whether a line of CUE names a definition of a package.
func uses(line string, p *reference.Package) bool {
	for _, d := range p.Defs {
		if i := strings.Index(line, d.CUE()); i >= 0 && (i == 0 || strings.ContainsRune(" [{(", rune(line[i-1]))) {
			return true
		}
	}
	return false
}

func importLine(p *reference.Package) string {
	if path.Base(p.Path) != p.Name {
		return "import \"" + p.Path + ":" + p.Name + "\""
	}
	return "import \"" + p.Path + "\""
}
