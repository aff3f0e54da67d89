// Package proc runs child processes that tests start, hurt and stop: servers
// as well as the programs under test. A child never outlives the process that
// started it (on Linux the kernel sees to that).
package proc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Process is a running or ended child.
type Process struct {
	cmd     *exec.Cmd
	logPath string
	done    chan struct{}
	err     error // of Wait; set when done is closed
}

// Start runs cmd in a process group of its own, with its output appended to
// the file logPath where cmd has no output of its own.
func Start(cmd *exec.Cmd, logPath string) (*Process, error) {
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("proc: open the log of %s: %w", cmd.Path, err)
	}
	defer log.Close()
	if cmd.Stdout == nil {
		cmd.Stdout = log
	}
	if cmd.Stderr == nil {
		cmd.Stderr = log
	}
	cmd.SysProcAttr = childAttr()
	p := &Process{cmd: cmd, logPath: logPath, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel ends the child when the thread that started it ends, so
		// this thread does nothing else until the child is gone.
		runtime.LockOSThread()
		if err := cmd.Start(); err != nil {
			started <- fmt.Errorf("proc: start %s: %w", cmd.Path, err)
			return
		}
		started <- nil
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for the end. It gives nil for exit code 0, an *exec.ExitError for
// another end, and ctx's error when that ends first.
func (p *Process) Wait(ctx context.Context) error {
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return fmt.Errorf("proc: %s is still running: %w", p.cmd.Path, context.Cause(ctx))
	}
}

// Signal sends sig to the process. One that has ended is no error.
func (p *Process) Signal(sig syscall.Signal) error {
	err := p.cmd.Process.Signal(sig)
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Pause stops the process where it stands (SIGSTOP); Resume lets it go on.
func (p *Process) Pause() error {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	return awaitStopped(p.cmd.Process.Pid)
}

// Resume ends a Pause.
func (p *Process) Resume() error { return p.Signal(syscall.SIGCONT) }

// Kill ends the process and its children with SIGKILL and waits for its end.
// One that has ended is left alone.
func (p *Process) Kill() {
	select {
	case <-p.done:
		return // its number may be another process's by now
	default:
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // the group; gone already is fine
	_ = p.cmd.Process.Kill()
	<-p.done
}

// Stop asks the process to end (SIGTERM) and kills it after grace. It returns
// what Wait does, or an error that says it had to be killed.
func (p *Process) Stop(grace time.Duration) error {
	_ = p.Resume() // a paused process takes no SIGTERM
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("proc: stop %s: %w", p.cmd.Path, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	err := p.Wait(ctx)
	if ctx.Err() != nil && err != nil {
		p.Kill()
		return fmt.Errorf("proc: %s did not end within %s of SIGTERM and was killed", p.cmd.Path, grace)
	}
	return err
}

// Usage is what a process used of the machine.
type Usage struct {
	CPU    time.Duration // user and system
	MaxRSS int64         // bytes
}

// Usage is known when the process has ended.
func (p *Process) Usage() Usage {
	<-p.done
	u, ok := p.cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return Usage{}
	}
	return Usage{CPU: p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime(), MaxRSS: int64(u.Maxrss) * maxRSSUnit}
}

// Sample is what a running process has used so far, and what it holds.
type Sample struct {
	CPU       time.Duration // user and system, in steps of 10 ms
	RSS, Peak int64         // bytes of memory, now and at the highest
}

// Sample asks the system about the running process; where it has ended, or the
// system has no /proc, that is an error.
func (p *Process) Sample() (Sample, error) {
	select {
	case <-p.done:
		return Sample{}, fmt.Errorf("proc: sample %s: %w", p.cmd.Path, os.ErrProcessDone)
	default:
		return sample(p.cmd.Process.Pid)
	}
}

// Log is everything the process has written so far.
func (p *Process) Log() ([]byte, error) { return os.ReadFile(p.logPath) }

// LogTail is the end of the log: at most n lines, or why there is none.
func (p *Process) LogTail(n int) string { return Tail(p.logPath, n) }

// Tail is the end of a text file, of which it reads the last 64 KiB at most.
func Tail(path string, n int) string {
	f, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	const most = 64 << 10
	if st, err := f.Stat(); err == nil && st.Size() > most {
		_, _ = f.Seek(-most, io.SeekEnd)
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimRight(text, "\n"), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-n):], []byte("\n")))
}
