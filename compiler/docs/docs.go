// Package docs writes the reference of all components, as Markdown and as a
// static site, from the CUE that validates them.
//
//	docs.go        Page and what it consists of
//	build.go       Library → pages    def.go  a definition
//	index.go       the first page, and that of Kafka Connect's properties
//	inline.go      the text of comments, with its links and code
//	markdown.go    pages → Markdown
//	html.go        pages → a site that needs no server; site/ its parts
package docs

// Page is a page of the reference.
type Page struct {
	Path   string // connector/filestream: without an ending
	Title  string
	Group  string // under which the site's table of contents has it
	Blocks []Block
}

// Block is a part of a page: Heading, Para, List, Table or Code.
type Block interface{ block() }

// Heading begins a section.
type Heading struct {
	Level int // 2 or 3; the page's title is 1
	Text  string
}

// Para is a paragraph.
type Para []Span

// List is a list of lines.
type List [][]Span

// Table has a line of heads, and rows of as many cells.
type Table struct {
	Head []string
	Rows [][][]Span
}

// Code is text as it stands.
type Code struct{ Language, Text string }

func (Heading) block() {}
func (Para) block()    {}
func (List) block()    {}
func (Table) block()   {}
func (Code) block()    {}

// Span is a run of text.
type Span struct {
	Text string
	Code bool
	Link string // another page, with its section: connector/filestream#source
}

// text is a run of plain text.
func text(s string) []Span { return []Span{{Text: s}} }

// code is a run of code.
func code(s string) []Span { return []Span{{Text: s, Code: true}} }
