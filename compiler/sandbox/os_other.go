//go:build !linux

package sandbox

import (
	"os"
	"os/exec"
	"time"
)

// isolate leaves the child to exec's own kill at the deadline.
func isolate(*exec.Cmd) {}

// limitProcess leaves the child to its watchdog.
func limitProcess(job) {}

func usage(state *os.ProcessState, wall time.Duration) Usage {
	u := Usage{Wall: wall}
	if state != nil {
		u.CPU = state.UserTime() + state.SystemTime()
	}
	return u
}
