package worker

import (
	"context"
	"errors"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
)

// retries counts the tries of one operation (errors.retry.timeout and
// errors.retry.delay.max.ms).
type retries struct {
	timeout time.Duration // 0 none, negative without an end
	most    time.Duration
	begun   time.Time
	fails   int
}

func (e Errors) retries() retries {
	most := e.RetryMax
	if most <= 0 {
		most = time.Minute
	}
	return retries{timeout: e.RetryTimeout, most: most}
}

// reset is for the next operation.
func (r *retries) reset() { r.fails = 0 }

// transient reports whether a further try may help.
func transient(err error) bool {
	return errors.Is(err, connect.ErrRetry) || errors.Is(err, connect.ErrUnavailable)
}

// again decides about err: it waits and returns nil where the operation is to
// be tried again; else it gives the error to end with, which is ctx's own when
// that ended the wait. A system that is away is waited for without an end.
func (r *retries) again(ctx context.Context, err error) error {
	away := errors.Is(err, connect.ErrUnavailable)
	if !away && (!errors.Is(err, connect.ErrRetry) || r.timeout == 0) {
		return err
	}
	now := time.Now()
	if r.fails == 0 {
		r.begun = now
	}
	r.fails++
	wait := kafka.Backoff(r.fails, r.most)
	if r.timeout > 0 && !away {
		left := r.timeout - now.Sub(r.begun)
		if left <= 0 {
			return err
		}
		wait = min(wait, left)
	}
	return pause(ctx, wait)
}

// pause waits for d, or returns why it may not.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return errStopped
	}
}

// errStopped ends an operation because the task is to stop. What it was doing
// has no outcome: nothing of it is committed.
var errStopped = errors.New("stopped")
