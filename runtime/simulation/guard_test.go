//go:build synctests

package simulation

import (
	"syscall"
	"time"
)

// The most that a run may take. Others run beside it in the same program, and
// more on the same machine.
const (
	mostWork = 5 * time.Minute  // of the program, by the processor's time
	mostWait = 30 * time.Minute // by the clock
)

// guard ends the program where a run does not end. On a busy machine minutes go
// by in which nothing is done, so it counts the work; and the clock, where
// somebody waits in a way that the bubble does not see.
func guard(seed uint64) (stop func()) {
	begun, work := time.Now(), worked()
	tick, done := time.NewTicker(5*time.Second), make(chan struct{})
	go func() {
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-done:
				return
			}
			switch {
			case worked()-work > mostWork:
				giveUp(seed, "the run takes minutes: something does not wait")
			case time.Since(begun) > mostWait:
				giveUp(seed, "the run stands still")
			}
		}
	}()
	return func() { close(done) }
}

// worked is the processor's time that the program has taken.
func worked() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
