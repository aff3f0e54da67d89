package about_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"kcgen.dev/runtime/about"
)

var record = about.Record{
	Kcgen: "v1", Runtime: "sha256:0", Go: "go1.26.0", Target: "linux/amd64",
	Pipelines: []about.Pipeline{{Name: "p", Spec: "p.cue", Files: []about.File{{Name: "p.cue", Text: "name: \"p\"\n"}}}},
	SBOM:      json.RawMessage(`{}`),
}

func seal(t testing.TB) string {
	t.Helper()
	s, err := about.Seal(record)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestFind finds a record between anything, and beside what looks like one.
func TestFind(t *testing.T) {
	s := seal(t)
	bad := strings.Replace(s, `"p"`, `"q"`, 1)
	for _, around := range []string{"%", "xx%yy", s[:40] + "%", "kcgen.dev/about 1 kcgen.dev/about 1 %", bad + "%" + bad, s[:len(s)-1] + "%"} {
		got, err := about.Find([]byte(strings.Replace(around, "%", s, 1)))
		if err != nil || !reflect.DeepEqual(*got, record) {
			t.Errorf("in %.60q: %+v, %v", around, got, err)
		}
	}
}

// TestFindNone: what was changed is no record.
func TestFindNone(t *testing.T) {
	s := seal(t)
	for _, text := range []string{"", "kcgen.dev/about 1 ", s[:len(s)-1], strings.Replace(s, "v1", "v2", 1), strings.Replace(s, "1 0", "1 f", 1)} {
		if got, err := about.Find([]byte(text)); !errors.Is(err, about.ErrNone) {
			t.Errorf("in %.60q: %+v, %v", text, got, err)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add([]byte(seal(f)))
	f.Add([]byte("kcgen.dev/about 1 ffffffff "))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := about.Find(b); (r == nil) == (err == nil) {
			t.Errorf("%v, %v", r, err)
		}
	})
}
