//go:build !linux

package proc

import (
	"errors"
	"fmt"
	"syscall"
)

// maxRSSUnit is the unit of Rusage.Maxrss, in bytes.
const maxRSSUnit = 1

// childAttr makes a child the leader of its own group. Elsewhere than on Linux
// it may outlive a parent that is killed.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// awaitStopped cannot wait here.
func awaitStopped(int) error { return nil }

// sample needs /proc.
func sample(int) (Sample, error) {
	return Sample{}, fmt.Errorf("proc: sample: %w", errors.ErrUnsupported)
}
