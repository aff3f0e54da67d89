package connect

import (
	"strings"
	"testing"
)

func TestCompileJavaRegex(t *testing.T) {
	for _, c := range []struct{ pattern, yes, no string }{
		{`\Qa.b\E+`, "a.bb", "axb"},
		{`^[\s]$`, "\v", "x"},
		{`^\S$`, "x", "\v"},
		{`^\h\H$`, "\u00a0x", "xx"},
		{`^\v\V$`, "\u2028x", "xx"},
		{`^\R$`, "\r\n", "x"},
		{`\u0041\x42\x{43}\0104\e\cA$`, "ABCD\x1b\x01", "ABCD"},
		{`^\p{Lower}\p{Upper}\P{Digit}\p{IsLatin}\p{gc=Lu}\pL$`, "aB-éÄx", "AB-éÄx"},
		{`^[a-z&&[^x-z]]$`, "w", "x"},
		{`^[a-d[m-p]]$`, "n", "e"},
		{`^[^a-d&&c-f]$`, "a", "c"},
		{`^[a-z&&[def]&&[^e]]$`, "d", "e"},
		{`^[^\S]$`, "\v", "x"},
		{`^[]a]$`, "]", "b"},
		{`^[a\Q]-\E]$`, "-", "b"},
		{`^[\w.-]+$`, "a_.-", "+"},
		{`^a.b$`, "a-b", "a\rb"},
		{`(?s)^a.b$`, "a\rb", "ab"},
		{`(?iu)^ab$`, "AB", "ac"},
		{`^(?<n>a|b){2,3}?$`, "aba", "a"},
		{`^\++$`, "++", "a"},
		{`^a\Z`, "a", "b"},
	} {
		re, err := CompileJavaRegex(c.pattern)
		if err != nil {
			t.Error(err)
			continue
		}
		if !re.MatchString(c.yes) || re.MatchString(c.no) {
			t.Errorf("%s became %s: %v, %v", c.pattern, re, re.MatchString(c.yes), re.MatchString(c.no))
		}
	}
}

func TestCompileJavaRegexRefuses(t *testing.T) {
	for pattern, want := range map[string]string{
		`a(?=b)`: "look-ahead (?=…) at 2", `(?!b)`: "negative look-ahead", `(?<=b)`: "look-behind (?<=",
		`(?<!b)`: "negative look-behind", `(?>b)`: "atomic group", `ab++`: "possessive quantifier ++ at 3",
		`a{2}+`: "possessive quantifier {2}+", `(a)\1`: `back reference \1 at 4`, `(?<n>a)\k<n>`: `back reference \k`,
		`\G`: `\G at 1`, `(?x)a`: "flag x", `\p{InGreek}`: `property \p{InGreek}`, `(`: "missing closing",
		`a**`: "repeats a repetition", `a{`: "no repetition", `[a`: "not closed", `\y`: `\y at 1 means nothing`, `\`: "backslash at the end",
		`(?i)[a[b]]`: "under (?i)", `\b{g}`: `\b{g}`, `\p{`: "not closed", `\xg`: "no character",
	} {
		if _, err := CompileJavaRegex(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", pattern, err, want)
		}
	}
}

// FuzzCompileJavaRegex: no pattern panics.
func FuzzCompileJavaRegex(f *testing.F) {
	f.Add(`^[a-z&&[^x]]+\Q.\E(?<n>\p{L}){2}$`)
	f.Add(`[^\S]`)
	f.Fuzz(func(t *testing.T, pattern string) { _, _ = CompileJavaRegex(pattern) })
}
