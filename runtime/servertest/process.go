package servertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kcgen.dev/runtime/servertest/proc"
)

// Patience is longer than a server takes to start, and than what a test waits
// for takes to come, however busy the machine.
const Patience = 5 * time.Minute

// stopGrace is how long a server may take to stop.
const stopGrace = 30 * time.Second

// server is one server of any kind: a folder of its own, a command that starts
// it there (again), and a question that says whether it is ready.
type server struct {
	name    string
	dir     string // data and log
	command func() *exec.Cmd
	ready   func(ctx context.Context) error

	mu   sync.Mutex
	proc *proc.Process
}

func (s *server) logPath() string { return filepath.Join(s.dir, s.name+".log") }

// Start starts the server and waits until it is ready. It is for a server that
// was killed or stopped: its data is still there.
func (s *server) Start() error {
	p, err := proc.Start(s.command(), s.logPath())
	if err != nil {
		return err
	}
	s.set(p)
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	for {
		cause := s.ready(ctx)
		if cause == nil {
			return nil
		}
		select {
		case <-p.Done():
			return fmt.Errorf("servertest: %s ended while starting (%v); its log:\n%s", s.name, p.Wait(ctx), p.LogTail(20))
		case <-ctx.Done():
			p.Kill()
			return fmt.Errorf("servertest: %s is not ready after %s: %w; its log:\n%s", s.name, Patience, cause, p.LogTail(20))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// startOn starts the server for the first time, on a free port: on another one
// if somebody was quicker to take it, which the log says by the word taken.
func (s *server) startOn(port *int, taken string) error {
	var err error
	for range 3 {
		var ports []int
		if ports, err = freePorts(1); err != nil {
			return err
		}
		*port = ports[0]
		if err = s.Start(); err == nil || !strings.Contains(s.LogTail(50), taken) {
			return err
		}
	}
	return err
}

func (s *server) set(p *proc.Process) { s.mu.Lock(); s.proc = p; s.mu.Unlock() }

// Process is the running process, or the last one.
func (s *server) Process() *proc.Process { s.mu.Lock(); defer s.mu.Unlock(); return s.proc }

// Kill ends the server at once (SIGKILL), keeping its data.
func (s *server) Kill() { s.Process().Kill() }

// Restart kills the server and starts it on the same port and data.
func (s *server) Restart() error { s.Kill(); return s.Start() }

// Pause freezes the server: its connections stay open and nothing answers.
func (s *server) Pause() error { return s.Process().Pause() }

// Resume ends a Pause.
func (s *server) Resume() error { return s.Process().Resume() }

// LogTail is the end of the server's log.
func (s *server) LogTail(lines int) string { return proc.Tail(s.logPath(), lines) }

// stop ends the server in an orderly way.
func (s *server) stop() {
	if p := s.Process(); p != nil {
		_ = p.Stop(stopGrace) // servers end with odd codes, 143 for a JVM
	}
}

// stopAfter stops the server when the test ends, and shows its log if the test
// failed.
func (s *server) stopAfter(t testing.TB) {
	t.Cleanup(func() {
		s.stop()
		if t.Failed() {
			t.Logf("the end of %s's log:\n%s", s.name, s.LogTail(30))
		}
	})
}

// needServers skips a test under -short, where nothing is fetched or started.
func needServers(t testing.TB, name string) {
	t.Helper()
	if testing.Short() {
		t.Skipf("needs a real %s; run without -short", name)
	}
}

// needProgram finds a program, or says how to get it.
func needProgram(name, debianPackage string) (string, error) {
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("servertest: %s is not installed: run \"go run kcgen.dev/runtime/servertest/install\" as root, or apt-get install %s", name, debianPackage)
	}
	return path, err
}

// tempDir makes a folder for a server that no single test owns.
func tempDir(name string) (string, error) {
	dir, err := os.MkdirTemp("", "kcgen-"+name+"-")
	if err != nil {
		return "", fmt.Errorf("servertest: make a data folder: %w", err)
	}
	return dir, nil
}
