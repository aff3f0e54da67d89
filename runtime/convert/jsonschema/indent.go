package jsonschema

import "bytes"

// appendIndented appends compact JSON as Jackson's pretty printer writes it.
func appendIndented(dst, text []byte) []byte {
	depth := 0
	var stack []byte // of the arrays and objects that are open
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			end := stringEnd(text, i)
			dst = append(dst, text[i:end]...)
			i = end - 1
		case '{', '[':
			stack = append(stack, c)
			if text[i+1] == c+2 {
				dst = append(dst, c, ' ', c+2)
				stack = stack[:len(stack)-1]
				i++
				continue
			}
			dst = append(dst, c)
			if c == '{' {
				depth++
				dst = appendLine(dst, depth)
			} else {
				dst = append(dst, ' ')
			}
		case '}':
			stack = stack[:len(stack)-1]
			depth--
			dst = append(appendLine(dst, depth), c)
		case ']':
			stack = stack[:len(stack)-1]
			dst = append(dst, ' ', c)
		case ',':
			dst = append(dst, c)
			if stack[len(stack)-1] == '{' {
				dst = appendLine(dst, depth)
			} else {
				dst = append(dst, ' ')
			}
		case ':':
			dst = append(dst, " : "...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func stringEnd(text []byte, i int) int {
	for i++; text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func appendLine(dst []byte, depth int) []byte {
	dst = append(dst, '\n')
	return append(dst, bytes.Repeat([]byte("  "), depth)...)
}
