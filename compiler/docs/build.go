package docs

import (
	"path"
	"slices"
	"strings"

	"kcgen.dev/compiler/reference"
)

// builder makes the pages of a library.
type builder struct {
	lib   *reference.Library
	pages []*Page
	at    map[*reference.Def]string // where a definition is told of: page#section
	defs  map[string]*reference.Def // by the name that a spec has for them
}

// Pages are all pages of a library, in the order of the table of contents.
// Others are put behind them: what the library does not know of.
func Pages(lib *reference.Library, others ...*Page) []*Page {
	b := &builder{lib: lib, at: map[*reference.Def]string{}, defs: map[string]*reference.Def{}}
	groups := b.groups()
	for _, g := range groups {
		for _, d := range g.defs {
			b.at[d] = g.path + "#" + slug(d.Name)
			if b.defs[d.CUE()] == nil {
				b.defs[d.CUE()] = d
			}
		}
	}
	for _, g := range groups {
		b.pages = append(b.pages, b.page(g))
	}
	pages := append([]*Page{b.index(others)}, b.pages...)
	pages = append(pages, b.properties())
	return append(pages, others...)
}

// group is what one page tells of.
type group struct {
	path, title, section string
	pkg                  *reference.Package
	defs                 []*reference.Def
}

// groups divides a library: a page for each package, and for each file of
// package schema.
func (b *builder) groups() (out []*group) {
	var others []*group
	for _, p := range b.lib.Packages() {
		if p.Path == reference.Schema {
			out = append(out, schemaGroups(p)...)
			continue
		}
		if len(p.Defs) == 0 {
			continue
		}
		name := pagePath(p.Path)
		others = append(others, &group{path: name, title: p.Name, section: sectionOf(p), pkg: p, defs: sorted(p.Defs)})
	}
	slices.SortStableFunc(others, func(a, b *group) int {
		return slices.Index(sections, a.section) - slices.Index(sections, b.section)
	})
	return append(out, others...)
}

// The parts of the table of contents.
var sections = []string{"The spec", "Connectors", "Converters", "Transforms and predicates", "Databases and tracers", "Types", "More"}

// sectionOf is the part that the first component of a package belongs to.
func sectionOf(p *reference.Package) string {
	for _, role := range reference.Roles {
		for _, d := range p.Defs {
			if d.Role != role || d.Any {
				continue
			}
			switch role {
			case "source", "sink":
				return sections[1]
			case "converter":
				return sections[2]
			case "transform", "predicate":
				return sections[3]
			}
			return sections[4]
		}
	}
	return sections[5]
}

func schemaGroups(p *reference.Package) (out []*group) {
	for _, d := range p.Defs {
		if d.Any {
			continue // it stands for the components, which the first page lists
		}
		file, _, _ := strings.Cut(path.Base(d.Place), ":")
		name := strings.TrimSuffix(file, ".cue")
		if len(out) == 0 || out[len(out)-1].title != name {
			out = append(out, &group{path: "schema/" + name, title: name, section: sections[0], pkg: p})
		}
		g := out[len(out)-1]
		g.defs = append(g.defs, d)
	}
	// The pipeline first: all else is a part of it.
	slices.SortStableFunc(out, func(a, b *group) int {
		return before(a.title == "pipeline", b.title == "pipeline")
	})
	return out
}

// before compares two of which those that are something come first.
func before(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// sorted has components before the types that their fields have.
func sorted(defs []*reference.Def) []*reference.Def {
	out := slices.Clone(defs)
	slices.SortStableFunc(out, func(a, b *reference.Def) int {
		return before(a.Role != "" && !a.Any, b.Role != "" && !b.Any)
	})
	return out
}

// pagePath is where a package's page is: without what all built-in ones share.
func pagePath(importPath string) string {
	for _, p := range []string{"kcgen.dev/runtime/", "kcgen.dev/"} {
		if rest, ok := strings.CutPrefix(importPath, p); ok {
			return rest
		}
	}
	return importPath
}

// page tells of a group.
func (b *builder) page(g *group) *Page {
	p := &Page{Path: g.path, Title: g.title, Group: g.section}
	p.Blocks = append(p.Blocks, Code{"cue", importLine(g.pkg)})
	if len(g.defs) > 2 {
		var list List
		for _, d := range g.defs {
			list = append(list, append([]Span{{Text: d.CUE(), Code: true, Link: b.at[d]}}, b.inline(g.path, ": "+reference.Sentence(d.Doc))...))
		}
		p.Blocks = append(p.Blocks, list)
	}
	for _, d := range g.defs {
		p.Blocks = append(p.Blocks, b.def(g.path, d)...)
	}
	return p
}
