package docs

import (
	"regexp"
	"strings"
	"unicode"
)

// codeWord is what stands out as code in the text of a comment: the names of
// properties, in parentheses; strings; references; names with a # or with
// capitals inside.
var codeWord = regexp.MustCompile(`"[^" ]{1,60}"|\$\{[^{} ]*\}|\b[a-z][a-z0-9]*\.#[A-Z]\w*|#[A-Z]\w+|\b[a-z]+[a-z0-9]*[A-Z][A-Za-z0-9]*\b|\b[a-z][a-z0-9-]+(\.[A-Za-z0-9_<>-]+)+(\.\*)?`)

// inline is text with its code, and links to the definitions that it names.
func (b *builder) inline(page, s string) (out []Span) {
	for s != "" {
		at := codeWord.FindStringIndex(s)
		if at == nil {
			return append(out, Span{Text: s})
		}
		if at[0] > 0 {
			out = append(out, Span{Text: s[:at[0]]})
		}
		word := strings.TrimRight(s[at[0]:at[1]], ".")
		span := Span{Text: word, Code: true}
		if d := b.defs[word]; d != nil {
			if link := b.at[d]; link != page {
				span.Link = link
			}
		}
		out = append(out, span)
		s = s[at[0]+len(word):]
	}
	return out
}

// Prose is a text as paragraphs, for pages of what the library does not know of.
func Prose(text string) []Block { return new(builder).prose("", text) }

// prose is a comment as paragraphs: a blank line divides them.
func (b *builder) prose(page, doc string) (out []Block) {
	for _, p := range strings.Split(doc, "\n\n") {
		if p = strings.Join(strings.Fields(p), " "); p != "" {
			out = append(out, Para(b.inline(page, p)))
		}
	}
	return out
}

// slug is the name of a section, as GitHub makes it of a heading.
func slug(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, heading)
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
