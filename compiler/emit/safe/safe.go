// Package safe turns text that others wrote into Go comments that can be
// nothing but comments. It imports the standard library alone.
package safe

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Comment is one line of Go comment, "// " and the text. What could end the
// line, hide or turn around what follows it (control characters, line and
// paragraph separators, bidi marks, byte order marks, broken UTF-8) is gone. A
// line that Go would obey is told apart: "// +build" is the only one with a
// space behind the slashes.
func Comment(line string) string {
	text := strings.TrimRight(Text(line), " ")
	if strings.HasPrefix(strings.TrimSpace(text), "+build") {
		text = "| " + text
	}
	if text == "" {
		return "//"
	}
	return "// " + text
}

// Text is a line without the characters that a reader does not see. Tabs
// become spaces.
func Text(line string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r == utf8.RuneError, !unicode.IsPrint(r):
			return -1
		}
		return r
	}, line)
}

// Comments are the comment lines of a text, whose lines may hold line breaks
// themselves.
func Comments(lines []string) []string {
	var out []string
	for _, l := range lines {
		for _, part := range strings.FieldsFunc(l+" ", isBreak) {
			out = append(out, Comment(part))
		}
	}
	return out
}

func isBreak(r rune) bool {
	return r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}
