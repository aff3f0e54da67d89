package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What `make chains` runs works, for a moment each; it fails where kcgen and
// Kafka Connect write something else.
func TestChains(t *testing.T) {
	if testing.Short() {
		t.Skip("make test installs Kafka Connect")
	}
	readme := filepath.Join(t.TempDir(), "README.md")
	if err := os.WriteFile(readme, []byte("<!-- chains -->\n<!-- /chains -->\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), options{rounds: 1, warmUp: 0.1, seconds: 0.1, readme: readme}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if !strings.Contains(string(text), "| "+c.title+" |") {
			t.Errorf("no %q in\n%s", c.title, text)
		}
	}
}
