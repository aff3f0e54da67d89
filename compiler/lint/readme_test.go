package lint

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table of README.md")

// TestReadme: README.md has the table of all lints.
func TestReadme(t *testing.T) {
	const file, begin, end = "README.md", "<!-- lints -->\n", "<!-- end of lints -->"
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(old), begin)
	_, tail, also := strings.Cut(rest, end)
	if !ok || !also {
		t.Fatalf("%s has no %s … %s", file, begin, end)
	}
	now := head + begin + table() + end + tail
	if now == string(old) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the lints are; go test -update writes it", file)
	}
	if err := os.WriteFile(file, []byte(now), 0o644); err != nil {
		t.Fatal(err)
	}
}

func table() string {
	var b strings.Builder
	b.WriteString("| | what | to mend it |\n| --- | --- | --- |\n")
	for _, id := range IDs() {
		l, _ := Find(id)
		_, fix, _ := strings.Cut(l.Text, "To mend it, ")
		fmt.Fprintf(&b, "| %s | %s | %s |\n", id, l.Title, strings.Join(strings.Fields(fix), " "))
	}
	return b.String()
}
