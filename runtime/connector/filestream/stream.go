package filestream

import (
	"context"
	"fmt"
	"os"
)

// stream is an output that only moves on: the standard output, a FIFO, a
// device. What is written is gone, so a Put that failed half-way is repeated.
type stream struct {
	f       *os.File
	own     bool // opened here, and to be closed here
	durable bool // a regular file: sync means something
	dirty   bool
}

func newStream(f *os.File, own bool) *stream {
	fi, err := f.Stat()
	return &stream{f: f, own: own, durable: err == nil && fi.Mode().IsRegular()}
}

// openStream opens a FIFO or a device. A FIFO without a reader is an error
// that may go away.
func openStream(path string) (*stream, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|openNonblock, 0)
	if err != nil {
		return nil, openError(err, "write")
	}
	return newStream(f, true), nil
}

func (s *stream) begin(context.Context) error { return nil }

func (s *stream) write(p []byte) error {
	s.dirty = true
	_, err := s.f.Write(p)
	return err
}

func (s *stream) place() int64 { return -1 }

func (s *stream) end(err error) error { return err }

func (s *stream) sync() error {
	if !s.durable || !s.dirty {
		return nil
	}
	if err := s.f.Sync(); err != nil {
		return fmt.Errorf("filestream: %w", err)
	}
	s.dirty = false
	return nil
}

func (s *stream) close() error {
	if !s.own {
		return nil
	}
	return s.f.Close()
}
