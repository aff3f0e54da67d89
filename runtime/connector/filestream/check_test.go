//go:build unix

package filestream

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"kcgen.dev/runtime/connect"
)

// problems are what is found wrong, a line each.
func problems(found []connect.Finding) string {
	var lines []string
	for _, f := range found {
		if f.Problem == "" {
			continue
		}
		word := "FAIL "
		if f.Warning {
			word = "warn "
		}
		lines = append(lines, word+f.What+": "+f.Problem)
	}
	return strings.Join(lines, "\n")
}

// A check names what is wrong with the file, opens nothing and makes nothing.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	file, fifo := filepath.Join(dir, "file"), filepath.Join(dir, "fifo")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	absent, below := filepath.Join(dir, "absent"), filepath.Join(dir, "absent", "file")
	for _, test := range []struct {
		c    connect.Checks
		want string
	}{
		{Source{}, ""},
		{Source{File: file}, ""},
		{Source{File: fifo}, ""},
		{Source{File: absent}, "warn file " + absent + " can be read: it is not there; the source waits for it"},
		{Source{File: dir}, "FAIL file " + dir + " can be read: it is a directory"},
		{Source{File: filepath.Join(file, "x")}, "FAIL file " + filepath.Join(file, "x") + " can be read: stat " + filepath.Join(file, "x") + ": not a directory"},
		{Sink{}, ""},
		{Sink{File: file}, ""},
		{Sink{File: fifo}, ""},
		{Sink{File: absent, ExactlyOnce: true}, ""},
		{Sink{File: dir}, "FAIL file " + dir + " can be appended to: it is a directory"},
		{Sink{File: below}, "FAIL file " + below + " can be appended to: " + absent + " is not there"},
	} {
		if got := problems(test.c.Check(t.Context(), connect.CheckContext{})); got != test.want {
			t.Errorf("%+v: %s; want %s", test.c, got, test.want)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
}
