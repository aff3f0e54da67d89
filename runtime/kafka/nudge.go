package kafka

import "time"

// nudgeEvery is the least time between two nudges.
const nudgeEvery = 10 * time.Second

// nudge wakes what fetches, now and then. The client (franz-go 1.22.2) can lose
// a wake-up: where its session ends between source.loopFetch's look at it and
// its incWorker, a new session begins and tells the source to fetch, and the
// old loop's hardFinish forgets that. That broker's partitions are ours and
// nobody reads them, until a leader moves or the group shares out anew. A nudge
// of a source that fetches costs nothing.
type nudge struct {
	wake func()
	last time.Time
}

// due wakes where the last time is long ago. The first time is an interval
// behind the first call.
func (n *nudge) due(now time.Time) {
	switch {
	case n.last.IsZero():
		n.last = now
	case now.Sub(n.last) >= nudgeEvery:
		n.last = now
		n.wake()
	}
}
