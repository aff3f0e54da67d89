package servertest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// Many who ask at once get one installation.
func TestInstallOnce(t *testing.T) {
	t.Setenv(CacheEnv, t.TempDir())
	var built atomic.Int32
	r := recipe{name: "thing", version: "1", build: func(_ context.Context, dir string) error {
		built.Add(1)
		return os.WriteFile(filepath.Join(dir, "file"), nil, 0o644)
	}}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			dir, err := install(t.Context(), r)
			if err == nil {
				_, err = os.Stat(filepath.Join(dir, "file"))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := built.Load(); n != 1 {
		t.Errorf("built %d times, want once", n)
	}
}

// An installation that failed half way is made anew, and a change of its files
// is another installation.
func TestInstallAgain(t *testing.T) {
	t.Setenv(CacheEnv, t.TempDir())
	fail := true
	r := recipe{name: "thing", version: "1", build: func(_ context.Context, dir string) error {
		if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
			return err // it is there: the folder was not empty
		}
		if fail {
			return errors.New("cut off")
		}
		return nil
	}}
	if _, err := install(t.Context(), r); err == nil {
		t.Fatal("a failed installation was taken for a good one")
	}
	fail = false
	one, err := install(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	r.files = "changed"
	two, err := install(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if one == two {
		t.Errorf("other files, same folder %s", one)
	}
}
