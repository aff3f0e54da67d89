package safe_test

import (
	"slices"
	"strings"
	"testing"

	"kcgen.dev/compiler/emit/safe"
)

func TestComment(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "//",
		"   ":                     "//",
		"text":                    "// text",
		"  indented ":             "//   indented",
		"tab\there":               "// tab here",
		"go:embed x":              "// go:embed x",
		"+build x":                "// | +build x",
		" +build":                 "// |  +build",
		"\u200b+build x":          "// | +build x",
		"a\x00b\x1b[31mc\x7fd":    "// ab[31mcd",
		"a\u202eb\u2066c\ufeffd":  "// abcd",
		"bad \xff\xfe utf":        "// bad  utf",
		"*/ x /*":                 "// */ x /*",
		"line\u2028sep":           "// linesep",
		"Schütze die Größe: 日本 🎉": "// Schütze die Größe: 日本 🎉",
	} {
		if got := safe.Comment(in); got != want {
			t.Errorf("Comment(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestComments(t *testing.T) {
	got := safe.Comments([]string{"one", "", "two\nthree\r\nfour\u2028five", "+build\n+build"})
	want := []string{"// one", "//", "// two", "// three", "// four", "// five", "// | +build", "// | +build"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func FuzzComment(f *testing.F) {
	f.Add("a\nb")
	f.Fuzz(func(t *testing.T, s string) {
		got := safe.Comment(s)
		if !strings.HasPrefix(got, "// ") && got != "//" || strings.ContainsAny(got, "\n\r\x00\v\f\u0085\u2028\u2029") {
			t.Errorf("Comment(%q) = %q", s, got)
		}
	})
}

func TestGroupImports(t *testing.T) {
	for in, want := range map[string]string{
		"package x\n\nimport (\n\t\"a.b/c\"\n\t\"time\"\n)\nx": "package x\n\nimport (\n\t\"time\"\n\n\t\"a.b/c\"\n)\nx",
		"package x\n\nimport \"time\"\n":                       "package x\n\nimport \"time\"\n",
		"package x\n\nimport (\n\t\"os\"\n\t\"time\"\n)\n":     "package x\n\nimport (\n\t\"os\"\n\t\"time\"\n)\n",
		"package x\n\nimport (\n\tt2 \"a.b/t\"\n\t\"t\"\n)\n":  "package x\n\nimport (\n\t\"t\"\n\n\tt2 \"a.b/t\"\n)\n",
		"package x\n\nimport (\n":                              "package x\n\nimport (\n",
	} {
		if got := string(safe.GroupImports([]byte(in))); got != want {
			t.Errorf("GroupImports(%q) = %q, want %q", in, got, want)
		}
	}
}
