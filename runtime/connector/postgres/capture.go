package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

// pollWait is how long a Poll without records lasts.
const pollWait = 500 * time.Millisecond

// capture is the task. A goroutine of its own (run) reads the snapshot and the
// log into the batch, as far as there is room; Poll takes the batch.
type capture struct {
	cfg      Source
	config   *pgx.ConnConfig
	part     *connect.SourcePartition
	schema   *connect.Schema // of the source blocks
	messages messages
	sieve    sieve
	log      *slog.Logger
	journals connect.Journals
	identity cdc.Identity
	notifier cdc.Notifier
	progress cdc.Progress

	handed connect.SourceOffset // with the batch that was taken last, or opened with
	end    context.CancelFunc   // of run; nil: it does not run
	over   chan struct{}        // closed when run has ended

	mu          sync.Mutex
	emit        *cdc.Emitter
	batch       connect.Batch
	size        int64 // of what the batch was made of
	pos         position
	owner       owner                // of the position
	incremental connect.SourceOffset // how far an incremental snapshot is
	idle        lsn                  // all of the log up to here was looked at, and nothing is open
	due         bool
	beat        time.Time // of the last heartbeat
	failed      error
	ended       bool
	viaRoot     bool          // the publication tells changes of partitions as those of the whole
	again       bool          // run has prepared before
	several     bool          // several goroutines fill the batch
	more        chan struct{} // the batch has something, or run has ended
	room        chan struct{} // the batch was taken

	flushed atomic.Uint64 // what the server may let go of
	confirm chan struct{} // tell it so
	server  atomic.Uint64 // the end of its log
	had     atomic.Uint64 // what was read of it
	asking  atomic.Bool   // the server is to say at once how far it is
	rows    atomic.Int64  // of the snapshot

	laying sync.Mutex // of emit's layouts, which several may ask for at once

	held      atomic.Int64 // bytes of the log that the slot holds back
	heldLeft  atomic.Int64 // bytes that it may hold back more, until the server lets go of them; -1: without a bound
	heldKnown atomic.Bool
	age       age
	action    chan struct{} // run heartbeatActionQuery
}

func newCapture(s Source) (*capture, error) {
	if s.TopicPrefix == "" {
		return nil, errors.New("topicPrefix is missing")
	}
	c := &capture{cfg: s, part: cdc.ServerPartition(s.TopicPrefix), schema: sourceSchema()}
	c.messages = newMessages(s.modes(), c.schema)
	var err error
	if c.config, err = s.Database.captureConfig(); err != nil {
		return nil, err
	}
	if err := c.newEmitter(); err != nil {
		return nil, err
	}
	if _, err := s.notifier(nil); err != nil {
		return nil, err
	}
	c.sieve, err = s.sieve(c.emit.Filter)
	return c, err
}

func (c *capture) newEmitter() (err error) {
	c.emit, err = cdc.NewEmitter(c.cfg.options(), cdc.Connector{Name: connectorName, Task: "0"}, c.schema)
	return err
}

// Open looks where to go on. Everything else is run's.
func (c *capture) Open(_ context.Context, tc connect.SourceContext) error {
	c.log, c.journals = tc.Log, tc.Journals
	var err error
	if c.notifier, err = c.cfg.notifier(tc.Log); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	c.identity = cdc.Identity{Allowed: c.cfg.AllowIdentityChange, Log: tc.Log}
	if err := c.identity.Prefix(tc.Offsets, c.cfg.TopicPrefix); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	c.handed = maps.Clone(tc.Offsets.Offset(c.part))
	if _, err := positionOf(c.handed); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	return nil
}

// start begins to run, from what was handed over last.
func (c *capture) start() error {
	pos, err := positionOf(c.handed)
	if err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	c.owner = ownerOf(c.handed)
	c.pos, c.idle, c.due, c.failed, c.ended, c.size = pos, 0, false, nil, false, 0
	c.batch.Reset()
	c.incremental = cdc.SignalState(c.handed)
	c.emit.Transaction.Load(c.handed)
	c.more, c.room, c.confirm, c.over = make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{})
	c.action = make(chan struct{}, 1)
	c.age.forget()
	c.asking.Store(false)
	ctx, end := context.WithCancel(context.Background())
	c.end = end
	go c.run(ctx)
	return nil
}

