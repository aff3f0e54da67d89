package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/offset"
)

// commitLoop commits at each interval, one commit at a time, beside the hot
// path: it takes what is acknowledged by then and waits for nothing else.
func (t *sourceTask) commitLoop(hard context.Context, quit <-chan struct{}) {
	tick := time.NewTicker(t.every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-quit:
			return
		case <-hard.Done():
			return
		}
		if err := t.commit(hard, t.slow); err != nil && hard.Err() == nil {
			t.log.Warn("offsets were not committed; trying again at the next interval", "error", err.Error())
		}
	}
}

// lastCommit commits what a stopping task leaves.
func (t *sourceTask) lastCommit(hard context.Context) {
	if err := t.commit(hard, connect.Forever); err != nil {
		t.fail(fmt.Errorf("connector %s, task %d: the last offsets were not committed, their records will be read again: %w", t.connector, t.id, err))
		return
	}
	if batches, records := t.inFlight.Load(), t.undelivered.Load(); batches+records > 0 {
		t.fail(fmt.Errorf("connector %s, task %d: records had no answer from Kafka in time and will be read again (%d records, and %d batches whose end is not known)", t.connector, t.id, records, batches))
	}
}

// errNoLease is that whoever has the task now may have committed already.
var errNoLease = errors.New("the task may be running in another instance by now")

// commit writes the offsets that have moved, and waits for the answer for as
// long as limit, or hard, allows. A commit that takes longer has failed as far as
// the figures tell, as in Kafka Connect; but its answer may yet come, so the next
// one waits for that first: two on their way could overtake each other.
func (t *sourceTask) commit(hard context.Context, limit time.Duration) error {
	begun := time.Now()
	err := t.commitWithin(hard, limit)
	if err != errNothing {
		t.countCommit(begun, err)
		return err
	}
	return nil
}

// flushLimit ends when a commit has taken too long. Zero and less is no limit.
func flushLimit(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within offsetFlushTimeout (%v)", limit))
}

// errNothing is that no offset has moved: that counts for nothing.
var errNothing = errors.New("there is nothing to commit")

// underway is a commit that waits for its answer.
type underway struct {
	entries []offset.Entry
	done    chan error
}

func (t *sourceTask) commitWithin(hard context.Context, limit time.Duration) error {
	ctx, cancel := flushLimit(hard, limit)
	defer cancel()
	nothing := errNothing
	if t.late != nil {
		if err := t.awaitCommit(ctx, t.late); err != nil {
			return err
		}
		nothing = nil // it was one that counts
	}
	if t.leased != nil && !t.leased() {
		return errNoLease
	}
	t.mu.Lock()
	entries, err := t.tracker.Committable()
	t.mu.Unlock()
	if err != nil {
		t.fail(err)
		return err
	}
	if len(entries) == 0 {
		return nothing
	}
	u := &underway{entries, make(chan error, 1)}
	go t.store.Commit(hard, t.offsets, t.connector, entries, func(err error) { u.done <- err })
	return t.awaitCommit(ctx, u)
}

// awaitCommit waits for a commit's answer. One that does not come in time is late.
func (t *sourceTask) awaitCommit(ctx context.Context, u *underway) error {
	t.late = u
	select {
	case err := <-u.done:
		t.late = nil
		if err == nil {
			t.committed(u.entries)
		}
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t *sourceTask) committed(entries []offset.Entry) {
	_, wants := t.plug.(connect.Committer)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tracker.Committed(entries)
	if wants {
		t.told = latest(t.told, entries)
	}
}

// latest keeps one entry a partition: a connector that is slow to poll hears of
// the last one.
func latest(old, now []offset.Entry) []offset.Entry {
	for _, e := range now {
		found := false
		for i := range old {
			if old[i].Partition == e.Partition {
				old[i], found = e, true
			}
		}
		if !found {
			old = append(old, e)
		}
	}
	return old
}

// tell tells a Committer what is safe. It is called from the loop's goroutine,
// or after its end.
func (t *sourceTask) tell(ctx context.Context) {
	c, ok := t.plug.(connect.Committer)
	if !ok {
		return
	}
	t.mu.Lock()
	entries := t.told
	t.told = nil
	t.mu.Unlock()
	for _, e := range entries {
		if err := t.plugged(hookCommitted, func() error { return c.Committed(ctx, e.Partition, e.Offset) }); err != nil {
			t.log.Warn("the connector failed to take up a committed offset", "partition", offset.Describe(e.Partition), "error", err.Error())
		}
	}
}

// stats adds what is on its way.
func (t *sourceTask) stats() Stats {
	s := t.task.stats()
	t.mu.Lock()
	defer t.mu.Unlock()
	s.Active = t.tracker.Open()
	return s
}

// idleness is what the task says of itself.
func (t *sourceTask) idleness() idleness {
	return idleness{
		ended: State(t.state.Load()) >= Paused,
		ready: t.ready.Load(),
		busy:  t.inFlight.Load() > 0 || t.away.Load() || t.txn.busy(), // offsets are committed by the stop that follows
		last:  time.Unix(0, t.last.Load()),
		seen:  time.Unix(0, t.seen.Load()),
	}
}
