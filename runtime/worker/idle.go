package worker

import (
	"context"
	"time"
)

// idleness is what one task says of itself to the decision about an idle exit.
// It is for the task to say until when it has seen that nothing is there: the
// time that passes while it did not look says nothing.
type idleness struct {
	ended bool      // it has failed, or is paused: nothing more comes of it
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

// AwaitIdle returns true when nothing has happened for IdleExit and nothing is
// left to do, and false when ctx ends. settled says whether all tasks were
// started that are to run.
func (w *Worker) AwaitIdle(ctx context.Context, settled func() bool) bool {
	tick := time.NewTicker(max(w.cfg.IdleExit/8, 5*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
			if settled() && w.idle(ctx) {
				w.log.Info("nothing is left to do; stopping", "idle", w.cfg.IdleExit.String())
				return true
			}
		}
	}
}

// idle asks the tasks that were started, and then those that have not failed
// once more.
func (w *Worker) idle(ctx context.Context) bool {
	tasks, all := w.living()
	if !all {
		return false
	}
	state := make([]idleness, len(tasks))
	for i, t := range tasks {
		state[i] = t.idleness()
	}
	if !idle(state, w.cfg.IdleExit) {
		return false
	}
	for i, t := range tasks {
		if !state[i].ended && !t.idleStill(ctx) {
			return false
		}
	}
	return true
}

// living are the tasks that were started. all is false while one of them is
// being made.
func (w *Worker) living() (tasks []runner, all bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.slots {
		switch {
		case s.life == nil:
		case s.life.runner == nil:
			return nil, false
		default:
			tasks = append(tasks, s.life.runner)
		}
	}
	return tasks, true
}
