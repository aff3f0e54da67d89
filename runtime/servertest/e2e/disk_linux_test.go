package e2e_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/proc"
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

// onDisk are the file sinks: the program, which is also its connector's name.
var onDisk = []string{"sink", "oncesink"}

// A file that cannot be written fails the task before anything is committed,
// and says so; when it can be everything arrives.
func TestReadOnlyFile(t *testing.T) {
	const n = 100
	for _, program := range onDisk {
		t.Run(program, func(t *testing.T) {
			l := newLab(t, servertest.SharedKafka(t), program)
			l.fill(0, n)
			disk := newSmallDisk(t, 1<<20)
			if disk.mount == "" {
				l.out = "/proc/version" // which nobody may write
			} else {
				l.out = disk.file
				disk.readOnly(syscall.MS_RDONLY)
			}
			l.fails(l.start(), l.out, "e2e-"+program)
			if at := l.committed("e2e-" + program); at > 0 {
				t.Errorf("offset %d is committed", at)
			}
			if disk.mount == "" {
				return
			}
			disk.readOnly(0)
			l.delivers(l.start(), n)
		})
	}
}

// delivers waits until all n lines are in the output, once and in order.
func (l *lab) delivers(p *proc.Process, n int64) {
	l.t.Helper()
	l.wait(p, "the commit behind the last line", func() bool { return l.committed("e2e-"+l.program) == n })
	l.stop(p)
	l.exact(l.checkOut(n))
}

// A disk that is full under a sink is waited for: the task does not fail, and
// goes on when there is room, without half a line, or one twice.
func TestFullDiskGetsRoom(t *testing.T) {
	const n = 20_000
	for _, program := range onDisk {
		t.Run(program, func(t *testing.T) {
			disk := newSmallDisk(t, 1<<20)
			if disk.mount == "" {
				t.Skip("needs the right to mount a file system; TestFileSizeLimit has the other way to run out of room")
			}
			l := newLab(t, servertest.SharedKafka(t), program)
			l.out = disk.file
			l.fill(0, n)
			p := l.start()
			l.waitLog(p, "no space left on device")
			if at, held := l.committed("e2e-"+program), disk.lines(); at > held {
				t.Errorf("offset %d is committed, and the full disk holds %d lines", at, held)
			}
			disk.grow(16 << 20)
			l.delivers(p, n)
			l.neverFailed(p)
		})
	}
}

// The disk of the positions alone is full, and then read-only: the first is
// waited for, the second fails the task, and nothing is committed past the
// positions. What was written beyond them is taken back by the next start.
func TestNoRoomForPositions(t *testing.T) {
	const n = 3000
	disk := newSmallDisk(t, 1<<20)
	if disk.mount == "" {
		t.Skip("needs the right to mount a file system; TestExactSinkWithoutRoom has a way without")
	}
	l := newLab(t, servertest.SharedKafka(t), "oncesink")
	lines := filepath.Join(t.TempDir(), "out.txt") // a file that is open for writing keeps its disk from becoming read-only
	if err := os.Symlink(lines, disk.file); err != nil {
		t.Fatal(err)
	}
	l.out = disk.file
	p := l.start()
	l.fill(0, n/3)
	l.wait(p, "the first commit", func() bool { return l.committed("e2e-oncesink") == n/3 })
	filler := filepath.Join(disk.mount, "filler")
	if err := os.WriteFile(filler, make([]byte, 2<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the small disk is not full: %v", err)
	}
	l.fill(n/3, 2*n/3)
	l.waitLog(p, "out.txt.positions.tmp: no space left on device")
	if at := l.committed("e2e-oncesink"); at != n/3 {
		t.Errorf("offset %d is committed, and the positions are at %d", at, n/3)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	l.wait(p, "the second commit", func() bool { return l.committed("e2e-oncesink") == 2*n/3 })
	l.neverFailed(p)
	disk.readOnly(syscall.MS_RDONLY)
	l.fill(2*n/3, n)
	l.fails(p, "out.txt.positions.tmp: read-only file system", "FAILED")
	if at := l.committed("e2e-oncesink"); at != 2*n/3 {
		t.Errorf("offset %d is committed, and the positions are at %d", at, 2*n/3)
	}
	disk.readOnly(0)
	l.delivers(l.start(), n)
}

// A process that may make no larger files: an error that does not go away by
// itself fails the task, with nothing half written and no offset past what is
// there; a start without the limit goes on. It needs no rights.
func TestFileSizeLimit(t *testing.T) {
	const n = 20_000
	for _, program := range onDisk {
		t.Run(program, func(t *testing.T) {
			l := newLab(t, servertest.SharedKafka(t), program)
			l.fill(0, n)
			l.fails(l.startUnder("ulimit -f 1024"), "file too large", "FAILED", l.out) // blocks, of 512 bytes or of 1024
			text, err := os.ReadFile(l.out)
			if err != nil {
				t.Fatal(err)
			}
			held := int64(bytes.Count(text, []byte{'\n'}))
			if len(text) > 0 && text[len(text)-1] != '\n' || int64(len(text)) != held*(lineSize+1) {
				t.Errorf("%d bytes are there with %d line ends", len(text), held)
			}
			if at := l.committed("e2e-" + program); at > held {
				t.Errorf("offset %d is committed, and the file holds %d lines", at, held)
			}
			p := l.start()
			l.wait(p, "the commit behind the last line", func() bool { return l.committed("e2e-"+program) == n })
			l.stop(p)
			r := l.checkOut(n)
			l.complete(r)
			if program == "oncesink" {
				l.exact(r)
			}
		})
	}
}

// startUnder runs the pipeline in a shell, behind its command.
func (l *lab) startUnder(command string) *proc.Process {
	l.t.Helper()
	return l.startCommand(l.environment(), "sh", "-c", command+` && exec "$0"`, l.binary())
}

// neverFailed fails the test if a task has failed.
func (l *lab) neverFailed(p *proc.Process) {
	l.t.Helper()
	log, err := p.Log()
	if err != nil {
		l.t.Fatal(err)
	}
	if bytes.Contains(log, []byte("the task has failed")) {
		l.t.Error("the task has failed, want it to wait")
	}
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
