package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kcgen.dev/runtime/kafka"
)

// flushAndCommit makes durable what was put, and then tells the group. A commit
// that fails, or takes too long, is tried again at the next interval.
func (t *sinkTask) flushAndCommit(hard context.Context) error {
	if err := t.flush(hard); err != nil {
		return err
	}
	err := t.commit(hard)
	if err == nil || kafka.CommitFatal(err) {
		return err
	}
	t.log.Warn("offsets were not committed; trying again at the next interval", "error", err.Error())
	return nil
}

// flush makes the connector durable.
func (t *sinkTask) flush(hard context.Context) error {
	var bad limited
	t.traced.stage(traceFlush)
	for fails := 1; ; fails++ {
		err := t.plugged(hookFlush, func() error { return t.flushPlug(hard) })
		if err == nil {
			return t.settleFlushed(hard)
		}
		if !transient(err) || hard.Err() != nil {
			t.broken = true // a failed fsync is never done by the next one
			return fmt.Errorf("connector %s, task %d: flush; what was put since the last one is not committed: %w", t.connector, t.id, err)
		}
		if bad.ok() {
			t.log.Warn("the connector could not flush; trying again", "error", err.Error())
		}
		if err := pause(hard, kafka.Backoff(fails, time.Minute)); err != nil {
			t.broken = true
			return fmt.Errorf("connector %s, task %d: the flush was not done in the time for a stop; what was put since the last one is not committed", t.connector, t.id)
		}
	}
}

// settleFlushed settles what the flush has confirmed, and what it has not.
func (t *sinkTask) settleFlushed(hard context.Context) error {
	err := t.settle(hard, true)
	if err != nil {
		t.broken = true // positions have passed a record that is nowhere
	}
	if errors.Is(err, errStopped) {
		return fmt.Errorf("connector %s, task %d: the dead letter queue did not take refused records in the time for a stop; what was put since the last flush is not committed", t.connector, t.id)
	}
	return err
}

// commit writes the positions of what was flushed.
func (t *sinkTask) commit(hard context.Context) error {
	if len(t.position) == 0 {
		t.traced.release(nil)
		return nil
	}
	t.traced.stage(traceCommit)
	begun := time.Now()
	ctx, cancel := flushLimit(hard, t.slow)
	defer cancel()
	err := t.reader.Commit(ctx, t.position)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	t.countCommit(begun, err)
	if err != nil {
		return fmt.Errorf("connector %s, task %d: %w", t.connector, t.id, err)
	}
	t.active.Store(0)
	clear(t.position)
	t.traced.release(nil)
	return nil
}

// lastCommit commits what a task leaves that ends. It tries again, and leaves
// half of the time for the rest of a stop. Where the group went on without the
// task no try helps and nothing is lost: others read those records again.
func (t *sinkTask) lastCommit(hard context.Context) error {
	patience, cancel := halfOf(hard)
	defer cancel()
	for fails := 1; ; fails++ {
		err := t.commit(hard)
		switch {
		case err == nil || kafka.CommitFatal(err):
			return err
		case kafka.Expelled(err) && t.cfg.Replay == nil:
			t.log.Warn("the last offsets were not committed: the group went on without the task; their records will be read again", "error", err.Error())
			return nil
		}
		if pause(patience, kafka.Backoff(fails, time.Second)) != nil {
			return fmt.Errorf("%w; the last offsets were not committed, and their records will be read again", err)
		}
	}
}

// assigned is told when the group has given the task its share.
func (t *sinkTask) assigned(ps []kafka.Partition) {
	t.log.Info("partitions assigned", "partitions", fmt.Sprint(ps))
	t.partitions.Add(int64(len(ps)))
	t.touch()
	t.ready.Store(true)
}

// revoked is told before partitions go to another member: what was put is
// flushed and committed now, and what waits to be put again is let go of.
func (t *sinkTask) revoked(ps []kafka.Partition) {
	t.ready.Store(false) // until the group has shared them out again
	if !t.mu.lockUnless(t.watch.left()) {
		return // nothing more is committed
	}
	defer t.mu.Unlock()
	defer t.watch.visit()()
	if t.isOpen && !t.broken && t.failure() == nil && len(t.position) > 0 {
		if err := t.flush(t.hard); err != nil {
			t.fail(err)
		} else if err := t.commit(t.hard); err != nil {
			t.log.Warn("offsets were not committed before partitions were given up; their records will be read again", "error", err.Error())
		}
	}
	t.forget(ps)
}

// lost is told when partitions are gone already: nothing of them is committed.
func (t *sinkTask) lost(ps []kafka.Partition) {
	t.ready.Store(false)
	if !t.mu.lockUnless(t.watch.left()) {
		return
	}
	defer t.mu.Unlock()
	if len(ps) > 0 {
		t.log.Warn("partitions were lost to the group; records since the last commit will be read again", "partitions", fmt.Sprint(ps))
		t.takeBack()
		t.traced.release(errUncommitted)
	}
	t.forget(ps)
}

func (t *sinkTask) forget(ps []kafka.Partition) {
	t.partitions.Add(-int64(len(ps)))
	t.results.forget(ps)
	for _, p := range ps {
		delete(t.position, p)
		if t.waiting {
			t.taken[p] = true
		}
	}
}

// stats adds what a consumer knows.
func (t *sinkTask) stats() Stats {
	s := t.task.stats()
	s.Active, s.Partitions, s.Lag = int(t.active.Load()), int(t.partitions.Load()), t.reader.Lag()
	return s
}

// idleness is what the task says of itself. Positions are committed by the
// stop that follows.
func (t *sinkTask) idleness() idleness {
	return idleness{
		ended: State(t.state.Load()) >= Paused,
		ready: (t.ready.Load() || t.without.Load()) && State(t.state.Load()) == Running,
		busy:  t.away.Load(),
		last:  time.Unix(0, t.last.Load()),
		seen:  time.Now(), // idleStill looks
	}
}
