package runtime

import (
	"os"
	"runtime/debug"
)

// tuneMemory trades memory for speed within bounds. The collector runs when
// the heap is five times what lives (GOGC=400 saves about 15 % of the time), but
// harder as the program comes near what its bounded buffers can hold in sum and
// as much again to work in, so that a small pipeline stays below 76 MB. GOGC
// and GOMEMLIMIT from the environment win.
func tuneMemory(ps []Pipeline) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit(ps))
	}
}

// baseMemory is the program itself (stacks, connections) and room for what it
// throws away between two collections. 10 MiB more are 10 % of the time to a
// chain of JSON and transforms, and next to none to text; with half of it a
// source spends a third of its time in the collector.
const baseMemory = 42 << 20

// taskMemory is a task's own: a batch, a request that is being written.
const taskMemory = 1 << 20

// nextMemory is what of it each further pipeline in the program has for itself.
const nextMemory = 12 << 20

// aheadMemory is what a source's task converts while a transaction is being
// committed.
const aheadMemory = 3 << 20

// memoryLimit is the base and what the clients of all tasks may hold. It is
// a goal for the collector and never a wall: more is taken where more lives.
func memoryLimit(ps []Pipeline) int64 {
	n := int64(baseMemory + (len(ps)-1)*nextMemory)
	for _, p := range ps {
		n += bufferMemory(p)
	}
	return n
}

// bufferMemory is what the clients of a pipeline's tasks may hold.
func bufferMemory(p Pipeline) (n int64) {
	producers, consumers := tasksOf(p)
	for _, s := range p.Sources {
		one := taskMemory + p.Worker.Producer.Over(s.Producer).Memory(producers)
		if s.ExactlyOnce != nil {
			one += aheadMemory
		}
		n += int64(max(s.TasksMax, 1)) * one
	}
	for _, s := range p.Sinks {
		one := taskMemory + p.Worker.Consumer.Over(s.Consumer).Memory(consumers)
		n += int64(max(s.TasksMax, 1)) * one
	}
	return n
}

// tasksOf is how many tasks of sources and of sinks a pipeline may run.
func tasksOf(p Pipeline) (sources, sinks int) {
	for _, s := range p.Sources {
		sources += max(s.TasksMax, 1)
	}
	for _, s := range p.Sinks {
		sinks += max(s.TasksMax, 1)
	}
	return sources, sinks
}
