package vuln

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// program links strings.Repeat, and nothing of net/smtp.
const program = `package main

import (
	"os"
	"strings"
)

func main() { os.Stdout.WriteString(strings.Repeat(os.Args[0], len(os.Args))) }
`

// compiled is the program, with its symbols or without.
func compiled(t *testing.T, ldflags string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"main.go": program, "go.mod": "module example.com/x\n\ngo 1.26.0\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", "x", "-ldflags="+ldflags, ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return filepath.Join(dir, "x")
}

func text(t *testing.T, binary string, o Options) (string, bool) {
	t.Helper()
	o.Database = "testdata/db"
	r, err := Scan(t.Context(), binary, o)
	if err != nil {
		t.Fatal(err)
	}
	r.Binary = "x"
	var b strings.Builder
	r.Text(&b)
	version := r.Findings[0].Version
	return strings.ReplaceAll(b.String(), version, "VERSION"), r.Fails()
}

// TestScan tells what is linked from what could be: a module may be vulnerable in
// what a program does not use.
func TestScan(t *testing.T) {
	const precise = `x: 1 known vulnerability in what is linked
  GO-0000-0001 CVE-0000-0001  Words may be repeated too often in strings
    std VERSION, fixed in no version yet
    strings.Repeat
  of modules of which other parts are linked: GO-0000-0002 (std VERSION)
`
	binary := compiled(t, "")
	if got, fails := text(t, binary, Options{Precise: true}); got != precise || !fails {
		t.Errorf("it fails: %t\n%s\nwant\n%s", fails, got, precise)
	}
	for _, id := range []string{"GO-0000-0001", "CVE-0000-0001"} {
		want := strings.Replace(precise, "in strings\n", "in strings  (accepted)\n", 1)
		if got, fails := text(t, binary, Options{Precise: true, Accept: []string{id}}); got != want || fails {
			t.Errorf("accepted %s: it fails: %t\n%s", id, fails, got)
		}
	}
	got, fails := text(t, compiled(t, "-s -w"), Options{Accept: []string{"GO-0000-0001"}})
	if !fails || !strings.HasPrefix(got, "x: 2 known vulnerabilities in the modules of which something is linked") || strings.Contains(got, "GO-0000-0003") {
		t.Errorf("without symbols: it fails: %t\n%s", fails, got)
	}
}

func TestFaults(t *testing.T) {
	for db, want := range map[string]string{
		"testdata":           "testdata is no copy of a vulnerability database",
		"file:///no/such/db": "vuln: scan main.go with file:///no/such/db",
	} {
		if _, err := Scan(t.Context(), "main.go", Options{Database: db}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", db, err)
		}
	}
	if _, err := Scan(t.Context(), "vuln.go", Options{Database: "testdata/db"}); err == nil || !strings.Contains(err.Error(), "unrecognized binary format") {
		t.Errorf("a text: %v", err)
	}
}
