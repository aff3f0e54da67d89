package runtime

import (
	"os"
	"runtime/debug"
)

// tuneMemory trades memory for speed within bounds. The collector runs when
// the heap is five times what lives (GOGC=400 saves about 15 % of the time), but
// harder as the program comes near what its bounded buffers can hold in sum,
// so that a small pipeline stays below 64 MiB. GOGC and GOMEMLIMIT from the
// environment win.
func tuneMemory(p Pipeline) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit(p))
	}
}

// baseMemory is the program itself: code, stacks, clients, one batch a client.
const baseMemory = 34 << 20

// aheadMemory is what a source's task converts while a transaction is being
// committed.
const aheadMemory = 12 << 20

// memoryLimit is the base and what the clients of all tasks may buffer. It is
// a goal for the collector and never a wall: more is taken where more lives.
func memoryLimit(p Pipeline) int64 {
	n := int64(baseMemory)
	for _, s := range p.Sources {
		one := p.Worker.Producer.Over(s.Producer).MaxBytes()
		if s.ExactlyOnce != nil {
			one += aheadMemory
		}
		n += int64(max(s.TasksMax, 1)) * one
	}
	for _, s := range p.Sinks {
		n += int64(max(s.TasksMax, 1)) * p.Worker.Consumer.Over(s.Consumer).MaxBytes() / 2
	}
	return n
}
