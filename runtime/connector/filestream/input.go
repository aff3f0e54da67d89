package filestream

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"time"
)

// fifoWait is how long a read of a FIFO without data may take.
const fifoWait = 20 * time.Millisecond

// fileInput reads the file of one name for good: what is appended to it, the
// next file when it is renamed or deleted, and its new content when it is
// truncated.
type fileInput struct {
	path       string
	log        *slog.Logger
	rotateWait time.Duration
	exactly    bool // each line is delivered exactly once

	f       *os.File // nil: not there yet
	fifo    bool
	next    int64     // the position that is read next
	missing bool      // it was said that there is no file
	silent  time.Time // since when a file with a successor has said nothing
}

func (in *fileInput) position() (int64, bool) { return in.next, !in.fifo }

// open opens the file and goes to the position. It returns nil where there is
// no file, and errAnew where the position cannot be one of this file.
func (in *fileInput) open() error {
	f, err := os.OpenFile(in.path, os.O_RDONLY|openNonblock, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if !in.missing {
			in.log.Warn("the file is not there; waiting for it", "file", in.path)
			in.missing = true
		}
		return nil
	}
	if err != nil {
		return openError(err, "read")
	}
	in.missing = false
	err = in.start(f)
	if err != nil && !errors.Is(err, errAnew) {
		f.Close()
		return err
	}
	in.f = f
	return err
}

// start looks at what f is and goes to the position.
func (in *fileInput) start(f *os.File) error {
	fi, err := f.Stat()
	if err != nil {
		return fmt.Errorf("filestream: %w", err)
	}
	in.fifo = fi.Mode()&fs.ModeNamedPipe != 0
	if in.fifo && in.exactly {
		return fmt.Errorf("filestream: open %s: it is a FIFO, which cannot be read again: give a regular file, or leave exactlyOnce out", in.path)
	}
	if in.fifo {
		return nil
	}
	if !fi.Mode().IsRegular() {
		return fmt.Errorf("filestream: open %s: it is a %s; the source reads regular files and FIFOs", in.path, kindOf(fi.Mode()))
	}
	anew, err := in.stale(f, fi.Size())
	if err != nil {
		return err
	}
	if anew {
		in.log.Warn("the committed position is not one of this file: it was truncated or replaced; reading from its beginning",
			"file", in.path, "position", in.next, "size", fi.Size())
		in.next = 0
		return errAnew
	}
	if _, err := f.Seek(in.next, io.SeekStart); err != nil {
		return fmt.Errorf("filestream: %w", err)
	}
	return nil
}

// stale says whether the position cannot be one of f, which has so many
// bytes: it lies behind its end, or not behind a line end. (\r ends a line for
// Connect, so a position of its making may follow one.)
func (in *fileInput) stale(f *os.File, size int64) (bool, error) {
	if in.next == 0 {
		return false, nil
	}
	if in.next > size {
		return true, nil
	}
	var b [1]byte
	if _, err := f.ReadAt(b[:], in.next-1); err != nil {
		return false, fmt.Errorf("filestream: %w", err)
	}
	return b[0] != '\n' && b[0] != '\r', nil
}

func (in *fileInput) read(p []byte) (int, error) {
	if in.f == nil {
		if err := in.open(); err != nil || in.f == nil {
			return 0, err
		}
	}
	if in.fifo {
		return in.readFIFO(p)
	}
	n, err := in.f.Read(p)
	in.next += int64(n)
	if n > 0 {
		in.silent = time.Time{}
		return n, nil
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, mark(fmt.Errorf("filestream: at position %d: %w", in.next, err))
	}
	return 0, in.atEnd()
}

// readFIFO reads what a writer has written. The end of one writer is not the
// end: the next may come.
func (in *fileInput) readFIFO(p []byte) (int, error) {
	// Where there are no deadlines (kqueue), the read does not wait at all.
	_ = in.f.SetReadDeadline(time.Now().Add(fifoWait))
	n, err := in.f.Read(p)
	in.next += int64(n)
	if n > 0 || err == nil || errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded) || wouldBlock(err) {
		return n, nil
	}
	return 0, fmt.Errorf("filestream: %w", err)
}

// atEnd looks whether the end of the file is only for now: whether it was
// truncated, or another file has taken its name.
func (in *fileInput) atEnd() error {
	fi, err := in.f.Stat()
	if err != nil {
		return fmt.Errorf("filestream: %w", err)
	}
	if fi.Size() < in.next {
		return in.truncated(fi.Size())
	}
	named, err := os.Stat(in.path)
	if err != nil || os.SameFile(fi, named) {
		// Where the name is gone the next file may come; the old one may be
		// written to until then.
		in.silent = time.Time{}
		return nil
	}
	if in.silent.IsZero() {
		in.silent = time.Now()
	}
	if time.Since(in.silent) < in.rotateWait {
		return nil
	}
	in.log.Info("the file was replaced; the old one is read to its end, going over to the new one", "file", in.path, "position", in.next)
	in.f.Close()
	in.f, in.next, in.silent = nil, 0, time.Time{}
	return errAnew
}

// truncated goes back to the beginning.
func (in *fileInput) truncated(size int64) error {
	if size == 0 {
		if err := in.checkSize(); err != nil {
			return err
		}
	}
	in.log.Warn("the file was truncated; reading from its beginning", "file", in.path, "position", in.next, "size", size)
	if _, err := in.f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("filestream: %w", err)
	}
	in.next = 0
	return errAnew
}

// checkSize refuses the files of /proc and their like, which have content and
// yet no size: each end of them would look like a truncation.
func (in *fileInput) checkSize() error {
	var b [1]byte
	if n, _ := in.f.ReadAt(b[:], 0); n == 0 {
		return nil
	}
	if fi, err := in.f.Stat(); err == nil && fi.Size() == 0 {
		return fmt.Errorf("filestream: read %s: it has content and no size (a file of /proc?); such files cannot be followed", in.path)
	}
	return nil
}

func (in *fileInput) close() error {
	if in.f == nil {
		return nil
	}
	f := in.f
	in.f = nil
	return f.Close()
}

// kindOf names what is no regular file.
func kindOf(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "directory"
	case m&fs.ModeDevice != 0:
		return "device"
	case m&fs.ModeSocket != 0:
		return "socket"
	}
	return "special file (" + m.Type().String() + ")"
}
