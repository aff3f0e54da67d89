package jsontext

import "unicode/utf8"

// Bad is no place in a text.
const Bad = -1

// maxPass is how deep values are passed over.
const maxPass = 100

// maxExponent is how long an exponent may be, its letter included, so that any
// BigDecimal holds it.
const maxExponent = 9

// Pass gives the place behind the value that begins at a place of the text, or
// Bad. It makes nothing of the value and says nothing of what is wrong: where it
// passes, the tape takes the value and no number of it is out of bounds. It does
// not pass all that the tape would take.
func Pass(text []byte, at int) (end int) { return pass(text, at, 0) }

func pass(text []byte, at, depth int) int {
	if at >= len(text) || depth > maxPass {
		return Bad
	}
	switch text[at] {
	case '"':
		return PassString(text, at)
	case '{':
		return passParts(text, at, '}', depth)
	case '[':
		return passParts(text, at, ']', depth)
	case 't':
		return PassWord(text, at, "true")
	case 'f':
		return PassWord(text, at, "false")
	case 'n':
		return PassWord(text, at, "null")
	}
	return passNumber(text, at)
}

// passParts passes over an object or array, which ends with this byte.
func passParts(text []byte, at int, end byte, depth int) int {
	at = PassSpace(text, at+1)
	if at < len(text) && text[at] == end {
		return at + 1
	}
	for {
		if end == '}' {
			if at = PassName(text, at); at == Bad {
				return Bad
			}
		}
		if at = pass(text, at, depth+1); at == Bad {
			return Bad
		}
		var more bool
		if at, more = PassComma(text, at, end); !more {
			return at
		}
	}
}

// PassComma passes over what follows a part of an object or array: a comma, or
// the byte that ends it, behind which there is no more.
func PassComma(text []byte, at int, end byte) (_ int, more bool) {
	at = PassSpace(text, at)
	switch {
	case at >= len(text):
		return Bad, false
	case text[at] == ',':
		return PassSpace(text, at+1), true
	case text[at] == end:
		return at + 1, false
	}
	return Bad, false
}

// PassName passes over a member's name, and all up to its value.
func PassName(text []byte, at int) int {
	if at >= len(text) || text[at] != '"' {
		return Bad
	}
	if at = PassString(text, at); at == Bad {
		return Bad
	}
	return PassColon(text, at)
}

// PassColon passes over a colon and the space around it.
func PassColon(text []byte, at int) int {
	if at = PassSpace(text, at); at >= len(text) || text[at] != ':' {
		return Bad
	}
	return PassSpace(text, at+1)
}

// PassSpace passes over white space.
func PassSpace(text []byte, at int) int {
	for at < len(text) && text[at] <= ' ' && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r') {
		at++
	}
	return at
}

// PassWord passes over a word.
func PassWord(text []byte, at int, word string) int {
	end := at + len(word)
	if end > len(text) || string(text[at:end]) != word {
		return Bad
	}
	return end
}

// PassString passes over the string that begins at a quote.
func PassString(text []byte, at int) int {
	at++
	from, wide := at, false
	for {
		at += PlainLen(text[at:])
		if at >= len(text) {
			return Bad
		}
		switch c := text[at]; {
		case c == '"' && wide && !utf8.Valid(text[from:at]):
			return Bad
		case c == '"':
			return at + 1
		case c == '\\':
			if at = passEscape(text, at); at == Bad {
				return Bad
			}
		case c >= utf8.RuneSelf:
			wide = true
			for at < len(text) && text[at] >= utf8.RuneSelf {
				at++
			}
		default:
			return Bad
		}
	}
}

func passEscape(text []byte, at int) int {
	if at++; at >= len(text) {
		return Bad
	}
	switch text[at] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return at + 1
	case 'u':
		if at+5 > len(text) {
			return Bad
		}
		if _, ok := hex4(text[at+1:]); ok {
			return at + 5
		}
	}
	return Bad
}

func passNumber(text []byte, at int) int {
	from := at
	if text[at] == '-' {
		at++
	}
	if at = passDigits(text, at); at == Bad {
		return Bad
	}
	if at < len(text) && text[at] == '.' {
		if at = passDigits(text, at+1); at == Bad {
			return Bad
		}
	}
	if at < len(text) && text[at]|0x20 == 'e' {
		e := at
		if at++; at < len(text) && (text[at] == '+' || text[at] == '-') {
			at++
		}
		if at = passDigits(text, at); at == Bad || at-e > maxExponent {
			return Bad
		}
	}
	if at-from > maxNumber {
		return Bad
	}
	return at
}

// passDigits passes over one digit or more.
func passDigits(text []byte, at int) int {
	from := at
	for at < len(text) && text[at]-'0' <= 9 {
		at++
	}
	if at == from {
		return Bad
	}
	return at
}
