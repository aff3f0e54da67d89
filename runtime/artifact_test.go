package runtime

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"kcgen.dev/runtime/about"
)

// TestArtifactCommands: a program tells what kcgen build sealed into it, and says
// so where nothing was.
func TestArtifactCommands(t *testing.T) {
	sealed, err := about.Seal(about.Record{
		Runtime: "sha256:r", SBOM: json.RawMessage(`{"bomFormat":"CycloneDX"}`),
		Pipelines: []about.Pipeline{
			{Name: "a", Program: "sha256:a", Files: []about.File{{Name: "a.cue", Text: "name: \"a\"\n"}}},
			{Name: "b", Program: "sha256:b", Files: []about.File{{Name: "b.cue", Text: "1"}, {Name: "c.cue", Text: "2\n"}}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	const none = "a: about: there is no record of what it was built from"
	for _, c := range []struct {
		args, sealed   string
		code           int
		stdout, stderr string // stderr as it begins
	}{
		{"pack a spec", sealed, 0, "name: \"a\"\n", ""},
		{"pack b spec", sealed, 0, "-- b.cue --\n1\n-- c.cue --\n2\n", ""},
		{"pack sbom", sealed, 0, "{\n  \"bomFormat\": \"CycloneDX\"\n}\n", ""},
		{"b sbom", sealed, 0, "{\n  \"bomFormat\": \"CycloneDX\"\n}\n", ""},
		{"a spec more", sealed, 2, "", `a: spec: unexpected argument "more"`},
		{"a sbom -json", sealed, 2, "", "flag provided but not defined: -json"},
		{"a version -nonsense", sealed, 2, "", "flag provided but not defined: -nonsense"},
		{"a spec", "", 1, "", none},
		{"a sbom", "", 1, "", none},
		{"a spec", strings.Replace(sealed, "CycloneDX", "CycloneDY", 1), 1, "", none},
		{"bad spec", sealed, 1, "", strings.Replace(none, "a:", "bad:", 1)},
	} {
		code, stdout, stderr := sealedAs(t, c.sealed, c.args)
		if code != c.code || stdout != c.stdout || !strings.HasPrefix(stderr, c.stderr) || c.stderr == "" && stderr != "" {
			t.Errorf("%s: exit code %d\n%s%s", c.args, code, stdout, stderr)
		}
	}
}

// TestVersionJSON: the digests are those of the record; without one there are none.
func TestVersionJSON(t *testing.T) {
	sealed, err := about.Seal(about.Record{Runtime: "sha256:r", Pipelines: []about.Pipeline{{Name: "a", Program: "sha256:a"}}})
	if err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		sealed + "|a version -json":    "sha256:r [{a sha256:a}]",
		sealed + "|pack version -json": "sha256:r [{a sha256:a} {b } {bad }]",
		"|a version -json":             " [{a }]",
	} {
		record, line, _ := strings.Cut(args, "|")
		code, stdout, stderr := sealedAs(t, record, line)
		var v versions
		if err := json.Unmarshal([]byte(stdout), &v); err != nil || code != 0 || stderr != "" {
			t.Fatalf("%s: exit code %d, %v\n%s%s", line, code, err, stdout, stderr)
		}
		if got := fmt.Sprint(v.Runtime, " ", v.Pipelines); got != want || v.Kcgen == "" || !strings.HasPrefix(v.Go, "go") || !strings.Contains(v.Target, "/") {
			t.Errorf("%s: %s, want %s\n%s", line, got, want, stdout)
		}
	}
}

// sealedAs runs a pack's command line with a record in it.
func sealedAs(t *testing.T, sealed, args string) (code int, stdout, stderr string) {
	t.Helper()
	before := about.Sealed
	about.Sealed = sealed
	defer func() { about.Sealed = before }()
	return captured(t, func(stdout, stderr *os.File) int { return packCommand(packOf(), strings.Fields(args), stdout, stderr) })
}
