package sql

import (
	"context"
	dbsql "database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// How long a Poll without rows lasts, and how long one looks for rows before it
// returns what it has.
const (
	pollWait = 500 * time.Millisecond
	turnTime = 300 * time.Millisecond
)

// pollPause is between two looks for rows that wait for transactions.
var pollPause = 20 * time.Millisecond // tests have less

// mostOpen is how many queries stay open over polls. Further tables are read in
// pages, or wait where there are none (see reader.resumable).
const mostOpen = 4

// grace is how long a query may go on when Poll is to return.
const grace = 100 * time.Millisecond

// sourceTask reads its tables in turn, a batch of each.
type sourceTask struct {
	cfg     Source
	pick    selection
	mapping database.Mapping

	log     *slog.Logger
	offsets connect.OffsetReader
	exact   bool
	db      *dbsql.DB
	dialect database.Dialect
	life    context.Context // from Open to Close: open queries outlive a Poll
	end     context.CancelFunc
	slab    connect.Slab
	lag     lags
	idle    idling

	readers []*reader
	next    int                // whose turn it is
	look    time.Time          // when to look for tables
	failed  error              // of the last Poll, which gave records before it failed
	none    bool               // it was said that there are no tables
	left    map[string]*reader // of tables that were gone
	catalog string             // before the names of tables in offsets of Connect
}

// Open connects, and finds the tables.
func (t *sourceTask) Open(ctx context.Context, tc connect.SourceContext) (err error) {
	t.log, t.offsets, t.exact = tc.Log, tc.Offsets, tc.ExactlyOnce && t.cfg.Mode == timestamp
	t.dialect = t.cfg.Connection.Dialect()
	if t.cfg.LateCommits == "wait" {
		if _, ok := t.dialect.(database.Settles); !ok {
			return fmt.Errorf("sql: lateCommits: %s cannot tell which transactions are open; leave it out, and use timestampDelayInterval", t.dialect.Name())
		}
	}
	t.release()
	if t.db, err = t.cfg.Connection.Open(); err != nil {
		return fmt.Errorf("sql: %w", err)
	}
	t.life, t.end = context.WithCancel(context.Background())
	t.left = map[string]*reader{}
	if err := t.db.PingContext(ctx); err != nil {
		return t.fault("connect to "+t.cfg.Connection.String(), err)
	}
	if t.cfg.Query != "" {
		return t.openQuery()
	}
	if c, ok := t.dialect.(database.Catalogs); ok {
		if t.catalog, err = c.Catalog(ctx, t.db); err != nil {
			return t.fault("connect to "+t.cfg.Connection.String(), err)
		}
	}
	return t.find(ctx)
}

// openQuery makes the reader of the query.
func (t *sourceTask) openQuery() (err error) {
	r := &reader{t: t, cfg: t.cfg, name: "the query", topic: t.cfg.TopicPrefix, part: queryPartition()}
	if r.pos, err = positionOf(t.offsets.Offset(r.part)); err != nil {
		return fmt.Errorf("sql: the offset of the query: %w", err)
	}
	r.safe = r.pos
	t.readers = []*reader{r}
	return nil
}

// fault says what was tried, and what an error means to the worker.
func (t *sourceTask) fault(what string, err error) error {
	if err == nil {
		return nil
	}
	return t.dialect.Fault(err).Worker("sql: "+what, err)
}

// Poll gives each table a turn. Where an error comes behind rows of others, they
// go first, and the error is that of the next Poll.
func (t *sourceTask) Poll(ctx context.Context, b *connect.Batch) error {
	t.idle.begin()
	defer t.idle.end(t.closeIdle)
	if err := t.failed; err != nil {
		t.failed = nil
		return err
	}
	for until := time.Now().Add(pollWait); ; {
		err := t.turn(ctx, b)
		switch {
		case len(b.Records) > 0 || len(b.Marks()) > 0:
			if err != nil && !over(ctx) {
				t.failed = err
			}
			return nil
		case over(ctx):
			return nil
		case err != nil:
			return err
		}
		if !t.rest(ctx, until) {
			return nil
		}
	}
}

// over is whether ctx has come to its end. A connection that is being made may
// know that first: it has the same deadline, and a timer of its own.
func over(ctx context.Context) bool {
	end, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(end)
}

// rest waits for a table's time; false: Poll has waited enough.
func (t *sourceTask) rest(ctx context.Context, until time.Time) bool {
	now := time.Now()
	at := until
	for _, r := range t.readers {
		if r.wait != nil {
			at = earlier(at, now.Add(pollPause))
		} else {
			at = earlier(at, r.due)
		}
	}
	if t.cfg.Query == "" {
		at = earlier(at, t.look)
	}
	timer := time.NewTimer(max(at.Sub(now), time.Millisecond))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return time.Now().Before(until)
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// turn reads of each table that is due, until the batch is full.
func (t *sourceTask) turn(ctx context.Context, b *connect.Batch) error {
	begun := time.Now()
	if t.cfg.Query == "" && !begun.Before(t.look) {
		if err := t.find(ctx); err != nil {
			return err
		}
	}
	for range len(t.readers) {
		room := t.cfg.BatchMaxRows - len(b.Records)
		if room <= 0 || ctx.Err() != nil || time.Since(begun) > turnTime {
			return nil
		}
		t.next %= len(t.readers)
		r := t.readers[t.next]
		t.next++
		if r.open == nil && (r.wait == nil && time.Now().Before(r.due) || !r.resumable() && t.crowded()) {
			continue
		}
		t.slab.Begin()
		err := r.read(ctx, b, room)
		if errors.Is(err, errGone) {
			t.drop(r)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// crowded says whether as many queries are open as may stay so.
func (t *sourceTask) crowded() bool {
	n := 0
	for _, r := range t.readers {
		n += btoi(r.open != nil)
	}
	return n >= mostOpen
}

// within sees to it that what is done for a Poll ends soon when the Poll is to;
// the function that it gives is called when it was done.
func (t *sourceTask) within(ctx context.Context, cancel context.CancelFunc) func() {
	over := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-over:
		}
	})
	return func() {
		stop()
		close(over)
	}
}

// Close lets go of everything.
func (t *sourceTask) Close() error {
	t.idle.stop()
	t.release()
	return nil
}

func (t *sourceTask) release() {
	for _, r := range t.readers {
		r.close()
	}
	t.readers = nil
	if t.end != nil {
		t.end()
	}
	if t.db != nil {
		_ = t.db.Close()
		t.db = nil
	}
}
