package worker

import (
	"context"
	"sync"
	"time"
)

// lateContext ends a while after another does. Its deadline is known as soon
// as that one has ended, so that whoever waits can divide what is left.
type lateContext struct {
	context.Context
	early context.Context
	after time.Duration
	mu    sync.Mutex
	end   time.Time
}

func newLateContext(early context.Context, after time.Duration) (context.Context, context.CancelFunc) {
	inner, cancel := context.WithCancel(context.WithoutCancel(early))
	c := &lateContext{Context: inner, early: early, after: after}
	go func() {
		select {
		case <-early.Done():
		case <-inner.Done():
			return
		}
		end, _ := c.Deadline()
		_ = pause(inner, time.Until(end))
		cancel()
	}()
	return c, cancel
}

// Deadline is known once the early context has ended.
func (c *lateContext) Deadline() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end.IsZero() && c.early.Err() != nil {
		c.end = time.Now().Add(c.after)
	}
	return c.end, !c.end.IsZero()
}
