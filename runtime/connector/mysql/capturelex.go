package mysql

import (
	"strings"
)

// tokenKind says what a piece of a statement is.
type tokenKind uint8

const (
	endToken    tokenKind = iota
	wordToken             // a keyword, a name without quotes, a number
	nameToken             // a name in quotes
	textToken             // a text in quotes
	symbolToken           // one character
)

// token is one piece of a statement. Text is without quotes and escapes; raw is as it
// was written.
type token struct {
	kind       tokenKind
	text, raw  string
	start, end int // in the statement
}

// is compares a word that is not in quotes, in any case.
func (t token) is(word string) bool {
	return (t.kind == wordToken || t.kind == symbolToken) && strings.EqualFold(t.text, word)
}

// lexer cuts a statement into tokens, as both servers do. It never fails: what is not
// closed ends with the statement.
type lexer struct {
	s           string
	pos         int
	inHint      int  // how many /*! are open
	ansiQuotes  bool // "…" is a name
	noBackslash bool // \ is a character as others
}

// tokens are all tokens of a statement.
func tokens(s string, mode sqlMode) (all []token) {
	l := &lexer{s: s, ansiQuotes: mode&modeANSIQuotes != 0, noBackslash: mode&modeNoBackslash != 0}
	for {
		t := l.next()
		if t.kind == endToken {
			return all
		}
		all = append(all, t)
	}
}

// sqlMode is the part of a statement's sql_mode by which it is read.
type sqlMode uint64

const (
	modeANSIQuotes  sqlMode = 1 << 2
	modeNoBackslash sqlMode = 1 << 20
)

func (l *lexer) next() token {
	l.skip()
	if l.pos >= len(l.s) {
		return token{start: l.pos, end: l.pos}
	}
	start := l.pos
	switch c := l.s[l.pos]; {
	case c == '`', c == '"' && l.ansiQuotes:
		return l.quoted(nameToken, false)
	case c == '\'', c == '"':
		return l.quoted(textToken, !l.noBackslash)
	case isWordByte(c):
		for l.pos < len(l.s) && isWordByte(l.s[l.pos]) {
			l.pos++
		}
		l.fraction(start)
		text := l.s[start:l.pos]
		return token{wordToken, text, text, start, l.pos}
	}
	l.pos++
	return token{symbolToken, l.s[start:l.pos], l.s[start:l.pos], start, l.pos}
}

// fraction takes the rest of a number: 1.5 is one token, a.b is three.
func (l *lexer) fraction(start int) {
	for _, c := range []byte(l.s[start:l.pos]) {
		if c < '0' || c > '9' {
			return
		}
	}
	if l.pos+1 >= len(l.s) || l.s[l.pos] != '.' || l.s[l.pos+1] < '0' || l.s[l.pos+1] > '9' {
		return
	}
	for l.pos++; l.pos < len(l.s) && isWordByte(l.s[l.pos]); l.pos++ {
	}
}

func isWordByte(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// quoted reads what stands in the quotes at hand; a doubled quote is one.
func (l *lexer) quoted(kind tokenKind, escapes bool) token {
	start, quote := l.pos, l.s[l.pos]
	var text strings.Builder
	for l.pos++; l.pos < len(l.s); l.pos++ {
		switch c := l.s[l.pos]; {
		case c == quote && l.pos+1 < len(l.s) && l.s[l.pos+1] == quote:
			l.pos++
			text.WriteByte(quote)
		case c == quote:
			l.pos++
			return token{kind, text.String(), l.s[start:l.pos], start, l.pos}
		case c == '\\' && escapes && l.pos+1 < len(l.s):
			l.pos++
			text.WriteString(unescape(l.s[l.pos]))
		default:
			text.WriteByte(c)
		}
	}
	return token{kind, text.String(), l.s[start:], start, l.pos}
}

func unescape(c byte) string {
	switch c {
	case '0':
		return "\x00"
	case 'b':
		return "\b"
	case 'n':
		return "\n"
	case 'r':
		return "\r"
	case 't':
		return "\t"
	case 'Z':
		return "\x1a"
	case '%', '_':
		return "\\" + string(c)
	}
	return string(c)
}

// skip passes over white space and comments. What stands in /*! … */ counts: a
// server that has run it was new enough.
func (l *lexer) skip() {
	for l.pos < len(l.s) {
		rest := l.s[l.pos:]
		switch {
		case strings.IndexByte(" \t\r\n\f\v", rest[0]) >= 0:
			l.pos++
		case rest[0] == '#', rest == "--", strings.HasPrefix(rest, "--") && strings.IndexByte(" \t\r\n", rest[2]) >= 0:
			l.toEndOf("\n")
		case strings.HasPrefix(rest, "/*!"), strings.HasPrefix(rest, "/*M!"):
			l.pos += strings.IndexByte(rest, '!') + 1
			for l.pos < len(l.s) && l.s[l.pos] >= '0' && l.s[l.pos] <= '9' {
				l.pos++
			}
			l.inHint++
		case strings.HasPrefix(rest, "/*"):
			l.pos += 2
			l.toEndOf("*/")
		case l.inHint > 0 && strings.HasPrefix(rest, "*/"):
			l.inHint--
			l.pos += 2
		default:
			return
		}
	}
}

func (l *lexer) toEndOf(mark string) {
	if i := strings.Index(l.s[l.pos:], mark); i >= 0 {
		l.pos += i + len(mark)
	} else {
		l.pos = len(l.s)
	}
}
