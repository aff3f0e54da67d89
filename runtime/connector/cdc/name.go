package cdc

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// maxTopic is how long a topic's name may be.
const maxTopic = 249

// sanitize makes a name one that a topic may have.
func sanitize(name string) string {
	var b strings.Builder
	for _, c := range utf16.Encode([]rune(name)) {
		if letter(c) || digit(c) || c == '.' || c == '_' || c == '-' {
			b.WriteByte(byte(c))
		} else {
			b.WriteByte('_')
		}
	}
	switch s := b.String(); {
	case len(s) > maxTopic:
		return s[:maxTopic]
	case s == "." || s == "..":
		return strings.Repeat("_", len(s))
	default:
		return s
	}
}

// adjuster makes a name one that Avro allows.
type adjuster func(name string) string

// newAdjuster is the adjuster of a mode; that of field names allows no dots.
func newAdjuster(mode string, field bool) (adjuster, error) {
	switch mode {
	case "", "none":
		return func(name string) string { return name }, nil
	case "avro":
		return func(name string) string { return adjust(name, field, false) }, nil
	case "avro_unicode":
		return func(name string) string { return adjust(name, field, true) }, nil
	}
	return nil, fmt.Errorf("%q is none of none, avro, avro_unicode", mode)
}

// adjust replaces what Avro does not allow by '_', or by its code. Characters are
// Java's, so one beyond 16 bits counts as two.
func adjust(name string, field, codes bool) string {
	var b strings.Builder
	for i, c := range utf16.Encode([]rune(name)) {
		ok := letter(c) || c == '_' && !codes
		if i > 0 {
			ok = ok || digit(c) || c == '.' && !field
		}
		switch {
		case ok:
			b.WriteByte(byte(c))
		case codes:
			b.WriteString("_u")
			hex := strconv.FormatUint(uint64(c), 16)
			if len(hex) <= 2 {
				b.WriteString("00")
			}
			b.WriteString(hex)
		default:
			b.WriteByte('_')
			if i == 0 && digit(c) {
				b.WriteByte(byte(c)) // two names that differ in it stay two
			}
		}
	}
	return b.String()
}

func letter(c uint16) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func digit(c uint16) bool  { return c >= '0' && c <= '9' }
