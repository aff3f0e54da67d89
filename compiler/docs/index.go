package docs

import (
	"cmp"
	"slices"

	"kcgen.dev/compiler/gotype"
	"kcgen.dev/compiler/reference"
)

// index is the first page: what there is.
func (b *builder) index(others []*Page) *Page {
	p := &Page{Path: "README", Title: "Reference"}
	p.Blocks = append(p.Blocks,
		Para(text("Every component and every option, from the CUE that validates them. The same is told by kcgen explain.")),
		Heading{2, "The spec"}, b.specPages())
	for _, role := range reference.Roles {
		t := Table{Head: []string{"component", "import", "what it does"}}
		for _, d := range b.lib.Components(role) {
			t.Rows = append(t.Rows, [][]Span{
				{{Text: d.CUE(), Code: true, Link: b.at[d]}}, code(d.Package.Path), b.inline(p.Path, reference.Sentence(d.Doc)),
			})
		}
		if len(t.Rows) > 0 {
			p.Blocks = append(p.Blocks, Heading{2, title(reference.RoleName(role)) + "s"}, t)
		}
	}
	more := List{{{Text: "Kafka Connect's properties", Link: "properties"}, {Text: ": which field each is"}}}
	for _, o := range others {
		more = append(more, []Span{{Text: o.Title, Link: o.Path}})
	}
	p.Blocks = append(p.Blocks, Heading{2, "More"}, more)
	return p
}

// specPages lists the pages of package schema, with what stands on each.
func (b *builder) specPages() List {
	var out List
	for _, p := range b.pages {
		if p.Group != sections[0] {
			continue
		}
		line := []Span{{Text: p.Title, Link: p.Path}, {Text: ": "}}
		n := 0
		for _, block := range p.Blocks {
			if h, ok := block.(Heading); ok {
				if n++; n > 1 {
					line = append(line, Span{Text: ", "})
				}
				line = append(line, Span{Text: "#" + h.Text, Code: true, Link: p.Path + "#" + slug(h.Text)})
			}
		}
		out = append(out, line)
	}
	return out
}

// properties is the page that leads from Kafka Connect's words to the fields.
func (b *builder) properties() *Page {
	type property struct {
		name  string
		field *reference.Field
	}
	var all []property
	for _, p := range b.lib.Packages() {
		for _, d := range p.Defs {
			for _, f := range d.Fields {
				if name := gotype.Documented(f.Name, f.Doc); name != "" && b.at[d] != "" {
					all = append(all, property{name, f})
				}
			}
		}
	}
	slices.SortStableFunc(all, func(x, y property) int { return cmp.Compare(x.name, y.name) })
	t := Table{Head: []string{"property", "field", "of"}}
	for _, p := range all {
		d := p.field.Def
		t.Rows = append(t.Rows, [][]Span{code(p.name), code(p.field.Name), {{Text: d.CUE(), Code: true, Link: b.at[d]}}})
	}
	return &Page{Path: "properties", Title: "Kafka Connect's properties", Group: sections[6], Blocks: []Block{
		Para(text("A property of Kafka Connect keeps its name, in camelCase: batch.size is batchSize. These are the ones that a field's description names; kcgen import translates whole configurations.")), t,
	}}
}
