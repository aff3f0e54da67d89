package sql

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kcgen.dev/runtime/connector/database"
)

// settling is a span that is to be read when the transactions are over that may
// still add rows to it.
type settling struct {
	span    span
	writers map[string]bool
	since   time.Time
	again   time.Time // when to look next
	told    bool
}

// settlePause is between two looks.
var settlePause = 50 * time.Millisecond // tests have less

// clockMargin is how far behind the clock the bound of times is at least, where
// transactions are waited for: one has taken its time shortly before it can be
// seen that it is open.
const clockMargin = 100 * time.Millisecond

// settleLong is when waiting is worth a word.
const settleLong = 30 * time.Second

// bounded gives the span that the next query is to read. Where late commits are
// waited for, the highest value comes first and the open transactions second: a
// row below it that is not to be seen yet is of one of these.
func (r *reader) bounded(ctx context.Context, c columns) (*settling, error) {
	w := &settling{span: span{from: r.pos}, since: time.Now()}
	settles, waits := r.t.dialect.(database.Settles)
	waits = waits && r.cfg.Mode != bulk && r.cfg.LateCommits != "ignore"
	if r.cfg.byTime() {
		now, err := r.t.dialect.Now(ctx, r.t.db)
		if err != nil {
			return nil, r.t.fault("read the clock of "+r.t.cfg.Connection.String(), err)
		}
		r.lookAhead(ctx, c, now)
		delay := r.cfg.TimestampDelayInterval
		if waits {
			delay = max(delay, clockMargin)
		}
		w.span.before = now.Add(-delay)
	}
	if !waits {
		return w, nil
	}
	if r.cfg.Mode == incrementing {
		var err error
		if w.span.upTo, w.span.capped, err = r.max(ctx, c); err != nil {
			return nil, err
		}
		if !w.span.capped || r.pos.hasNumber && w.span.upTo <= r.pos.number {
			return nil, nil // there is nothing new
		}
	}
	var err error
	if w.writers, err = settles.Writers(ctx, r.t.db, r.table, r.all()); err != nil {
		return nil, r.fault("ask for open transactions", err)
	}
	return w, nil
}

// all says whether any transaction may add rows, and not only those that have
// begun to write to the table: a time may be that of a transaction's beginning,
// and the tables of a query are not known.
func (r *reader) all() bool { return r.cfg.byTime() || r.query() }

// settled says whether the transactions are over that a span waits for.
func (r *reader) settled(ctx context.Context, w *settling) (bool, error) {
	if len(w.writers) == 0 {
		return true, nil
	}
	now := time.Now()
	if now.Before(w.again) {
		return false, nil
	}
	open, err := r.t.dialect.(database.Settles).Writers(ctx, r.t.db, r.table, r.all())
	if err != nil {
		return false, r.fault("ask for open transactions", err)
	}
	for name := range w.writers {
		if !open[name] {
			delete(w.writers, name)
		}
	}
	w.again = now.Add(settlePause)
	if !w.told && now.Sub(w.since) > settleLong {
		w.told = true
		r.t.log.Warn("reading waits for transactions that were open when it began and may yet add rows; lateCommits: \"ignore\" does not wait, and loses such rows",
			"table", r.name, "transactions", len(w.writers), "since", w.since.UTC().Format(time.RFC3339))
	}
	return len(w.writers) == 0, nil
}

// max asks for the highest number; false: there is no row.
func (r *reader) max(ctx context.Context, c columns) (int64, bool, error) {
	rows, err := r.t.db.QueryContext(ctx, r.highest(c))
	if err != nil {
		return 0, false, r.fault("ask for the highest "+c.number.Name, err)
	}
	defer rows.Close()
	var v any
	for rows.Next() {
		if err := rows.Scan(&v); err != nil {
			return 0, false, r.fault("ask for the highest "+c.number.Name, err)
		}
	}
	if err := rows.Err(); err != nil || v == nil {
		return 0, false, r.fault("ask for the highest "+c.number.Name, err)
	}
	n, err := numberOf(v)
	if err != nil {
		return 0, false, fmt.Errorf("sql: %s: the highest %s: %w", r.name, c.number.Name, err)
	}
	return n, true, nil
}

// numberOf is a whole number as drivers give it.
func numberOf(v any) (int64, error) {
	switch v := v.(type) {
	case int64:
		return v, nil
	case []byte:
		return numberOf(string(v))
	case string:
		digits, zeros, _ := strings.Cut(v, ".")
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil && strings.Trim(zeros, "0") == "" {
			return n, nil
		}
		return 0, fmt.Errorf("%q is not a whole number up to 9223372036854775807, which is what an offset can hold", v)
	}
	return 0, fmt.Errorf("it is %v (%T), not a whole number", v, v)
}
