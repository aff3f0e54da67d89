package dirlist

import (
	"fmt"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connect/connecttest"
)

func TestContract(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the suite makes ten thousand records, which are files here")
	}
	connecttest.Source(t, driver{})
}

type driver struct{}

func (driver) New(t testing.TB) connecttest.SourceWorld { return world(t.TempDir()) }

func (driver) Invalid(testing.TB) map[string]connect.Source {
	return map[string]connect.Source{
		"pattern":  Source{Directory: ".", Topic: "files", Pattern: "[", Interval: time.Second},
		"interval": Source{Directory: ".", Topic: "files", Pattern: "*"},
	}
}

// A world is a directory of files whose names are numbers.
type world string

func (w world) Source() connect.Source {
	return Source{Directory: string(w), Topic: "files", Pattern: "*.csv", Interval: 20 * time.Millisecond}
}

func (w world) Add(t testing.TB, first, n int) {
	for i := first; i < first+n; i++ {
		put(t, string(w), fmt.Sprintf("%d.csv", i), "text", i)
	}
}

func (w world) Number(r *connect.Record) (i int, err error) {
	if err := connect.Validate(fileSchema, r.Value.Value); err != nil {
		return 0, err
	}
	v := r.Value.Value.Struct()
	name := v.Get("name").Str()
	if _, err := fmt.Sscanf(name, "%d.csv", &i); err != nil {
		return 0, fmt.Errorf("file %q: %w", name, err)
	}
	if r.Topic != "files" || r.Key.Value.Str() != name || v.Get("size").Int() != 4 || v.Get("modified").Instant().Unix() != second(i).Unix() {
		return 0, fmt.Errorf("file %q: a damaged record: %+v", name, r)
	}
	return i, nil
}
