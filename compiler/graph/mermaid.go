package graph

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Mermaid writes the graph as a flowchart of Mermaid, which GitHub and GitLab
// draw in Markdown.
func (g *Graph) Mermaid() []byte {
	var b bytes.Buffer
	b.WriteString("flowchart LR\n")
	fmt.Fprintf(&b, "  accTitle: %s\n", plain(g.Title))
	ids := map[*Node]string{}
	for i, n := range g.Nodes {
		ids[n] = fmt.Sprintf("n%d", i+1)
		open, end := frame(n.Kind)
		fmt.Fprintf(&b, "  %s%s\"%s\"%s\n", ids[n], open, n.mermaid(), end)
	}
	for _, e := range g.Edges {
		way := [...]string{"-->", "-. refused .->", "-.->"}[e.Way]
		fmt.Fprintf(&b, "  %s %s %s\n", ids[e.From], way, ids[e.To])
	}
	b.WriteString("  classDef dashed stroke-dasharray: 5 4\n")
	for _, n := range g.Nodes {
		if n.Kind == Pattern || n.Kind == Queue {
			fmt.Fprintf(&b, "  class %s dashed\n", ids[n])
		}
	}
	return b.Bytes()
}

// frame is the shape of a node.
func frame(k Kind) (open, end string) {
	switch k {
	case System:
		return "[(", ")]"
	case Topic, Pattern, Queue:
		return "([", "])"
	case Schema:
		return ">", "]"
	}
	return "[", "]"
}

func (n *Node) mermaid() string {
	var lines []string
	if n.Title != "" {
		lines = append(lines, "<b>"+quoted(n.Title)+"</b>")
	}
	for _, r := range slices.Concat(n.Parts...) {
		lines = append(lines, quoted(strings.TrimSpace(r.Text)))
	}
	return strings.Join(lines, "<br/>")
}

// quoted is a text that Mermaid shows as it is: what is no letter, number or
// harmless sign becomes its number.
func quoted(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), strings.ContainsRune(" .,:/-_?→…·", r):
			b.WriteRune(r)
		case unicode.IsPrint(r):
			fmt.Fprintf(&b, "#%d;", r)
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// plain is a text of letters and numbers.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" .,-_", r) {
			return r
		}
		return ' '
	}, s)
}
