package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// watchEvery is how often the slot is looked at, and watchPatience how long
	// one statement beside the reading may take.
	watchEvery    = 15 * time.Second
	watchPatience = 10 * time.Second
)

// watch is what goes on beside the reading, on a connection of its own: it looks
// how much of the log the slot holds back, and runs heartbeatActionQuery. It does
// not wait for Kafka, so it goes on while the capture is paused. Nothing that
// fails here stops the capture.
type watch struct {
	*capture
	conn   *pgx.Conn // nil: it is made when it is needed
	warnAt int64     // so many bytes are worth a warning
	failed bool      // the last look did, and that was said
}

// watch begins to watch, until end is called.
func (s *session) watch(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	w := &watch{capture: s.capture, warnAt: int64(s.cfg.SlotBytesBound)}
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer w.hangUp()
		w.run(ctx)
	}()
	return func() {
		cancel()
		<-over
	}
}

func (w *watch) run(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	w.look(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			w.look(ctx)
		case <-w.action:
			w.act(ctx)
		}
	}
}

// act runs the statement of a heartbeat.
func (w *watch) act(ctx context.Context) {
	err := w.with(ctx, func(ctx context.Context) error {
		return w.conn.PgConn().Exec(ctx, w.cfg.HeartbeatActionQuery).Close() // it may be several; nobody wants their rows
	})
	if err != nil && ctx.Err() == nil {
		w.log.Warn("heartbeatActionQuery has failed; it runs again with the next heartbeat", "error", err)
	}
}

// heldQuery asks where the server's log ends, how much of it a slot holds back,
// and how much more it may; -1 is without a bound.
const heldQuery = `SELECT w.at::text, greatest(coalesce(pg_wal_lsn_diff(w.at, s.restart_lsn), 0), 0)::bigint, coalesce((to_jsonb(s) ->> 'safe_wal_size')::bigint, -1)
FROM pg_catalog.pg_replication_slots s, (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END) w(at)
WHERE s.slot_name = $1 AND w.at IS NOT NULL`

// look asks how much of the log the slot holds back.
func (w *watch) look(ctx context.Context) {
	var at string
	var held, room int64
	err := w.with(ctx, func(ctx context.Context) error {
		err := w.conn.QueryRow(ctx, heldQuery, w.cfg.SlotName).Scan(&at, &held, &room)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil // the reading says that the slot is gone
		}
		return err
	})
	if err == nil && at != "" {
		err = w.note(at, held, room)
	}
	if err != nil && !w.failed && ctx.Err() == nil {
		w.log.Warn("it cannot be told how much of the log the slot holds back", "slot", w.cfg.SlotName, "error", err)
	}
	w.failed = err != nil
}

// note takes what the server has said, and warns: once, and again whenever it is
// twice as much.
func (w *watch) note(at string, held, room int64) error {
	end, err := parseLSN(at)
	if err != nil {
		return err
	}
	w.logEnds(end)
	w.held.Store(held)
	w.heldLeft.Store(room)
	w.heldKnown.Store(true)
	switch {
	case held >= w.warnAt:
		w.warnAt = 2 * held
		more := []any{"slot", w.cfg.SlotName, "bytes", held, "slotBytesBound", w.cfg.SlotBytesBound}
		if room >= 0 {
			more = append(more, "bytes until the server lets go of it", room)
		}
		w.log.Warn("the slot holds back much of the server's log, which fills its disk: is the capture paused, does Kafka take its records, is a transaction open for long?", more...)
	case held < int64(w.cfg.SlotBytesBound):
		w.warnAt = int64(w.cfg.SlotBytesBound)
	}
	return nil
}

// with has f use the connection, for no longer than watchPatience. After a
// failure, or with a transaction left open, the next one gets a new connection.
func (w *watch) with(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, watchPatience+time.Second)
	defer cancel()
	if w.conn == nil || w.conn.IsClosed() {
		config := w.config.Copy()
		// The server ends it too: it goes on with what nobody waits for any more.
		config.RuntimeParams["statement_timeout"] = fmt.Sprint(watchPatience.Milliseconds())
		var err error
		if w.conn, err = pgx.ConnectConfig(ctx, config); err != nil {
			w.conn = nil
			return err
		}
	}
	err := f(ctx)
	if err != nil || w.conn.PgConn().TxStatus() != 'I' {
		w.hangUp()
	}
	return err
}

func (w *watch) hangUp() {
	if w.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = w.conn.Close(ctx)
	w.conn = nil
}
