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

var begun = time.Now()

// cpuTime is no less than the processor time of the one thread that evaluates:
// here the clock on the wall stands for it.
func cpuTime() time.Duration { return time.Since(begun) }

// killed says whether the system killed the child for its time: it does not.
func killed(*os.ProcessState) bool { return false }

func usage(state *os.ProcessState, wall time.Duration) Usage {
	u := Usage{Wall: wall}
	if state != nil {
		u.CPU = state.UserTime() + state.SystemTime()
	}
	return u
}
