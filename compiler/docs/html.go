package docs

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"strings"
)

//go:embed site
var site embed.FS

var page = template.Must(template.ParseFS(site, "site/page.html"))

// Site gives the files of a static site: pages that need no server and fetch
// nothing from elsewhere.
func Site(pages []*Page) (map[string][]byte, error) {
	out := map[string][]byte{"index.js": searchIndex(pages)}
	for _, name := range []string{"style.css", "search.js"} {
		b, err := fs.ReadFile(site, "site/"+name)
		if err != nil {
			return nil, fmt.Errorf("docs: %w", err)
		}
		out[name] = b
	}
	for _, p := range pages {
		var b bytes.Buffer
		if err := page.Execute(&b, frameOf(p, pages)); err != nil {
			return nil, fmt.Errorf("docs: write %s: %w", p.Path, err)
		}
		out[file(p.Path)] = b.Bytes()
	}
	return out, nil
}

// file is a page's file on the site.
func file(path string) string {
	if path == "README" {
		return "index.html"
	}
	return path + ".html"
}

// frame is a page with what stands around it.
type frame struct {
	Root   string // the way up to the first page
	Title  string
	Groups []linkGroup
	Body   template.HTML
}

type linkGroup struct {
	Title string
	Links []link
}

type link struct {
	URL, Text string
	Here      bool
}

func frameOf(p *Page, pages []*Page) frame {
	f := frame{Root: strings.Repeat("../", strings.Count(p.Path, "/")), Title: p.Title, Body: p.html()}
	for _, section := range sections {
		g := linkGroup{Title: section}
		for _, o := range pages {
			if o.Group == section {
				g.Links = append(g.Links, link{f.Root + file(o.Path), o.Title, o == p})
			}
		}
		if len(g.Links) > 0 {
			f.Groups = append(f.Groups, g)
		}
	}
	return f
}

// html is the page's text. All that is not its own marks is escaped.
func (p *Page) html() template.HTML {
	var b strings.Builder
	section := ""
	for _, block := range p.Blocks {
		switch block := block.(type) {
		case Heading:
			section = slug(block.Text)
			fmt.Fprintf(&b, "<h%d id=\"%s\"><a href=\"#%[2]s\">%[3]s</a></h%[1]d>\n", block.Level, section, escape(block.Text))
		case Para:
			fmt.Fprintf(&b, "<p>%s</p>\n", p.spans(block))
		case List:
			b.WriteString("<ul>\n")
			for _, line := range block {
				fmt.Fprintf(&b, "<li>%s</li>\n", p.spans(line))
			}
			b.WriteString("</ul>\n")
		case Table:
			p.table(&b, section, block)
		case Code:
			fmt.Fprintf(&b, "<pre><code>%s</code></pre>\n", escape(strings.TrimRight(block.Text, "\n")))
		}
	}
	return template.HTML(b.String())
}

// table writes a table; each row of fields has a place of its own.
func (p *Page) table(b *strings.Builder, section string, t Table) {
	b.WriteString("<div class=\"wide\"><table>\n<thead><tr>")
	for _, h := range t.Head {
		fmt.Fprintf(b, "<th>%s</th>", escape(h))
	}
	b.WriteString("</tr></thead>\n<tbody>\n")
	for _, row := range t.Rows {
		id := ""
		if t.Head[0] == "field" {
			id = fmt.Sprintf(` id="%s"`, escape(section+"."+row[0][0].Text))
		}
		fmt.Fprintf(b, "<tr%s>", id)
		for _, cell := range row {
			fmt.Fprintf(b, "<td>%s</td>", p.spans(cell))
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody></table></div>\n")
}

func (p *Page) spans(spans []Span) string {
	var b strings.Builder
	for _, s := range spans {
		t := escape(s.Text)
		if s.Code {
			t = "<code>" + t + "</code>"
		}
		if s.Link != "" {
			t = fmt.Sprintf(`<a href="%s">%s</a>`, escape(p.url(s.Link)), t)
		}
		b.WriteString(t)
	}
	return b.String()
}

// url is a link as this page has it.
func (p *Page) url(link string) string {
	if page, section, _ := strings.Cut(link, "#"); page == "README" {
		return p.relative("index#"+section, ".html")
	}
	return p.relative(link, ".html")
}

func escape(s string) string { return template.HTMLEscapeString(s) }

// searchIndex lists all pages, definitions and fields for search.js.
func searchIndex(pages []*Page) []byte {
	var all [][3]string
	for _, p := range pages {
		all = append(all, [3]string{p.Title, file(p.Path), p.Group})
		section := ""
		for i, block := range p.Blocks {
			switch block := block.(type) {
			case Heading:
				section = block.Text
				all = append(all, [3]string{p.Title + ".#" + section, file(p.Path) + "#" + slug(section), firstText(p.Blocks[i+1:])})
			case Table:
				if block.Head[0] != "field" {
					continue
				}
				for _, row := range block.Rows {
					name := row[0][0].Text
					all = append(all, [3]string{p.Title + ".#" + section + "." + name, file(p.Path) + "#" + slug(section) + "." + name, plain(row[len(row)-1])})
				}
			}
		}
	}
	b, _ := json.Marshal(all) // strings alone: it cannot fail
	return append(append([]byte("window.kcgenIndex = "), b...), ";\n"...)
}

// firstText is what a section says first of what it is for.
func firstText(blocks []Block) string {
	for i, b := range blocks {
		if p, ok := b.(Para); ok && i > 0 {
			return plain(p)
		}
		if _, ok := b.(Heading); ok {
			break
		}
	}
	return ""
}

func plain(spans []Span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.Text)
	}
	return b.String()
}
