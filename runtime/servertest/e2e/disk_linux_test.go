package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"kcgen.dev/runtime/servertest"
)

// smallDisk is a place where writes soon fail for want of space.
type smallDisk struct {
	t     *testing.T
	file  string
	mount string // "" for /dev/full
}

// newSmallDisk mounts a small tmpfs; who may not mount gets /dev/full, where
// every write fails.
func newSmallDisk(t *testing.T, size int) *smallDisk {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Logf("cannot mount a small disk (%v): taking /dev/full", err)
		return &smallDisk{t: t, file: "/dev/full"}
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return &smallDisk{t: t, file: filepath.Join(dir, "out.txt"), mount: dir}
}

// readOnly takes the right to write from the disk, or gives it back.
func (d *smallDisk) readOnly(flag uintptr) {
	d.t.Helper()
	if err := syscall.Mount("tmpfs", d.mount, "tmpfs", syscall.MS_REMOUNT|flag, ""); err != nil {
		d.t.Fatalf("mount the small disk anew: %v", err)
	}
}

// A file that cannot be written fails the task before anything is committed,
// and says so; when it can be everything arrives.
func TestReadOnlyFile(t *testing.T) {
	const n = 100
	l := newLab(t, servertest.SharedKafka(t), "sink")
	l.fill(0, n)
	disk := newSmallDisk(t, 1<<20)
	if disk.mount == "" {
		l.out = "/proc/version" // which nobody may write
	} else {
		if err := os.Symlink(disk.file, l.out); err != nil { // the log stands beside it
			t.Fatal(err)
		}
		disk.readOnly(syscall.MS_RDONLY)
	}
	l.fails(l.start(), l.out, "e2e-sink")
	if at := l.committed("e2e-sink"); at > 0 {
		t.Errorf("offset %d is committed", at)
	}
	if disk.mount == "" {
		return
	}
	disk.readOnly(0)
	p := l.start()
	l.wait(p, "the commit behind the last line", func() bool { return l.committed("e2e-sink") == n })
	l.stop(p)
	l.exact(l.checkOut(n))
}

// grow makes the disk larger; false where that cannot be.
func (d *smallDisk) grow(size int) bool {
	d.t.Helper()
	if d.mount == "" {
		return false
	}
	if err := syscall.Mount("tmpfs", d.mount, "tmpfs", syscall.MS_REMOUNT, fmt.Sprintf("size=%d", size)); err != nil {
		d.t.Fatalf("make the small disk larger: %v", err)
	}
	return true
}

// lines is how many whole lines the disk holds.
func (d *smallDisk) lines() int64 {
	d.t.Helper()
	if d.mount == "" {
		return 0
	}
	data, err := os.ReadFile(d.file)
	if err != nil {
		d.t.Fatal(err)
	}
	return int64(bytes.Count(data, []byte{'\n'}))
}
