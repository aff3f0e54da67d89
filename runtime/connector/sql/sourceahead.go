package sql

import (
	"context"
	"fmt"
	"time"

	"kcgen.dev/runtime/connector/database"
)

// aheadMargin is how far times may be ahead of the database's clock without a
// word: more than clocks differ, and less than zones do.
const aheadMargin = 10 * time.Minute

// aheadEvery is how often a table that gives no rows is asked for such times.
const aheadEvery = 5 * time.Minute

// aheadWhy is what it means that there are rows ahead of the clock, of which none
// is read before the clock is there: nearly always a column without a zone that is
// written in another one than dbTimezone. aheadFix is what to do.
const (
	aheadWhy = "there are rows whose time is more than ten minutes ahead of the database's clock, and they are read when it is there"
	aheadFix = "if the column has no zone, set dbTimezone to the zone in which its times are written, such as \"Europe/Berlin\""
)

// lookAhead says in the log, once, that rows are ahead of the clock. It asks where
// a query has just given no row, and seldom: the answer may cost as much as a poll.
func (r *reader) lookAhead(ctx context.Context, c columns, now time.Time) {
	if !r.empty || r.aheadTold || time.Now().Before(r.aheadDue) {
		return
	}
	r.aheadDue = time.Now().Add(aheadEvery)
	found, err := r.ahead(ctx, c, now)
	if err != nil {
		r.t.log.Debug("rows ahead of the clock were not looked for", "table", r.name, "error", err.Error())
		return
	}
	if r.aheadTold = found; found {
		r.t.log.Warn(aheadWhy+"; "+aheadFix, "table", r.name, "column", c.times[0].Name, "dbTimezone", r.cfg.DbTimezone, "clock", now.UTC().Format(time.RFC3339))
	}
}

// ahead reports whether there are rows whose times are far ahead of the clock.
func (r *reader) ahead(ctx context.Context, c columns, now time.Time) (found bool, err error) {
	s := &statement{d: r.t.dialect, m: r.t.mapping}
	first, last := s.d.Limit(1)
	s.add("SELECT " + spaced("", first, " ") + "1 FROM ")
	s.text = r.source(s.text)
	s.add(" WHERE ")
	s.time(c)
	s.add(" > ")
	s.bind(c.times[0], now.Add(aheadMargin))
	s.add(spaced(" ", last, ""))
	if s.err != nil {
		return false, fmt.Errorf("sql: %s: %w", r.name, s.err)
	}
	err = database.Strings(ctx, r.t.db, string(s.text), s.args, func([]string) error { found = true; return nil })
	return found, err
}
