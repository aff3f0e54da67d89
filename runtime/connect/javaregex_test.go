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
		yes, err1 := re.Find(c.yes)
		no, err2 := re.Find(c.no)
		if yes == nil || no != nil || err1 != nil || err2 != nil {
			t.Errorf("%s became %s: %v, %v", c.pattern, re, yes, no)
		}
	}
}

func TestCompileJavaRegexRefuses(t *testing.T) {
	for pattern, want := range map[string]string{
		`ab\Gc`: `\G at 3: kcgen`, `(?x)a`: "the flag x at 3: kcgen", `(?U)a`: "the flag U at 3", `\X`: `\X at 1`, `\N{DIGIT ONE}`: `\N at 1`,
		`a\b{g}`: `\b{g} at 2: kcgen`, `\p{InGreek}`: `property \p{InGreek} at 1`,
		`(`: "( at 1 is not closed", `a)`: ") at 2 closes nothing", `a**`: "* at 3 repeats nothing", `?`: "? at 1", `a{`: "no repetition",
		`a{2,1}`: "the repetition at 2 ends before it begins", `a{9999999999}`: "the repetition at 2 is beyond 1073741824",
		`[a`: "not closed", `\y`: `\y at 1 means nothing`, `\`: "backslash at the end",
		`\p{`: "not closed", `\xg`: "no character", `(?<1>a)`: "has no name", `(?<n>a)(?<n>b)`: "has the name of another",
		`\k<n>(?<n>a)`: "to no group that comes before", `(?y)`: "begins no kind of group", `(?i--s)`: "is the second",
		strings.Repeat("(", 300): "more than 200 in each other",
	} {
		if _, err := CompileJavaRegex(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", pattern, err, want)
		}
	}
}
