package hidden

import (
	"testing"

	"kcgen.dev/runtime/connect"
)

func TestDrop(t *testing.T) {
	for name, want := range map[string]bool{"a.csv": true, ".a.csv": false, "": true} {
		keep, err := Drop(&connect.Record{Key: connect.Datum{Value: connect.String(name)}})
		if keep != want || err != nil {
			t.Errorf("%q: keep %v, %v", name, keep, err)
		}
	}
}
