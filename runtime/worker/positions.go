package worker

import (
	"context"
	"errors"
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// from says where to begin in partitions that the group has given: where a
// target that keeps positions stands in them.
func (t *sinkTask) from(ctx context.Context, ps []kafka.Partition) (map[kafka.Partition]int64, error) {
	if !t.mu.lockUnless(t.watch.left()) {
		return nil, errLeftBehind
	}
	defer t.mu.Unlock()
	defer t.watch.visit()()
	if !t.isOpen {
		return nil, errors.New("the task has ended")
	}
	if t.rollback {
		if err := t.reopen(ctx); err != nil {
			return nil, err
		}
	}
	k, ok := t.plug.(connect.PositionKeeper)
	if !ok {
		return nil, nil
	}
	asked := make([]connect.TopicPartition, len(ps))
	for i, p := range ps {
		asked[i] = connect.TopicPartition(p)
	}
	var stands []connect.Position
	if err := t.plugged(hookPositions, func() (err error) { stands, err = k.Positions(ctx, asked); return err }); err != nil {
		err = fmt.Errorf("connector %s, task %d: ask the target for its positions: %w", t.connector, t.id, err)
		if ctx.Err() == nil {
			t.fail(err)
		}
		return nil, err
	}
	at := map[kafka.Partition]int64{}
	for _, s := range stands {
		p := kafka.Partition(s.TopicPartition)
		at[p] = s.Offset
		t.log.Info("going on where the target stands", "partition", p.String(), "offset", s.Offset)
	}
	return at, nil
}

// reopen throws away what was put and not flushed, some of it of partitions
// that others have by now.
func (t *sinkTask) reopen(ctx context.Context) error {
	t.log.Info("taking back what was put since the last flush")
	t.isOpen = false
	if err := t.plugged(hookClose, t.plug.Close); err != nil {
		t.log.Warn("closing the connector failed", "error", err.Error())
	}
	if err := t.open(ctx); err != nil {
		if ctx.Err() == nil {
			t.fail(err)
		}
		return err
	}
	t.rollback, t.unflushed = false, false
	return nil
}

// takeBack is told that partitions went to others: what was put of them and not
// flushed must not become durable in a target that keeps positions.
func (t *sinkTask) takeBack() {
	if _, ok := t.plug.(connect.PositionKeeper); ok && t.isOpen && t.unflushed {
		t.rollback = true
		clear(t.position)
	}
}

// flushPlug makes durable what was put, and in a target that keeps positions
// these with it.
func (t *sinkTask) flushPlug(hard context.Context) error {
	k, ok := t.plug.(connect.PositionKeeper)
	switch {
	case !ok:
		return t.plug.Flush(hard)
	case t.rollback:
		return nil
	}
	moved := make([]connect.Position, 0, len(t.position))
	for p, at := range t.position {
		moved = append(moved, connect.Position{TopicPartition: connect.TopicPartition(p), Offset: at.Offset})
	}
	if err := t.settle(hard, true); err != nil { // no position that lasts passes a record that is nowhere
		return err
	}
	if err := k.FlushAt(hard, moved); err != nil {
		return err
	}
	t.unflushed = false
	return nil
}
