package report

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReplaceSection(t *testing.T) {
	path := filepath.Join(t.TempDir(), "README.md")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("a\n<!-- x -->\nold\n<!-- /x -->\nb\n")
	for _, text := range []string{"new", "newer\n"} {
		if err := ReplaceSection(path, "x", text); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := os.ReadFile(path)
	if want := "a\n<!-- x -->\n\nnewer\n\n<!-- /x -->\nb\n"; string(got) != want {
		t.Errorf("the file is %q, want %q", got, want)
	}
	write("<!-- /x -->\n<!-- x -->\n")
	if err := ReplaceSection(path, "x", "new"); err == nil {
		t.Error("markers in the wrong order were taken")
	}
}
