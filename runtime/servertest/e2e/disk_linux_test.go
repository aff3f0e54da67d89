package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
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
