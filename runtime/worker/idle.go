package worker

import "time"

// idleness is what one task says of itself to the decision about an idle exit.
type idleness struct {
	ended bool      // it has failed: nothing more comes of it
	ready bool      // it is open; a sink has its share of the partitions
	busy  bool      // records or offsets are on their way
	last  time.Time // when it last had a record, or became ready
}

// idle reports whether nothing has happened for d and nothing is left to do.
func idle(tasks []idleness, now time.Time, d time.Duration) bool {
	for _, t := range tasks {
		if t.ended {
			continue
		}
		if !t.ready || t.busy || now.Sub(t.last) < d {
			return false
		}
	}
	return true
}
