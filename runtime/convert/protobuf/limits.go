package protobuf

import "fmt"

// What a .proto text may be at most: it comes from outside.
const (
	maxText  = 4 << 20 // bytes of all files together
	maxDepth = 64      // of messages within messages, and of brackets in the text
	maxFiles = 1000

	maxFullName = 512     // bytes
	maxSchema   = 100_000 // fields, and values of their enums
	maxValues   = 10_000  // of one enum
	maxNested   = 100     // data within data, as Protobuf for Java reads it
)

// checkText refuses a text that costs too much to parse.
func checkText(s string) error {
	if len(s) > maxText {
		return fmt.Errorf("is larger than %d bytes", maxText)
	}
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"', '\'':
			i = afterString(s, i)
		case '/':
			i = afterComment(s, i)
		case '{', '[', '<', '(':
			if depth++; depth > maxDepth {
				return fmt.Errorf("has brackets more than %d deep", maxDepth)
			}
		case '}', ']', '>', ')':
			depth--
		}
	}
	return nil
}

// afterString is the end of the string that begins at i.
func afterString(s string, i int) int {
	quote := s[i]
	for i++; i < len(s) && s[i] != quote && s[i] != '\n'; i++ {
		if s[i] == '\\' {
			i++
		}
	}
	return i
}

// afterComment is the end of the comment that may begin at i.
func afterComment(s string, i int) int {
	if i+1 >= len(s) {
		return i
	}
	switch s[i+1] {
	case '/':
		for i < len(s) && s[i] != '\n' {
			i++
		}
	case '*':
		for i += 2; i+1 < len(s); i++ {
			if s[i] == '*' && s[i+1] == '/' {
				return i + 1
			}
		}
	}
	return i
}
