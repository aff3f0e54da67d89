package filestream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"kcgen.dev/runtime/connect"
)

// exactFile is the sink's file where it holds each record once. What counts of
// it is what the positions beside it say: how long it is, and which record
// comes next. Everything behind that length was written by somebody who died
// before he could say so; it is cut off, and comes again. The file's lock is
// held as long as it is open: somebody who was frozen keeps it.
type exactFile struct {
	path string
	log  *slog.Logger

	f      *os.File
	noLock bool
	at     positions // as they are beside the file
	end    int64     // where the last Put ended
	wrote  int64     // by this Put
	failed error     // of a sync
}

func openExact(path string, log *slog.Logger) (*exactFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|openNonblock, 0o644)
	if err != nil {
		return nil, openError(err, "read and write")
	}
	e := &exactFile{path: path, log: log, f: f}
	if err := e.start(); err != nil {
		f.Close()
		return nil, err
	}
	return e, nil
}

// start takes the lock and goes to where the positions say.
func (e *exactFile) start() error {
	fi, err := e.f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = fmt.Errorf("%s is a %s; exactlyOnce needs a regular file", e.path, kindOf(fi.Mode()))
	}
	if err == nil {
		err = e.lock()
	}
	if err != nil {
		return fmt.Errorf("filestream: %w", err)
	}
	if fi, err = e.f.Stat(); err != nil { // with the lock it is nobody else's to change
		return fmt.Errorf("filestream: %w", err)
	}
	e.at, err = readPositions(e.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return e.adopt(fi.Size())
	case err != nil:
		return err
	}
	return e.cut(fi.Size())
}

// lock takes the file's lock, which another task, or a process that is about to
// end, may have.
func (e *exactFile) lock() error {
	ok, err := tryLock(e.f)
	switch {
	case err != nil && noLocks(err):
		e.log.Warn("the file system has no locks: see to it that no other process writes to the file", "file", e.path)
		e.noLock = true
		return nil
	case err != nil:
		return fmt.Errorf("lock %s: %w", e.path, err)
	case !ok:
		return connect.Retry(fmt.Errorf("%s is in the hands of another process or task: with exactlyOnce one alone writes to it", e.path))
	}
	return nil
}

// adopt begins to keep positions of a file that has none: what is in it stays.
func (e *exactFile) adopt(size int64) error {
	whole, err := lastLineEnd(e.f, size)
	if err != nil {
		return fmt.Errorf("filestream: %w", err)
	}
	if whole != size {
		return fmt.Errorf("filestream: %s has no positions beside it (%s), and its last line has no end: it is not known what was delivered; end the line, or move the file away", e.path, positionsPath(e.path))
	}
	e.end = size
	return e.keep(positions{Length: size})
}

// cut goes back to what the positions say of a file of so many bytes.
func (e *exactFile) cut(size int64) error {
	tail, err := e.tail(e.at.Length)
	if size < e.at.Length || errors.Is(err, io.EOF) || err == nil && !bytes.Equal(tail, e.at.Tail) {
		return fmt.Errorf("filestream: %s is not the file of %s, which has %d bytes that end otherwise: it was truncated or replaced; put the right one back, or remove both to begin anew where the group's offsets are", e.path, positionsPath(e.path), e.at.Length)
	}
	if err != nil {
		return fmt.Errorf("filestream: %w", err)
	}
	e.end = e.at.Length
	if size == e.end {
		return nil
	}
	e.log.Info("cut off what was written and not flushed; it comes again", "file", e.path, "bytes", size-e.end, "position", e.end)
	if err := e.f.Truncate(e.end); err != nil {
		return fmt.Errorf("filestream: %w", err)
	}
	return nil
}

// tail are the last bytes of the first so many.
func (e *exactFile) tail(length int64) ([]byte, error) {
	b := make([]byte, min(length, tailSize))
	_, err := e.f.ReadAt(b, length-int64(len(b)))
	return b, err
}

func (e *exactFile) begin(context.Context) error {
	if e.failed != nil {
		return e.failed
	}
	if !(&appendFile{path: e.path, f: e.f}).named() {
		return fmt.Errorf("filestream: %s was moved away or deleted: with exactlyOnce stop the sink first, and move %s with it", e.path, positionsPath(e.path))
	}
	e.wrote = 0
	return nil
}

func (e *exactFile) write(p []byte) error {
	n, err := e.f.WriteAt(p, e.end+e.wrote)
	e.wrote += int64(n)
	return err
}

func (e *exactFile) place() int64 { return e.end + e.wrote }

// done ends a Put. What was written of one that failed is overwritten by the
// next, or cut off by the next start.
func (e *exactFile) done(err error) error {
	if err == nil {
		e.end += e.wrote
		return nil
	}
	if terr := e.f.Truncate(e.end); terr != nil {
		return fmt.Errorf("%w; and what was written of the batch could not be taken back: %w", err, terr)
	}
	return err
}

// flush makes the lines durable, and then the positions with their length. A
// sync of the lines that failed is final: see appendFile.
func (e *exactFile) flush(ps []connect.Position) error {
	if e.failed != nil {
		return e.failed
	}
	next := e.at.with(ps)
	if next.Length = e.end; e.at.equal(next) {
		return nil
	}
	if e.end != e.at.Length {
		if err := e.f.Sync(); err != nil {
			e.failed = fmt.Errorf("filestream: %w", err)
			return e.failed
		}
	}
	return e.keep(next)
}

// keep writes the positions.
func (e *exactFile) keep(next positions) (err error) {
	if next.Tail, err = e.tail(next.Length); err != nil {
		return fmt.Errorf("filestream: %w", err)
	}
	if err := next.write(e.path); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(e.path)); err != nil {
		return fmt.Errorf("filestream: %w", err)
	}
	e.at = next
	return nil
}

func (e *exactFile) close() error { return e.f.Close() }
