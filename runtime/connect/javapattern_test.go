package connect

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// javaCase is what Java 17 said of a pattern and a text: whether all of it
// matches, and where the first match and its groups are; or why it is no
// pattern.
type javaCase struct {
	Pattern string `json:"p"`
	Text    string `json:"t"`
	Matches bool   `json:"m"`
	Groups  []int  `json:"g"`
	Error   string `json:"e"`
}

// refusedPatterns are Java's and not ours.
var refusedPatterns = []string{`\p{javaLowerCase}`, `\p{IsAlphabetic}`}

// TestJavaPatterns compares with Java, with Go's engine and without it.
func TestJavaPatterns(t *testing.T) {
	f, err := os.Open("testdata/javapattern.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if n := compareJava(t, unzipped); n < 5000 {
		t.Errorf("%d cases", n)
	}
}

func compareJava(t *testing.T, r io.Reader) (n int) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var c javaCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		n++
		re, err := CompileJavaRegex(c.Pattern)
		switch {
		case c.Error == "Look-behind group does not have an obvious maximum length" && err == nil:
			// Ours needs none.
		case c.Error != "" && err == nil:
			t.Errorf("%q is a pattern, and Java says: %s", c.Pattern, c.Error)
		case c.Error == "" && err != nil && !slices.Contains(refusedPatterns, c.Pattern):
			t.Errorf("%v, but it is a pattern", err)
		case c.Error == "" && err == nil:
			re.compare(t, &c)
			re.find = nil
			re.compare(t, &c)
		}
	}
	if lines.Err() != nil {
		t.Error(lines.Err())
	}
	return n
}

func (re *JavaRegex) compare(t *testing.T, c *javaCase) {
	t.Helper()
	matches, err := re.Matches(c.Text)
	groups, err2 := re.Find(c.Text)
	if err != nil || err2 != nil || matches != c.Matches || !slices.Equal(groups, c.Groups) {
		t.Errorf("%q in %q (Go %v): %v %v, want %v %v; %v %v", c.Pattern, c.Text, re.find, matches, groups, c.Matches, c.Groups, err, err2)
	}
}

// TestJavaTooLong: what would take for ever is an error.
func TestJavaTooLong(t *testing.T) {
	for pattern, text := range map[string]string{
		`(?:(a+)+)\1!`:       strings.Repeat("a", 60),
		`(?:a|b)*?(?=!)`:     strings.Repeat("ab", 20_000),
		`(?:(?:a|b)*)*(?=!)`: strings.Repeat("ab", 50),
	} {
		re, err := CompileJavaRegex(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, try := range []func() error{
			func() error { _, err := re.Matches(text); return err },
			func() error { _, err := re.Find(text); return err },
		} {
			if err := try(); err == nil || !strings.Contains(err.Error(), "too many ways to try") {
				t.Errorf("%s: %v", pattern, err)
			}
		}
	}
}

// FuzzJavaPattern: no pattern and no text panics, or takes for ever; and Go's
// engine finds what ours does, where both may be asked.
func FuzzJavaPattern(f *testing.F) {
	f.Add(`^[a-z&&[^x]]+\Q.\E(?<n>\p{L}){2}$`, "ab.cd")
	f.Add(`(?<=a|bc)(?>a*+)\1(?i)[^\S]`, "aab")
	f.Add(`(a|ab)(c|bcd)(d*)`, "abcd")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		re, err := CompileJavaRegex(pattern)
		if err != nil || !re.fast(text) || len(text) > 100 {
			return
		}
		fast, _ := re.Find(text)
		matches, _ := re.Matches(text)
		re.find = nil
		slow, err := re.Find(text)
		if err != nil {
			return
		}
		if (fast == nil) != (slow == nil) || fast != nil && !slices.Equal(fast[:2], slow[:2]) {
			t.Errorf("%q in %q: %v, and with Go's engine %v", pattern, text, slow, fast)
		}
		if whole, err := re.Matches(text); err == nil && whole != matches {
			t.Errorf("%q and all of %q: %v, and with Go's engine %v", pattern, text, whole, matches)
		}
	})
}
