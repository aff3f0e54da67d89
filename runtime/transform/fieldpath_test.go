package transform

import (
	"slices"
	"strings"
	"testing"
)

// FuzzFieldPath: no path panics, and the names of one that is read make a path
// that is read as the same names.
func FuzzFieldPath(f *testing.F) {
	for _, text := range []string{"", "a", "a.b", "`a.b`.c", "a.`b", "`a`b`.c", "`a\\`.b`", ".", "``", "`", "a``.b", "`\\`"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path, err := parseFieldPath(text, "V2")
		if err != nil {
			if path != nil {
				t.Errorf("%q: %q and %v", text, path, err)
			}
			return
		}
		var quotes []string
		for _, name := range path {
			if strings.HasSuffix(name, `\`) {
				return // such a name has no quoted form
			}
			quotes = append(quotes, "`"+strings.ReplaceAll(name, "`.", "\\`.")+"`")
		}
		if again, err := parseFieldPath(strings.Join(quotes, "."), "V2"); err != nil || !slices.Equal(path, again) {
			t.Errorf("%q is %q, and %q is %q, %v", text, path, quotes, again, err)
		}
	})
}