// run captures until it is stopped or fails.
func (c *capture) run(ctx context.Context) {
	defer close(c.over)
	err := c.capture(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed, c.ended = err, true
	c.wake()
}

// wake tells Poll that there is something.
func (c *capture) wake() { signal(c.more) }

func signal(to chan struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// Poll takes what run has read.
func (c *capture) Poll(ctx context.Context, b *connect.Batch) error {
	if c.end == nil {
		if err := c.start(); err != nil {
			return err
		}
	}
	timer := time.NewTimer(pollWait)
	defer timer.Stop()
	for {
		if taken, err := c.take(b); taken || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
			return nil
		case <-c.more:
		}
	}
}

// take swaps the batch for an empty one. What run has read before it failed goes
// first.
func (c *capture) take(b *connect.Batch) (taken bool, err error) {
	c.mu.Lock()
	c.heartbeat()
	taken = len(c.batch.Records) > 0 || c.due
	if taken {
		c.rest()
		c.handed = c.offset()
		c.batch.Mark(c.part, c.handed)
		c.batch, *b = *b, c.batch
		c.batch.Reset()
		c.size, c.due = 0, false
		signal(c.room)
	}
	ended, failed := c.ended, c.failed
	c.mu.Unlock()
	if taken || !ended {
		return taken, nil
	}
	if failed == nil {
		return false, nil // a snapshot that was all there is to do
	}
	c.stop()
	return false, failed
}

// heartbeat adds a record that tells how far the capture is, in its time, and has
// the statement run that goes with it.
func (c *capture) heartbeat() {
	every := c.cfg.HeartbeatInterval
	now := time.Now()
	if every <= 0 || c.pos.inSnapshot() || !c.pos.known() || now.Sub(c.beat) < every {
		return
	}
	if !c.beat.IsZero() {
		c.emit.Heartbeat(&c.batch, now)
		if c.cfg.HeartbeatActionQuery != "" {
			signal(c.action)
		}
	}
	c.beat = now
}

// rest moves the position to where the log has nothing more for us: what comes
// behind is read from there, since the server may let go of what is before.
func (c *capture) rest() {
	p := &c.pos
	if c.idle > p.at && c.idle > p.commit && !p.inSnapshot() {
		p.at, p.processed, p.commit, p.message, p.events = c.idle, c.idle, c.idle, kindCommit, 0
		p.streams()
	}
}

// offset is the position behind the batch.
func (c *capture) offset() connect.SourceOffset {
	o := connect.SourceOffset{}
	c.pos.store(o)
	c.owner.store(o)
	if !c.pos.inSnapshot() {
		c.emit.Transaction.Store(o)
		maps.Copy(o, c.incremental)
	}
	return o
}

// begin waits until there is room in the batch, and holds it until done.
func (c *capture) begin(ctx context.Context) error {
	for {
		c.mu.Lock()
		if len(c.batch.Records) < c.cfg.MaxBatchSize && c.size < c.cfg.MaxQueueSizeInBytes {
			return nil
		}
		c.mu.Unlock()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.room:
		}
	}
}

// done lets go of the batch.
func (c *capture) done() {
	some := len(c.batch.Records) > 0 || c.due
	if c.several && len(c.batch.Records) < c.cfg.MaxBatchSize {
		signal(c.room) // another may wait for it
	}
	c.mu.Unlock()
	if some {
		c.wake()
	}
}

var _ connect.Committer = (*capture)(nil)

// Committed lets the server forget what Kafka has for good.
func (c *capture) Committed(_ context.Context, _ *connect.SourcePartition, o connect.SourceOffset) error {
	p, err := positionOf(o)
	if err != nil || p.inSnapshot() || p.commit == 0 {
		return nil
	}
	c.flushed.Store(uint64(p.commit))
	if c.confirm != nil {
		signal(c.confirm)
	}
	return nil
}

var _ connect.Lagger = (*capture)(nil)

// Lag is how much of the server's log was not read yet.
func (c *capture) Lag() (int64, string, bool) {
	end, had := c.server.Load(), c.had.Load()
	if end == 0 || had == 0 {
		return 0, "", false
	}
	return max(int64(end-had), 0), "bytes", true
}

// logEnds takes where the server's log ends, as the server has said.
func (c *capture) logEnds(at lsn) {
	for {
		known := c.server.Load()
		if uint64(at) <= known || c.server.CompareAndSwap(known, uint64(at)) {
			return
		}
	}
}

// stop ends run.
func (c *capture) stop() {
	if c.end == nil {
		return
	}
	c.end()
	<-c.over
	c.end = nil
}

// Close ends everything.
func (c *capture) Close() error {
	c.stop()
	if c.cfg.SlotDropOnStop && c.log != nil {
		c.dropSlot()
	}
	return nil
}
