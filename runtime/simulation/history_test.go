//go:build synctests

package simulation

import "sync"

// history is what happened, for the checker to read when all is over. Nothing
// is judged while it is written. Ticks order its entries.
type history struct {
	mu   sync.Mutex
	tick int

	openings []opening
	commits  []sourceCommit
	told     []told
	groups   []groupCommit
	puts     []put
	number   int // of the last opening
	tasks    int // sink tasks opened
}

// opening is a source task that began to read a partition; since is the tick at
// which its process had not yet begun.
type opening struct{ since, number, part, start int }

// sourceCommit is an offset on its way into the offsets topic, and how far the
// other topics had come by then.
type sourceCommit struct {
	tick, part, position int
	ends                 map[string][]int64
}

// told is what a source task was told to be safe.
type told struct{ tick, part, position int }

// groupCommit is an offset on its way to a sink's consumer group.
type groupCommit struct {
	tick      int
	group     string
	topic     string
	partition int32
	offset    int64
	ends      map[string][]int64
}

// put is a record that a sink was given. durable is the tick of the flush that
// made it so; 0 is never.
type put struct {
	tick, task int
	sink       string
	topic      string
	partition  int32
	offset     int64
	text       string
	durable    int
}

func (h *history) add(f func(tick int)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tick++
	f(h.tick)
}

// now is the last tick.
func (h *history) now() int { h.mu.Lock(); defer h.mu.Unlock(); return h.tick }
