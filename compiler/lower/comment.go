package lower

import (
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"
)

// comments are those of the user's files. One belongs to what begins on the
// line below it; of a: b: {…} to b.
type comments struct {
	ends  map[line][]string        // by the line that a comment ends on
	first map[line]token.Pos       // what begins a line
	outer map[token.Pos]*ast.Field // b → a, in a: b: {…}
}

// line is a line of a file.
type line struct {
	file string
	n    int
}

func lineOf(p token.Pos) line { return line{p.Filename(), p.Line()} }

func readComments(files []*ast.File) *comments {
	c := &comments{ends: map[line][]string{}, first: map[line]token.Pos{}, outer: map[token.Pos]*ast.Field{}}
	for _, f := range files {
		ast.Walk(f, c.node, nil)
	}
	return c
}

func (c *comments) node(n ast.Node) bool {
	for _, g := range ast.Comments(n) {
		if !g.Line && len(g.List) > 0 {
			c.ends[lineOf(g.List[len(g.List)-1].Pos())] = lines(g)
		}
	}
	switch n := n.(type) {
	case *ast.File, *ast.CommentGroup, *ast.Comment:
		return true
	case *ast.Field:
		if inner := shorthand(n); inner != nil {
			c.outer[inner.Pos()] = n
		}
	}
	if at := lineOf(n.Pos()); n.Pos().IsValid() && !c.first[at].IsValid() {
		c.first[at] = n.Pos()
	}
	return true
}

// shorthand is b in a: b: {…}; nil in a: {b: {…}}.
func shorthand(f *ast.Field) *ast.Field {
	s, ok := f.Value.(*ast.StructLit)
	if !ok || s.Lbrace.IsValid() || len(s.Elts) != 1 {
		return nil
	}
	inner, _ := s.Elts[0].(*ast.Field)
	return inner
}

// ofField is the comment above a field.
func (c *comments) ofField(f *ast.Field) []string {
	if shorthand(f) != nil {
		return nil // it is that of the inner one
	}
	begin := f
	for outer := c.outer[begin.Pos()]; outer != nil; outer = c.outer[begin.Pos()] {
		begin = outer
	}
	return c.above(begin.Pos())
}

// above is the comment that ends on the line above a place, if that begins its
// line.
func (c *comments) above(p token.Pos) []string {
	at := lineOf(p)
	if !p.IsValid() || c.first[at] != p {
		return nil
	}
	return c.ends[line{at.file, at.n - 1}]
}

func lines(g *ast.CommentGroup) []string {
	text := strings.TrimRight(g.Text(), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// pipelineDoc is the comment above the pipeline, or else above the package
// clause.
func (l *lowerer) pipelineDoc() []string {
	for _, kind := range []func(ast.Decl) bool{isEmbed, isPackage} {
		for _, f := range l.spec.Files {
			for _, d := range f.Decls {
				if !kind(d) {
					continue
				}
				if doc := l.comments.above(d.Pos()); doc != nil {
					return doc
				}
			}
		}
	}
	return nil
}

func isEmbed(d ast.Decl) bool { _, ok := d.(*ast.EmbedDecl); return ok }

func isPackage(d ast.Decl) bool { _, ok := d.(*ast.Package); return ok }
