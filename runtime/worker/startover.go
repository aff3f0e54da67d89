package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/offset"
)

// lives polls until the task is to stop or fails. A transaction that did not
// come about ends a life of the connector's task, and another one begins at the
// offsets that Kafka holds: only they tell what was committed.
func (t *sourceTask) lives(stop, hard context.Context) error {
	for fails := 1; ; fails++ {
		err := t.loop(stop, hard)
		if t.txn == nil || !errors.Is(err, kafka.ErrStartOver) {
			return err
		}
		if stop.Err() != nil {
			return errStopped // what became of the last transaction is said by its finish
		}
		if t.txn.good.Swap(false) {
			fails = 1
		}
		t.ready.Store(false)
		t.log.Warn("starting over from the committed offsets", "error", err.Error())
		if err := t.startOver(stop, fails); err != nil {
			return err
		}
	}
}

// startOver gets ready for another life.
func (t *sourceTask) startOver(stop context.Context, fails int) error {
	if err := pause(stop, kafka.Backoff(fails, time.Minute)); err != nil {
		return err
	}
	if err := t.txn.recover(stop); err != nil {
		return err
	}
	plug, err := t.renew(stop)
	if err != nil {
		return fmt.Errorf("connector %s, task %d: start over: %w", t.connector, t.id, err)
	}
	t.meter.use(nil)
	if err := t.plugged(hookClose, t.plug.Close); err != nil {
		t.log.Warn("closing the connector failed", "error", err.Error())
	}
	t.plug = plug
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tracker, t.told = offset.NewTracker(), nil
	return nil
}

// recover ends the transaction that did not come about.
func (x *transaction) recover(stop context.Context) error {
	x.open = false // the sender has ended
	x.asked.Store(x.shipped.Load())
	x.settled.Store(x.shipped.Load())
	x.traced.release(errAborted)
	err := x.w.Recover(stop)
	if stop.Err() != nil {
		return errStopped
	}
	return x.fault(err)
}

// offsetsTopic is the topic of the sources' offsets.
func (t *sourceTask) offsetsTopic() string {
	if a, ok := t.offsets.(appender); ok {
		return a.log.Topic()
	}
	return ""
}

// checkExactlyOnce refuses what a source cannot be asked for.
func (s *Source) checkExactlyOnce() error {
	e := s.ExactlyOnce
	if e == nil {
		return nil
	}
	at := "sources." + s.Name + ".exactlyOnce"
	if e.Group == "" {
		return fmt.Errorf("%s: it needs worker.group: the transactional ids are made of its id", at)
	}
	if s.Connector == nil {
		return nil // said elsewhere
	}
	if err := connect.CheckExactlyOnce(s.Connector, e.Boundary == AtConnector); err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	return nil
}
