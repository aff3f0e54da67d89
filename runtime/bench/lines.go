package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
)

// lineCounter counts the line ends of a file that grows.
type lineCounter struct {
	path string
	f    *os.File
	n    int
	buf  []byte
}

func (c *lineCounter) count() (int, error) {
	if c.f == nil {
		f, err := os.Open(c.path)
		if errors.Is(err, fs.ErrNotExist) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		c.f, c.buf = f, make([]byte, 1<<20)
	}
	for {
		n, err := c.f.Read(c.buf)
		c.n += bytes.Count(c.buf[:n], []byte("\n"))
		if err == io.EOF || n < len(c.buf) && err == nil {
			return c.n, nil
		}
		if err != nil {
			return c.n, err
		}
	}
}

func (c *lineCounter) close() {
	if c.f != nil {
		_ = c.f.Close()
	}
}
