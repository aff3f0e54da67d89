package preflight

import (
	"regexp"
	"testing"
)

// Whatever an expression is: names that it is taken for match it, and one that is
// taken for a prefix, without a word, matches all that begin so.
func FuzzPattern(f *testing.F) {
	for _, seed := range []string{`orders\..*`, `a|b|(c|d)`, `(?i)x`, `^orders$`, `x+`, `(`, `\Qa.b\E.*`, `(?:ab|ac).*`, ``, `a.*b`, `ä.*`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n := &Needs{}
		n.pattern(text, "sinks.x")
		re, err := regexp.Compile("^(?:" + text + ")$")
		if err != nil {
			return
		}
		for _, r := range n.Rights {
			switch {
			case !r.Prefix && !re.MatchString(r.Name):
				t.Errorf("%q does not match the name %q", text, r.Name)
			case r.Prefix && len(n.Notes) == 0 && !re.MatchString(r.Name+"rest"):
				t.Errorf("%q does not match all of %q", text, r.Name)
			}
		}
		if len(n.Rights)+len(n.Notes) == 0 {
			t.Errorf("of %q nothing is said", text)
		}
	})
}
