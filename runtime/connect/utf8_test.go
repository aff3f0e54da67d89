package connect

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// ValidUTF8 judges as utf8.Valid does, wherever a byte stands.
func TestValidUTF8(t *testing.T) {
	for n := range 40 {
		plain := strings.Repeat("x", n)
		for at := range n + 1 {
			for _, s := range []string{"", "ä", "\x80", "\xff", "€", "\xc3"} {
				b := []byte(plain[:at] + s + plain[at:])
				if got, want := ValidUTF8(b), utf8.Valid(b); got != want {
					t.Fatalf("%q: %v, want %v", b, got, want)
				}
			}
		}
	}
}
