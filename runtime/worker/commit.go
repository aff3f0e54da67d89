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
		if err := t.commit(hard); err != nil && hard.Err() == nil {
			t.log.Warn("offsets were not committed; trying again at the next interval", "error", err.Error())
		}
	}
}

// lastCommit commits what a stopping task leaves.
func (t *sourceTask) lastCommit(hard context.Context) {
	if err := t.commit(hard); err != nil {
		t.fail(fmt.Errorf("connector %s, task %d: the last offsets were not committed, their records will be read again: %w", t.connector, t.id, err))
		return
	}
	if batches, records := t.inFlight.Load(), t.undelivered.Load(); batches+records > 0 {
		t.fail(fmt.Errorf("connector %s, task %d: records had no answer from Kafka in time and will be read again (%d records, and %d batches whose end is not known)", t.connector, t.id, records, batches))
	}
}

// errNoLease is that whoever has the task now may have committed already.
var errNoLease = errors.New("the task may be running in another instance by now")

// commit writes the offsets that have moved. It waits for the answer as long as
// it takes; only the end of the time for a stop ends it.
func (t *sourceTask) commit(hard context.Context) error {
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
		return nil
	}
	begun := time.Now()
	done := make(chan error, 1)
	go t.store.Commit(hard, t.offsets, t.connector, entries, func(err error) { done <- err })
	slow := time.NewTimer(t.slow)
	defer slow.Stop()
	for {
		select {
		case err := <-done:
			if err == nil {
				t.committed(entries)
			}
			t.countCommit(begun, err)
			return err
		case <-slow.C:
			t.log.Warn("a commit of offsets takes long; waiting", "limit", t.slow.String())
		case <-hard.Done():
			return hard.Err()
		}
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

// stats adds what is on its way, and how far the source is behind.
func (t *sourceTask) stats() Stats {
	s := t.task.stats()
	t.mu.Lock()
	s.Active = t.tracker.Open()
	t.mu.Unlock()
	if l, ok := t.plug.(connect.Lagger); ok && s.State == Running {
		if amount, unit, ok := l.Lag(); ok {
			s.Behind = &Behind{amount, unit}
		}
	}
	t.own(&s)
	return s
}

// own adds what the connector measures itself, also while it is paused: a slot
// grows meanwhile.
func (t *sourceTask) own(s *Stats) {
	if s.State != Running && s.State != Paused {
		return
	}
	if g, ok := t.plug.(connect.Gauges); ok {
		s.Gauges = g.Gauges()
	}
	if p, ok := t.plug.(connect.Snapshots); ok {
		if read, all, ok := p.Snapshot(); ok {
			s.Snapshot = &Snapshot{read, all}
		}
	}
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
