package jsontext

import (
	"unicode/utf16"
	"unicode/utf8"
)

// unescape resolves the escapes of a string that the tape has checked. Half a
// surrogate pair becomes '?', which is what Java writes for it.
func unescape(s []byte) []byte {
	out := make([]byte, 0, len(s))
	for len(s) > 0 {
		n := 0
		for n < len(s) && s[n] != '\\' {
			n++
		}
		out = append(out, s[:n]...)
		if s = s[n:]; len(s) == 0 {
			break
		}
		switch c := s[1]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, size := unescapeRune(s)
			out = utf8.AppendRune(out, r)
			s = s[size:]
			continue
		default:
			out = append(out, c)
		}
		s = s[2:]
	}
	return out
}

// unescapeRune reads \uXXXX, or two of them that are one character.
func unescapeRune(s []byte) (r rune, size int) {
	r, _ = hex4(s[2:])
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
		low, _ := hex4(s[8:])
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return '?', 6
}

// Halved reports whether the escapes hold half a surrogate pair.
func Halved(s []byte) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			continue
		}
		if s[i+1] != 'u' {
			i++
			continue
		}
		first, _ := hex4(s[i+2:])
		_, size := unescapeRune(s[i:])
		if size == 6 && utf16.IsSurrogate(first) {
			return true
		}
		i += size - 1
	}
	return false
}
