package mysql

import (
	"strings"
	"testing"
)

// What the server refuses is known before it is asked; see also the sink's
// tests, which ask it.
func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"orders": "", "größe": "", strings.Repeat("ö", 64): "",
		strings.Repeat("n", 65): "at most 64", "n ": "space", "a\x00b": "NUL", "😀": "basic plane",
	} {
		if err := (dialect{}).CheckName(name); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
		if _, err := (dialect{}).ParseTable("`" + name + "`"); (err == nil) != (want == "") {
			t.Errorf("table %q: %v", name, err)
		}
	}
}
