//go:build linux

package filestream

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
	"kcgen.dev/runtime/connect"
)

// asNobody runs f with the file rights of an ordinary user, also where the
// tests run as root.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Getuid() != 0 {
		f()
		return
	}
	const nobody = 65534
	done := make(chan error)
	go func() {
		// The rights are the thread's; without an unlock it ends with the
		// goroutine.
		runtime.LockOSThread()
		if _, err := unix.SetfsuidRetUid(nobody); err != nil {
			done <- err
			return
		}
		f()
		done <- nil
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// opened gives a directory that everybody may search.
func opened(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestPermission(t *testing.T) {
	path := filepath.Join(opened(t), "f")
	write(t, path, "a\n")
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() {
		_, rerr := newReader(t, Source{File: path}, nil)
		_, werr := Sink{File: path}.Open(context.Background(), connect.SinkContext{Log: slog.New(slog.DiscardHandler)})
		for what, err := range map[string]error{"read it": rerr, "read and write it": werr} {
			if err == nil || !strings.Contains(err.Error(), "permission denied") || !strings.Contains(err.Error(), what) || errors.Is(err, connect.ErrRetry) {
				t.Errorf("error %v, want what to do: %s", err, what)
			}
		}
	})
}

// A file that appears later without the right to read it fails the Poll.
func TestPermissionLater(t *testing.T) {
	path := filepath.Join(opened(t), "f")
	r := open(t, Source{File: path}, nil)
	write(t, path, "a\n")
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() {
		if err := r.task.Poll(context.Background(), &r.batch); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("error %v", err)
		}
	})
}

func TestNotAFile(t *testing.T) {
	for path, says := range map[string]string{
		t.TempDir(): "it is a directory", "/dev/zero": "it is a device",
	} {
		if _, err := newReader(t, Source{File: path}, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// A file of /proc has content and no size; it would be read again and again.
func TestProc(t *testing.T) {
	r := open(t, Source{File: "/proc/cpuinfo"}, nil)
	for range 1000 {
		r.batch.Reset()
		if err := r.task.Poll(context.Background(), &r.batch); err != nil {
			if !strings.Contains(err.Error(), "no size") {
				t.Error(err)
			}
			return
		}
	}
	t.Error("/proc/cpuinfo was read without an end")
}

func TestFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Sink{File: path}.Open(context.Background(), connect.SinkContext{Log: slog.New(slog.DiscardHandler)})
	if !errors.Is(err, connect.ErrRetry) {
		t.Errorf("a sink to a FIFO without a reader: %v, want one to try again", err)
	}
	r := open(t, Source{File: path}, nil)
	if got := r.lines(); got != nil {
		t.Errorf("lines %q of a FIFO without a writer", got)
	}
	for range 2 { // one writer after the other
		w := openWriter(t, path)
		w.put("a", "b")
		w.flush()
		w.task.Close()
		if got := r.lines(); len(got) != 2 || got[0] != "a" || got[1] != "b" {
			t.Errorf("lines %q, want a and b", got)
		}
	}
	if r.offset != "" {
		t.Errorf("a FIFO has the offset %s", r.offset)
	}
}

// A device that is full: an error that may go away.
func TestDevFull(t *testing.T) {
	w := openWriter(t, "/dev/full")
	if err := w.task.Put(context.Background(), texts("a")); !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, connect.ErrRetry) {
		t.Errorf("error %v, want ENOSPC, to be tried again", err)
	}
}

// A write that the system ends in the middle is taken back, and the repetition
// leaves nothing twice.
func TestTakenBack(t *testing.T) {
	w := openWriter(t, filepath.Join(t.TempDir(), "f"))
	w.put("before")
	w.flush()
	lines := make([]string, 20)
	for i := range lines {
		lines[i] = strings.Repeat("x", 30<<10)
	}
	limitFileSize(t, 400<<10, func() { // between the first write and the second
		err := w.task.Put(context.Background(), texts(lines...))
		if !errors.Is(err, syscall.EFBIG) || errors.Is(err, connect.ErrRetry) {
			t.Errorf("error %v, want EFBIG, which does not go away", err)
		}
		w.holds("before\n")
	})
	w.put(lines...)
	w.flush()
	w.holds("before\n" + strings.Join(lines, "\n") + "\n")
}

func limitFileSize(t *testing.T, n uint64, f func()) {
	t.Helper()
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
			t.Fatal(err)
		}
	}()
	f()
}

// A full disk, for real: what fits stays whole, the rest is told, and goes in
// when there is room.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("needs the right to mount a file system (TestTakenBack and TestDevFull cover the same without): %v", err)
	}
	defer syscall.Unmount(dir, 0)
	filler := filepath.Join(dir, "filler")
	write(t, filler, strings.Repeat("f", 900<<10))
	w := openWriter(t, filepath.Join(dir, "f"))
	defer w.task.Close()
	w.put("before")
	line := strings.Repeat("x", 300<<10)
	err := w.task.Put(context.Background(), texts(line))
	if !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, connect.ErrRetry) {
		t.Errorf("error %v, want ENOSPC, to be tried again", err)
	}
	w.holds("before\n")
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	w.put(line)
	w.flush()
	w.holds("before\n" + line + "\n")
}

// The lock of another is waited for, until the context ends.
func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	w := openWriter(t, path)
	other, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if ok, err := tryLock(other); !ok || err != nil {
		t.Fatal(ok, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.task.Put(ctx, texts("a")); !errors.Is(err, context.Canceled) {
		t.Errorf("Put under another's lock: %v", err)
	}
	w.holds("")
	done := make(chan error)
	go func() { done <- w.task.Put(context.Background(), texts("a")) }()
	if err := unlock(other); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	w.holds("a\n")
}
