package runtime

import (
	"testing"

	"kcgen.dev/runtime/worker"
)

func TestSnapshotRows(t *testing.T) {
	for _, c := range []struct {
		of   []*worker.Snapshot
		want string
	}{
		{nil, ""},
		{[]*worker.Snapshot{nil}, ""},
		{[]*worker.Snapshot{{Read: 500, All: 2000}, {Read: 500}}, "  snapshot: 1,000 rows"},
		{[]*worker.Snapshot{{Read: 500, All: 1500}, {Read: 0, All: 500}}, "  snapshot [=====               ] 25%, 500 of about 2,000 rows"},
		{[]*worker.Snapshot{{Read: 30, All: 20}}, "  snapshot [====================] 100%, 30 of about 30 rows"},
	} {
		var r snapshotRows
		for _, s := range c.of {
			r.add(s)
		}
		if got := r.String(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
