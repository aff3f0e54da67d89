//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package filestream

import (
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// openNonblock keeps the opening of a FIFO from waiting for its other end. On
// regular files it does nothing.
const openNonblock = syscall.O_NONBLOCK

// tryLock takes the lock of f if nobody else has it. Locks belong to open
// files, so they hold between tasks of one process too.
func tryLock(f *os.File) (bool, error) {
	err := control(f, func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// unlock gives the lock back.
func unlock(f *os.File) error {
	return control(f, func(fd int) error { return unix.Flock(fd, unix.LOCK_UN) })
}

// noLocks says whether err means that the file system has no locks.
func noLocks(err error) bool {
	return errors.Is(err, unix.ENOLCK) || errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS)
}

// waitReadable waits until a read of f would not block.
func waitReadable(f *os.File, d time.Duration) (ready bool, err error) {
	err = control(f, func(fd int) error {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(d.Milliseconds()))
		ready = n > 0
		return err
	})
	return ready, err
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	return nil
}

// control calls do with f's descriptor, again where a signal came between,
// and without changing its mode as Fd would.
func control(f *os.File, do func(fd int) error) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var derr error
	err = c.Control(func(fd uintptr) {
		for derr = do(int(fd)); derr == unix.EINTR; derr = do(int(fd)) {
		}
	})
	if err != nil {
		return err
	}
	return derr
}

// What this user may do with a name. Nothing is opened.

func canRead(file string) bool { return unix.Access(file, unix.R_OK) == nil }

func canMake(dir string) bool { return unix.Access(dir, unix.W_OK|unix.X_OK) == nil }

// canAppend says it of a regular file, which is read too, or of a FIFO or a
// device.
func canAppend(file string, m os.FileMode) bool {
	if m.IsRegular() {
		return unix.Access(file, unix.R_OK|unix.W_OK) == nil
	}
	return unix.Access(file, unix.W_OK) == nil
}
