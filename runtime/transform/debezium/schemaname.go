package debezium

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// adjuster makes a schema's name fit.
type adjuster func(string) string

func newAdjuster(mode string) (adjuster, error) {
	switch mode {
	case "", "none":
		return func(name string) string { return name }, nil
	case "avro":
		return avroName, nil
	case "avro_unicode":
		return unicodeName, nil
	}
	return nil, fmt.Errorf(`schemaNameAdjustmentMode is %q, and has to be "none", "avro" or "avro_unicode"`, mode)
}

func isLetter(c uint16) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// isInner reports whether Avro allows a character that is not the first.
func isInner(c uint16) bool { return isLetter(c) || c >= '0' && c <= '9' || c == '.' }

// avroName puts _ for each of Java's characters that Avro does not allow; in
// front of a digit that would be the first.
func avroName(name string) string {
	var b strings.Builder
	for i, c := range utf16.Encode([]rune(name)) {
		switch {
		case isLetter(c) || c == '_' || i > 0 && isInner(c):
			b.WriteByte(byte(c))
		case i == 0 && unicode.IsDigit(rune(c)):
			b.WriteByte('_')
			b.WriteRune(rune(c))
		default:
			b.WriteByte('_')
		}
	}
	return b.String()
}

// unicodeName puts the number of each of Java's characters that Avro does not
// allow, and of _ itself, behind _u: of four digits where two would do.
func unicodeName(name string) string {
	var b strings.Builder
	for i, c := range utf16.Encode([]rune(name)) {
		switch {
		case isLetter(c) || i > 0 && isInner(c):
			b.WriteByte(byte(c))
		case c <= 0xff:
			fmt.Fprintf(&b, "_u00%x", c)
		default:
			fmt.Fprintf(&b, "_u%x", c)
		}
	}
	return b.String()
}
