package worker

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"kcgen.dev/runtime/chain"
	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/kafka"
	"kcgen.dev/runtime/offset"
)

// sourceTask runs one task of a source. Its loop has a goroutine of its own, so
// that a connector that hangs keeps neither the acknowledged records from being
// committed nor the process from ending.
type sourceTask struct {
	task
	cfg     *Source
	plug    connect.SourceTask
	chain   *chain.Chain
	rules   *topicRules
	conn    *kafka.Conn
	store   *offset.Store
	offsets offset.Appender // the offsets topic
	writer  *kafka.Writer
	every   time.Duration // between commits
	slow    time.Duration // a commit that is said to be slow

	mu       sync.Mutex // of tracker, told and flights
	tracker  *offset.Tracker
	told     []offset.Entry // committed, and not yet told to a Committer
	flights  []*flight      // unused
	inFlight atomic.Int64   // batches
	landed   chan struct{}  // a batch has ended
	seen     atomic.Int64   // when a poll last found nothing; nanoseconds since the epoch

	undelivered atomic.Int64 // records of ended batches that had no answer

	// Of the loop's goroutine alone:
	buf     connect.Buffer
	headers []kafka.Header // room to make headers in
	doing   chain.Doing
	orig    connect.Record // the record at work, as the connector gave it
	topics  map[string]topicLimit
	topic   topicLimit // of the last record
}

// run is the task's life. It returns when everything that can be saved is.
// stop asks it to end; hard is when it must have.
func (t *sourceTask) run(stop, hard context.Context) {
	stop, cancel := t.stop(stop)
	defer cancel()
	looped := make(chan struct{})
	go func() {
		defer close(looped)
		if err := guard(func() error { return t.loop(stop, hard) }); err != nil && !errors.Is(err, errStopped) {
			t.fail(err)
		}
	}()
	commits := make(chan struct{})
	quit := make(chan struct{})
	go func() {
		defer close(commits)
		t.commitLoop(hard, quit)
	}()

	stuck := t.awaitLoop(stop, hard, looped)
	t.drain(hard)
	close(quit)
	<-commits
	t.lastCommit(hard)
	if stuck {
		t.log.Error("the connector does not return from a call; it is left behind")
	} else {
		t.tell(hard)
		if err := guard(t.plug.Close); err != nil {
			t.log.Warn("closing the connector failed", "error", err.Error())
		}
	}
	t.close(hard)
	t.end()
}

func (t *sourceTask) close(ctx context.Context) { t.writer.Close(ctx) }

// awaitLoop waits for the loop's end; once it was asked to stop, for half of
// the time that is left at the most.
func (t *sourceTask) awaitLoop(stop, hard context.Context, looped <-chan struct{}) (stuck bool) {
	select {
	case <-looped:
		return false
	case <-stop.Done():
	}
	patience, cancel := halfOf(hard)
	defer cancel()
	select {
	case <-looped:
		return false
	case <-patience.Done():
		return true
	}
}

// halfOf ends when half of the time to ctx's end has passed.
func halfOf(ctx context.Context) (context.Context, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok {
		return context.WithTimeout(ctx, time.Until(end)/2)
	}
	return context.WithTimeout(ctx, 5*time.Second) // the task failed; nobody asked for a stop
}

// drain waits until every batch on its way has ended. After a failure it does
// so for no longer than a commit may take: what is behind the failed record may
// never end.
func (t *sourceTask) drain(hard context.Context) {
	ctx := hard
	if t.failure() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(hard, t.slow)
		defer cancel()
	}
	for t.inFlight.Load() > 0 {
		select {
		case <-t.landed:
		case <-ctx.Done():
			return
		}
	}
}

func (t *sourceTask) loop(stop, hard context.Context) error {
	if err := t.open(stop); err != nil {
		return err
	}
	t.opened()
	t.ready.Store(true)
	var b connect.Batch
	var bad limited
	for fails := 0; stop.Err() == nil; {
		t.tell(stop)
		if err := t.whilePaused(stop); err != nil {
			return err
		}
		b.Reset()
		begun := time.Now()
		err := guard(func() error { return t.plug.Poll(stop, &b) })
		switch {
		case err != nil && transient(err):
			if bad.ok() {
				t.log.Warn("polling failed; trying again", "error", err.Error())
			}
			fails++
			if err := pause(stop, kafka.Backoff(fails, t.retryMax())); err != nil {
				return err
			}
			continue
		case err != nil && stop.Err() != nil && errors.Is(err, context.Canceled):
			return errStopped
		case err != nil:
			return t.call(stagePoll, t.cfg.Connector, err)
		}
		fails = 0
		if len(b.Records) == 0 {
			t.seen.Store(time.Now().UnixNano())
		}
		if len(b.Records) == 0 && len(b.Marks()) == 0 {
			if time.Since(begun) < time.Millisecond { // a connector that does not wait
				_ = pause(stop, 5*time.Millisecond)
			}
			continue
		}
		if n := len(b.Records); n > 0 {
			t.touch()
			t.read.Add(uint64(n))
			now := time.Now()
			t.sizes.add(now, int64(n))
			t.work.add(now, int64(now.Sub(begun)))
		}
		if err := t.ship(stop, hard, &b); err != nil {
			return err
		}
	}
	return nil
}

func (t *sourceTask) retryMax() time.Duration { r := t.cfg.Errors.retries(); return r.most }

// open opens the connector's task, for as long as it asks for another try.
func (t *sourceTask) open(stop context.Context) error {
	tc := connect.SourceContext{Name: t.connector, Task: t.id, Offsets: t.store.Reader(t.connector), Log: t.log}
	return t.openWith(stop, t.retryMax(), func() error { return t.plug.Open(stop, tc) })
}
