package filestream

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"kcgen.dev/runtime/connect"
)

// passing are the errors that go away when somebody makes room: space on the
// disk or in a quota, file descriptors, a reader of a FIFO. The sink has taken
// back what it wrote when it returns one, so trying again is safe and spares a
// restart by hand. Anything else (EIO, EROFS, EACCES …) fails the task.
var passing = []error{
	syscall.ENOSPC, syscall.EDQUOT, syscall.EAGAIN, syscall.EMFILE, syscall.ENFILE, syscall.ENXIO,
}

// mark marks err as one to be tried again where it may go away by itself.
func mark(err error) error {
	for _, e := range passing {
		if errors.Is(err, e) {
			return connect.Retry(err)
		}
	}
	return err
}

func wouldBlock(err error) bool { return errors.Is(err, syscall.EAGAIN) }

// openError says what to do about a file that could not be opened; right is
// what the program wanted to do with it.
func openError(err error, right string) error {
	err = fmt.Errorf("filestream: %w", err)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w; let user %d %s it, and search its directories", err, os.Getuid(), right)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w; make its directory first", err)
	}
	return mark(err)
}
