// Package profile writes a CPU profile of a benchmark's pipeline. It is linked
// with the build tag "profile" alone, so that what is measured otherwise is
// what users get.
package profile

import (
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
)

// UntilSIGTERM profiles the process from now to its SIGTERM, into the file
// that BENCH_PROFILE names.
func UntilSIGTERM() {
	f, err := os.Create(os.Getenv("BENCH_PROFILE"))
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
		os.Exit(1)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() {
		<-stop
		pprof.StopCPUProfile()
		_ = f.Close()
	}()
}
