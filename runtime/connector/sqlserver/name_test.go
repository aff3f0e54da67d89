package sqlserver

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for name, good := range map[string]bool{"orders": true, strings.Repeat("ö", 128): true, strings.Repeat("n", 129): false, strings.Repeat("😀", 65): false} {
		if err := (dialect{}).CheckName(name); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}
