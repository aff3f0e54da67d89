package sql

import (
	"sync"

	"kcgen.dev/runtime/connect"
)

// lags is how far each table is behind, as far as it is known without asking.
type lags struct {
	mu     sync.Mutex
	left   map[*reader]int64
	unsure map[*reader]bool
}

// note takes down how far a reader is.
func (l *lags) note(r *reader) {
	left, sure := r.left()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left == nil {
		l.left, l.unsure = map[*reader]int64{}, map[*reader]bool{}
	}
	l.left[r], l.unsure[r] = left, !sure
}

func (l *lags) forget(r *reader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.left, r)
	delete(l.unsure, r)
}

// left is what is left to read of the query that is open: numbers up to its
// bound, or the time until then.
func (r *reader) left() (int64, bool) {
	var w span
	switch {
	case r.wait != nil:
		w = r.wait.span
	case r.open != nil && r.open.ahead != nil:
		w = r.open.span
	default:
		return 0, true
	}
	switch {
	case r.cfg.byTime():
		return max(w.before.Sub(r.pos.at).Milliseconds(), 0), r.pos.hasTime
	case w.capped:
		return max(w.upTo-r.pos.number, 0), r.pos.hasNumber
	}
	return 0, false
}

var _ connect.Lagger = (*sourceTask)(nil)

// Lag is how far the task's tables were behind the bounds of their queries when
// they were read last: by time the one that is most behind, by numbers all of
// them. Gaps in the numbers count as rows.
func (t *sourceTask) Lag() (int64, string, bool) {
	t.lag.mu.Lock()
	defer t.lag.mu.Unlock()
	if t.cfg.Mode == bulk || len(t.lag.left) == 0 {
		return 0, "", false
	}
	var sum, most int64
	for r, n := range t.lag.left {
		if t.lag.unsure[r] {
			return 0, "", false
		}
		sum, most = sum+n, max(most, n)
	}
	if t.cfg.byTime() {
		return most, "milliseconds", true
	}
	return sum, "records", true
}
