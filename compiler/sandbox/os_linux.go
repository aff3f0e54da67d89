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
// program's own text.
func limitProcess(j job) {
	set(unix.RLIMIT_DATA, uint64(j.Memory-j.Memory/16))
	set(unix.RLIMIT_CPU, uint64(math.Ceil(j.Wall.Seconds()))*4+2)
	set(unix.RLIMIT_CORE, 0)
}

func set(resource int, to uint64) {
	if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: to, Max: to}); err != nil {
		fmt.Fprintf(os.Stderr, "sandbox: set limit %d: %v\n", resource, err)
		os.Exit(exitJob)
	}
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
