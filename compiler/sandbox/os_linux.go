package sandbox

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// isolate puts the child in a process group of its own, so that what it starts
// (go list) ends with it, and lets the kernel kill it when the parent dies.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// limitProcess sets the kernel's limits on the child. RLIMIT_DATA counts the
// writable private memory that Go maps; what is left to the limit is the
// program's own text. RLIMIT_CPU is for a child whose watchdog does not get to
// run; the go command that it starts has the same for itself.
func limitProcess(j job) {
	set(unix.RLIMIT_DATA, uint64(j.Memory-j.Memory/16))
	set(unix.RLIMIT_CPU, uint64(math.Ceil(j.CPU.Seconds()))*2+2)
	set(unix.RLIMIT_CORE, 0)
}

func set(resource int, to uint64) {
	if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: to, Max: to}); err != nil {
		fmt.Fprintf(os.Stderr, "sandbox: set limit %d: %v\n", resource, err)
		os.Exit(exitJob)
	}
}

// cpuTime is the processor time that this process has taken, without that of
// the go command which it starts.
func cpuTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0 // it cannot fail: the kernel's limit is left
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// killed says whether somebody killed the child, as the kernel does at its
// limit of processor time.
func killed(state *os.ProcessState) bool {
	ws, ok := state.Sys().(syscall.WaitStatus)
	return ok && ws.Signaled() && ws.Signal() == syscall.SIGKILL
}

func usage(state *os.ProcessState, wall time.Duration) Usage {
	u := Usage{Wall: wall}
	if state == nil {
		return u
	}
	u.CPU = state.UserTime() + state.SystemTime()
	if ru, ok := state.SysUsage().(*syscall.Rusage); ok {
		u.MaxRSS = ru.Maxrss << 10
	}
	return u
}
