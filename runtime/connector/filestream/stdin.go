package filestream

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// stdinWait is how long a read of the standard input without data may take.
const stdinWait = 50 * time.Millisecond

// stdinInput reads the standard input. It has no positions: what was read is
// gone. It is not made non-blocking, which other programs that share it would
// feel, and not read ahead by a goroutine, which would lose what it holds.
type stdinInput struct{ f *os.File }

func (in *stdinInput) position() (int64, bool) { return 0, false }

func (in *stdinInput) read(p []byte) (int, error) {
	ready, err := waitReadable(in.f, stdinWait)
	if err != nil {
		return 0, fmt.Errorf("filestream: wait for the standard input: %w", err)
	}
	if !ready {
		return 0, nil
	}
	n, err := in.f.Read(p)
	if n > 0 || err == nil || wouldBlock(err) {
		return n, nil
	}
	if errors.Is(err, io.EOF) {
		return 0, io.EOF
	}
	return 0, fmt.Errorf("filestream: the standard input: %w", err)
}

func (in *stdinInput) close() error { return nil }
