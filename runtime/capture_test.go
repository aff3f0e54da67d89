package runtime

import (
	"os"
	"path/filepath"
	"testing"
)

// captured runs a command, which wants files, and gives what it wrote to them.
func captured(t *testing.T, run func(stdout, stderr *os.File) int) (code int, stdout, stderr string) {
	t.Helper()
	dir := t.TempDir()
	var files [2]*os.File
	for i, name := range []string{"stdout", "stderr"} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	code = run(files[0], files[1])
	for i, s := range []*string{&stdout, &stderr} {
		b, err := os.ReadFile(files[i].Name())
		if err != nil {
			t.Fatal(err)
		}
		*s = string(b)
	}
	return code, stdout, stderr
}
