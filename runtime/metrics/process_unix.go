//go:build unix

package metrics

import (
	"syscall"
	"time"
)

// processorTime is what the process has used of the processors.
func processorTime() (time.Duration, bool) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err == nil
}
