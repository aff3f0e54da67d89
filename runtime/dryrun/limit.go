package dryrun

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	maxMemory  = 1 << 30
	exitMemory = 97 // what kcgen takes for a lack of memory
)

// limitMemory ends the program when Go holds too much memory, before the
// machine does.
func limitMemory() {
	debug.SetMemoryLimit(maxMemory * 7 / 10)
	go func() {
		samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		for {
			metrics.Read(samples)
			if samples[0].Value.Uint64()-samples[1].Value.Uint64() > maxMemory {
				os.Exit(exitMemory)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
}
