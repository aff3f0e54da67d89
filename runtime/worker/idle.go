package worker

import "time"

// idleness is what one task says of itself to the decision about an idle exit.
// It is for the task to say until when it has seen that nothing is there: the
// time that passes while it did not look says nothing.
type idleness struct {
	ended bool      // it has failed: nothing more comes of it
	ready bool      // it is open; a sink has its share of the partitions
	busy  bool      // records or offsets are on their way
	last  time.Time // when it last had a record, or became ready
	seen  time.Time // when it last looked and there was none
}

// idle reports whether nothing has happened for d and nothing is left to do.
func idle(tasks []idleness, d time.Duration) bool {
	for _, t := range tasks {
		if t.ended {
			continue
		}
		if !t.ready || t.busy || t.seen.Sub(t.last) < d {
			return false
		}
	}
	return true
}
