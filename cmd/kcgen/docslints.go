package main

import (
	"kcgen.dev/compiler/docs"
	"kcgen.dev/compiler/lint"
)

// lintsPage is what kcgen explain tells of each lint.
func lintsPage() *docs.Page {
	p := &docs.Page{Path: "lints", Title: "Lints", Group: "More"}
	p.Blocks = docs.Prose("What kcgen vet warns of, by the id that the warning ends with. A warning fails nothing, " +
		"unless -strict is given. Where it is meant, the spec says why, on the pipeline or on a connector:")
	p.Blocks = append(p.Blocks, docs.Code{Language: "cue", Text: `accept: KC003: "the archive may have holes"`})
	for _, id := range lint.IDs() {
		l, _ := lint.Find(id)
		p.Blocks = append(p.Blocks, docs.Heading{Level: 2, Text: l.ID + ": " + l.Title})
		p.Blocks = append(p.Blocks, docs.Prose(l.Text)...)
		p.Blocks = append(p.Blocks, lintSpecs("Bad:", l.Bad)...)
		p.Blocks = append(p.Blocks, lintSpecs("Good:", l.Good)...)
	}
	return p
}

// lintSpecs are the specs that show a lint, or how it is mended.
func lintSpecs(head string, specs []string) []docs.Block {
	if len(specs) == 0 {
		return nil
	}
	out := docs.Prose(head)
	for _, text := range specs {
		out = append(out, docs.Code{Language: "cue", Text: text})
	}
	return out
}
