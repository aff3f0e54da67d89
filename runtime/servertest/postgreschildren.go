package servertest

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A PostgreSQL is many processes, each the leader of its own group: one for
// each connection, and some that see to the disk. What is done to the server is
// done to them all.

// children are the processes that the server has started.
func (p *Postgres) children() ([]int, error) {
	pid := p.Process().Pid()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil, fmt.Errorf("servertest: list PostgreSQL's processes: %w", err)
	}
	var pids []int
	for _, f := range strings.Fields(string(text)) {
		if n, err := strconv.Atoi(f); err == nil {
			pids = append(pids, n)
		}
	}
	return pids, nil
}

// signalChildren sends a signal to the processes; those that have ended are no
// error.
func signalChildren(pids []int, sig syscall.Signal) error {
	for _, pid := range pids {
		if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("servertest: signal PostgreSQL's process %d: %w", pid, err)
		}
	}
	return nil
}

// Pause freezes the server: its connections stay open and nothing answers.
func (p *Postgres) Pause() error {
	if err := p.server.Pause(); err != nil { // so that it starts no more
		return err
	}
	pids, err := p.children()
	if err != nil {
		return err
	}
	return signalChildren(pids, syscall.SIGSTOP)
}

// Resume ends a Pause.
func (p *Postgres) Resume() error {
	pids, err := p.children()
	if err != nil {
		return err
	}
	return errors.Join(signalChildren(pids, syscall.SIGCONT), p.server.Resume())
}

// Kill ends the server at once (SIGKILL), keeping its data.
func (p *Postgres) Kill() {
	_ = p.server.Pause()
	pids, _ := p.children()
	p.server.Kill()
	_ = signalChildren(pids, syscall.SIGKILL)
}

// Restart kills the server and starts it on the same port and data.
func (p *Postgres) Restart() error { p.Kill(); return p.Start() }

// Start starts a server that was killed or stopped: its data is still there. The
// last processes of the one before may need a moment to let go of it.
func (p *Postgres) Start() error {
	var err error
	for begun := time.Now(); time.Since(begun) < Patience; time.Sleep(50 * time.Millisecond) {
		if err = p.server.Start(); err == nil || !strings.Contains(p.LogTail(3), "is still in use") {
			return err
		}
	}
	return err
}
