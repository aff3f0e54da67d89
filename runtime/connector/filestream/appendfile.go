package filestream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// appendFile is the sink's regular file. Several tasks and processes may
// append to it (a second instance during a rebalance): each Put holds the
// file's lock. Who finds an end that it does not know cuts a line that was not
// finished: its writer died, its record was never committed and comes again.
type appendFile struct {
	path string
	log  *slog.Logger

	f       *os.File
	known   int64 // where our last Put ended, on a whole line; -1: unknown
	start   int64 // where this Put begins
	written int64 // by this Put
	newName bool  // the name may not be durable yet
	dirty   bool  // written since the last sync
	noLock  bool  // the file system has no locks
	failed  error // of a sync: what it was to save may be gone
}

// open opens the file that has the name now.
func (a *appendFile) open() error {
	// It is read as well: its last byte tells whether its last line is whole.
	f, err := os.OpenFile(a.path, os.O_RDWR|os.O_APPEND|os.O_CREATE|openNonblock, 0o644)
	if err != nil {
		return openError(err, "read and write")
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = fmt.Errorf("%s is a %s now", a.path, kindOf(fi.Mode()))
	}
	if err != nil {
		f.Close()
		return fmt.Errorf("filestream: %w", err)
	}
	a.f, a.known, a.newName = f, -1, true
	return nil
}

// begin takes the lock of the file that has the name now, and sees to it that
// it ends with a whole line.
func (a *appendFile) begin(ctx context.Context) error {
	if a.failed != nil {
		return a.failed
	}
	for {
		if a.f == nil {
			if err := a.open(); err != nil {
				return err
			}
		}
		if err := a.lock(ctx); err != nil {
			return err
		}
		if a.named() {
			break
		}
		if err := a.leave(); err != nil {
			a.unlock()
			return err
		}
	}
	if err := a.repair(); err != nil {
		a.unlock()
		return mark(fmt.Errorf("filestream: %w", err))
	}
	return nil
}

// leave lets go of a file that was renamed or deleted, maybe while we waited
// for its lock. What it holds of ours has to be safe before.
func (a *appendFile) leave() error {
	a.log.Info("the file was moved away; making a new one", "file", a.path)
	a.newName = false // it has gone
	if err := a.sync(); err != nil {
		return err
	}
	a.unlock()
	if err := a.close(); err != nil {
		return fmt.Errorf("filestream: %w", err)
	}
	return nil
}

// lock waits for the file's lock.
func (a *appendFile) lock(ctx context.Context) error {
	said := false
	for pause := minPause; !a.noLock; pause = min(2*pause, maxPause) {
		ok, err := tryLock(a.f)
		if err != nil && noLocks(err) {
			a.log.Warn("the file system has no locks: only one task may append to the file", "file", a.path)
			a.noLock = true
			return nil
		}
		if err != nil {
			return fmt.Errorf("filestream: lock %s: %w", a.path, err)
		}
		if ok {
			return nil
		}
		if pause == maxPause && !said {
			said = true
			a.log.Info("waiting for another process that writes to the file", "file", a.path)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("filestream: wait for the lock of %s: %w", a.path, ctx.Err())
		case <-time.After(pause):
		}
	}
	return nil
}

// unlock gives the lock back; closing the file would too.
func (a *appendFile) unlock() {
	if !a.noLock && a.f != nil {
		_ = unlock(a.f)
	}
}

// named says whether the open file still has the name. Where that cannot be
// found out it is taken to have it.
func (a *appendFile) named() bool {
	named, err := os.Stat(a.path)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	fi, err := a.f.Stat()
	return err != nil || os.SameFile(fi, named)
}

// repair finds the end of the file, and cuts an unfinished line off it.
func (a *appendFile) repair() error {
	fi, err := a.f.Stat()
	if err != nil {
		return err
	}
	size := fi.Size()
	a.start, a.written = size, 0
	if size == a.known {
		return nil
	}
	whole, err := lastLineEnd(a.f, size)
	if err != nil || whole == size {
		return err
	}
	if err := a.f.Truncate(whole); err != nil {
		return err
	}
	a.log.Warn("cut an unfinished line off the end of the file; its record was not committed and comes again",
		"file", a.path, "bytes", size-whole, "position", whole)
	a.start, a.dirty = whole, true
	return nil
}

// lastLineEnd is the position behind the last line end in the first size bytes
// of f.
func lastLineEnd(f *os.File, size int64) (int64, error) {
	buf := make([]byte, min(size, 64<<10))
	for to := size; to > 0; {
		p := buf[:min(to, int64(len(buf)))]
		if to == size {
			p = p[:1] // nearly always enough
		}
		from := to - int64(len(p))
		if _, err := f.ReadAt(p, from); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(p, '\n'); i >= 0 {
			return from + int64(i) + 1, nil
		}
		to = from
	}
	return 0, nil
}

func (a *appendFile) write(p []byte) error {
	a.dirty = true
	n, err := a.f.Write(p)
	a.written += int64(n)
	return err
}

func (a *appendFile) place() int64 { return a.start + a.written }

// end gives the lock back. A Put that failed is taken back first, so that its
// repetition leaves nothing twice and no line is half there.
func (a *appendFile) end(err error) error {
	defer a.unlock()
	if err == nil {
		a.known = a.start + a.written
		return nil
	}
	if terr := a.f.Truncate(a.start); terr != nil {
		a.known = -1 // the next Put repairs it
		return fmt.Errorf("%w; and what was written of the batch could not be taken back: %w", err, terr)
	}
	a.known = a.start
	return err
}

// sync makes the lines and the file's name durable. A sync that failed is
// final: the system has dropped what it could not write, and would call the
// next one a success.
func (a *appendFile) sync() error {
	if a.failed != nil {
		return a.failed
	}
	if a.dirty {
		if err := a.f.Sync(); err != nil {
			a.failed = fmt.Errorf("filestream: %w", err)
			return a.failed
		}
		a.dirty = false
	}
	if a.newName {
		if err := syncDir(filepath.Dir(a.path)); err != nil {
			return fmt.Errorf("filestream: %w", err)
		}
		a.newName = false
	}
	return nil
}

func (a *appendFile) close() error {
	if a.f == nil {
		return nil
	}
	f := a.f
	a.f = nil
	return f.Close()
}
