package runtime

import (
	"io"
	"sync"
)

// screen is a program's standard error: log lines, and on a terminal one line
// below them that is written over.
type screen struct {
	out io.Writer

	mu     sync.Mutex
	status bool // that line stands there
}

const eraseLine = "\r\x1b[K"

// Write writes a log line in the place of the status line.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.erase(); err != nil {
		return 0, err
	}
	return s.out.Write(p)
}

// Status replaces the status line; "" takes it away.
func (s *screen) Status(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.erase()
	if line != "" {
		_, _ = io.WriteString(s.out, line)
		s.status = true
	}
}

func (s *screen) erase() error {
	if !s.status {
		return nil
	}
	s.status = false
	_, err := io.WriteString(s.out, eraseLine)
	return err
}
