//go:build linux

package filestream

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"kcgen.dev/runtime/connect"
)

// smallDisk is a file system of a megabyte; ok is false where nobody may mount
// one.
func smallDisk(t *testing.T) (dir string, ok bool) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=1m"); err != nil {
		return "", false
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir, true
}

// fillDisk leaves less than a page of room.
func fillDisk(t *testing.T, dir string) (filler string) {
	t.Helper()
	filler = filepath.Join(dir, "filler")
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for page := make([]byte, 4096); ; {
		if _, err := f.Write(page); errors.Is(err, syscall.ENOSPC) {
			return filler
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// What is full: the disk of the lines, or that of the positions alone. The
// limit of a process on its files stands in where nobody may mount a disk, and
// is tested everywhere, as an error that does not go away by itself.
func TestExactSinkWithoutRoom(t *testing.T) {
	long := strings.Repeat("x", 300<<10)
	at := func(next int64) connect.Position { return connect.Position{TopicPartition: tp("a", 0), Offset: next} }
	// harm is done, and taken back, around f.
	type harm func(t *testing.T, path string, f func())
	full := func(t *testing.T, path string, f func()) {
		filler := fillDisk(t, filepath.Dir(path))
		f()
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
	}
	limited := func(n uint64) harm {
		return func(t *testing.T, _ string, f func()) { limitFileSize(t, n, f) }
	}
	for _, c := range []struct {
		name  string
		disk  bool
		harm  harm
		cause error
		again bool // the worker is to try again
		small bool // there is no room for positions either
	}{
		{"a full disk", true, full, syscall.ENOSPC, true, true},
		{"a limit of lines", false, limited(100 << 10), syscall.EFBIG, false, false},
		{"a limit of positions", false, limited(50), syscall.EFBIG, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if c.disk {
				var ok bool
				if dir, ok = smallDisk(t); !ok {
					t.Skip("needs the right to mount a file system; the limits below stand in for it")
				}
			}
			path := filepath.Join(dir, "f")
			s := mustOpenExactly(t, path)
			s.must(t, []string{"a0"}, at(1))
			refused := func(err error) {
				t.Helper()
				if !errors.Is(err, c.cause) || errors.Is(err, connect.ErrRetry) != c.again || !strings.Contains(err.Error(), dir) {
					t.Errorf("error %v, want %v of a file that it names", err, c.cause)
				}
			}
			c.harm(t, path, func() {
				refused(s.Put(context.Background(), texts(long)))
				holds(t, path, "a0\n")
			})
			s.must(t, []string{"a1"}) // there is room again
			c.harm(t, path, func() {
				if !c.small {
					return
				}
				refused(s.FlushAt(context.Background(), []connect.Position{at(2)}))
				s.stands(t, at(1))
				if _, err := os.Stat(positionsPath(path) + ".tmp"); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("half the positions are left: %v", err)
				}
			})
			if p, err := readPositions(path); err != nil || p.Length != 3 {
				t.Errorf("positions %+v (%v), want those of before", p, err)
			}
			s.must(t, nil, at(2))
			s.Close()
			s = mustOpenExactly(t, path)
			s.stands(t, at(2))
			holds(t, path, "a0\na1\n")
		})
	}
}

// A crash on a full disk leaves what the last flush made durable, and a start
// there changes nothing until there is room.
func TestExactSinkCrashesOnAFullDisk(t *testing.T) {
	dir, ok := smallDisk(t)
	if !ok {
		t.Skip("needs the right to mount a file system")
	}
	path := filepath.Join(dir, "f")
	s := mustOpenExactly(t, path)
	s.must(t, []string{"a0"}, connect.Position{TopicPartition: tp("a", 0), Offset: 1})
	s.must(t, []string{"lost"})
	filler := fillDisk(t, dir)
	if err := s.FlushAt(context.Background(), []connect.Position{{TopicPartition: tp("a", 0), Offset: 2}}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error %v, want ENOSPC", err)
	}
	s.Close()
	s = mustOpenExactly(t, path)
	holds(t, path, "a0\n")
	s.stands(t, connect.Position{TopicPartition: tp("a", 0), Offset: 1})
	s.Close()

	// A file that has no positions yet gets none.
	other := filepath.Join(dir, "g")
	if _, err := openExactly(other, 0); !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, connect.ErrRetry) {
		t.Errorf("error %v, want ENOSPC, to be tried again", err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	mustOpenExactly(t, other)
}

// On a disk that may not be written the sink does not open, and says so; one
// that becomes so under an open sink fails its flush for good.
func TestExactSinkReadOnly(t *testing.T) {
	dir, ok := smallDisk(t)
	if !ok {
		t.Skip("needs the right to mount a file system; TestPermission covers the same without")
	}
	readOnly := func(flag uintptr) {
		t.Helper()
		if err := syscall.Mount("none", dir, "tmpfs", syscall.MS_REMOUNT|flag, ""); err != nil {
			t.Fatal(err)
		}
	}
	// The lines are elsewhere: a file that is open for writing keeps its disk
	// from becoming read-only.
	path := filepath.Join(dir, "f")
	if err := os.Symlink(filepath.Join(t.TempDir(), "f"), path); err != nil {
		t.Fatal(err)
	}
	s := mustOpenExactly(t, path)
	s.must(t, []string{"a0"}, connect.Position{TopicPartition: tp("a", 0), Offset: 1})
	readOnly(syscall.MS_RDONLY)
	s.must(t, []string{"a1"})
	err := s.FlushAt(context.Background(), []connect.Position{{TopicPartition: tp("a", 0), Offset: 2}})
	if !errors.Is(err, syscall.EROFS) || errors.Is(err, connect.ErrRetry) || !strings.Contains(err.Error(), positionsPath(path)) {
		t.Errorf("error %v, want EROFS for good", err)
	}
	s.stands(t, connect.Position{TopicPartition: tp("a", 0), Offset: 1})
	s.Close()
	if _, err := openExactly(filepath.Join(dir, "g"), 0); !errors.Is(err, syscall.EROFS) || errors.Is(err, connect.ErrRetry) {
		t.Errorf("error %v, want EROFS for good", err)
	}
	readOnly(0)
	mustOpenExactly(t, path)
	holds(t, path, "a0\n")
}
