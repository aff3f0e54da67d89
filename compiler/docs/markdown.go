package docs

import (
	"bytes"
	"fmt"
	"path"
	"strings"
)

// madeBy is the first line of each page in Markdown.
const madeBy = "<!-- Made by kcgen docs. DO NOT EDIT. -->\n"

// IsMade says whether a page in Markdown was made by this package, so that it
// may be replaced.
func IsMade(page []byte) bool { return bytes.HasPrefix(page, []byte(madeBy)) }

// Markdown gives the files of pages.
func Markdown(pages []*Page) map[string][]byte {
	out := map[string][]byte{}
	for _, p := range pages {
		out[p.Path+".md"] = p.markdown()
	}
	return out
}

func (p *Page) markdown() []byte {
	var b bytes.Buffer
	b.WriteString(madeBy + "\n# " + mdEscape(p.Title) + "\n")
	for _, block := range p.Blocks {
		b.WriteByte('\n')
		switch block := block.(type) {
		case Heading:
			fmt.Fprintf(&b, "%s %s\n", strings.Repeat("#", block.Level), mdEscape(block.Text))
		case Para:
			b.WriteString(p.md(block) + "\n")
		case List:
			for _, line := range block {
				b.WriteString("- " + p.md(line) + "\n")
			}
		case Table:
			p.mdTable(&b, block)
		case Code:
			fmt.Fprintf(&b, "```%s\n%s\n```\n", block.Language, strings.TrimRight(block.Text, "\n"))
		}
	}
	return b.Bytes()
}

func (p *Page) mdTable(b *bytes.Buffer, t Table) {
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(t.Head, " | "), strings.Repeat(" --- |", len(t.Head)))
	for _, row := range t.Rows {
		b.WriteByte('|')
		for _, cell := range row {
			b.WriteString(" " + strings.ReplaceAll(p.md(cell), "|", `\|`) + " |")
		}
		b.WriteByte('\n')
	}
}

func (p *Page) md(spans []Span) string {
	var b strings.Builder
	for _, s := range spans {
		t := mdEscape(s.Text)
		if s.Code {
			t = mdCode(s.Text)
		}
		if s.Link != "" {
			t = "[" + t + "](" + p.relative(s.Link, ".md") + ")"
		}
		b.WriteString(t)
	}
	return b.String()
}

// mdCode is code, in one more backtick than it has itself.
func mdCode(s string) string {
	if strings.Contains(s, "`") {
		return "`` " + s + " ``"
	}
	return "`" + s + "`"
}

var mdEscaper = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "#", `\#`)

func mdEscape(s string) string { return mdEscaper.Replace(s) }

// relative is a link of another page as this one has it.
func (p *Page) relative(link, ending string) string {
	page, section, _ := strings.Cut(link, "#")
	if section != "" {
		section = "#" + section
	}
	if page == p.Path {
		return section
	}
	up := strings.Repeat("../", strings.Count(p.Path, "/"))
	if dir := path.Dir(p.Path) + "/"; up != "" && strings.HasPrefix(page, dir) {
		return strings.TrimPrefix(page, dir) + ending + section
	}
	return up + page + ending + section
}
