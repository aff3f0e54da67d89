package sql

import (
	"context"
	dbsql "database/sql"
	"errors"
	"fmt"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// reader reads one table, or the query, again and again. A query that is not at
// its end when a batch is full stays open, and the next batch goes on in it.
type reader struct {
	t     *sourceTask
	cfg   Source         // with the column that was found
	table database.Table // zero: the query
	name  string         // for errors and logs
	topic string
	part  *connect.SourcePartition

	pos    position  // the last row that was handed out
	safe   position  // how far an offset may say: there is nothing before it that was not handed out
	due    time.Time // when to read next
	known  []database.Column
	wait   *settling
	open   *openQuery
	shape  *shape
	absent bool            // the last query named what was not there
	plain  bool            // what is read writes, so that it cannot be read as a bystander
	empty  bool            // the last query gave no row
	told   map[string]bool // columns of which it was said that they are left out

	aheadDue  time.Time // when to look again for rows ahead of the clock
	aheadTold bool
}

// openQuery is a query whose rows are being read. The next row is read ahead: it
// tells whether a run of rows of the same time has ended.
type openQuery struct {
	ctx    context.Context
	cancel context.CancelFunc
	conn   *dbsql.Conn
	tx     *dbsql.Tx // nil: no transaction was asked for
	rows   database.Rows
	values []connect.Value // where some columns are left out
	ahead  *connect.Struct // nil: there is no row any more
	at     position        // … of that row
	span   span
	count  int
}

// errGone is a table that is no longer there.
var errGone = errors.New("the table is gone")

func (r *reader) query() bool { return r.table.Name == "" }

// fault says what was tried with the table.
func (r *reader) fault(what string, err error) error {
	return r.t.fault(what+" of "+r.name, err)
}

// read adds rows to a batch, n of them at the most.
func (r *reader) read(ctx context.Context, b *connect.Batch, n int) error {
	defer r.t.lag.note(r)
	if r.open == nil {
		if ready, err := r.begin(ctx, b); !ready || err != nil {
			return err
		}
	}
	q := r.open
	defer r.t.within(ctx, q.cancel)()
	before := len(b.Records)
	whole, err := r.emit(ctx, b, n)
	cut := r.t.exact && len(b.Records) > whole
	if cut {
		b.Records = b.Records[:whole] // they come again, with the rest of their time
	}
	if r.cfg.Mode != bulk && len(b.Records) > before {
		b.Mark(r.part, r.safe.offset())
	}
	switch {
	case err != nil:
		r.close()
		if q.ctx.Err() != nil {
			return nil // a Poll had to end while the query worked: it is asked anew
		}
		return err
	case q.ahead == nil && !cut:
		r.finish()
	case cut, q.span.most > 0:
		r.close()
		r.goOn(q.span)
	}
	return nil
}

// goOn has the next query read the rest of a span, as far as it is settled.
func (r *reader) goOn(w span) {
	w.from, w.most = r.pos, 0
	r.wait = &settling{span: w}
}

// emit hands out rows until there are n more in the batch, or none are left. whole
// is how many of the batch the safe position covers.
func (r *reader) emit(ctx context.Context, b *connect.Batch, n int) (whole int, err error) {
	q, runs := r.open, r.cfg.Mode == timestamp
	whole = len(b.Records)
	for most := whole + n; q.ahead != nil && ctx.Err() == nil && err == nil; {
		if len(b.Records) >= most && (len(b.Records) == whole || !r.t.exact) {
			break
		}
		row, at := q.ahead, q.at
		err = r.fetch()
		r.add(b, row)
		r.pos = at
		switch {
		case !runs, err == nil && (q.ahead == nil || q.at.at.After(at.at)):
			r.safe, whole = at, len(b.Records)
		case !r.safe.hasTime:
			// There is nothing before the first time of all.
			r.safe = position{at: at.at.Truncate(time.Millisecond).Add(-time.Millisecond), hasTime: true}
		}
	}
	return whole, err
}

func (r *reader) add(b *connect.Batch, row *connect.Struct) {
	rec := b.Add()
	rec.Topic = r.topic
	rec.Value = connect.Datum{Schema: row.Schema, Value: row.Value()}
}

// fetch reads the next row ahead.
func (r *reader) fetch() error {
	q := r.open
	q.ahead = nil
	row := r.t.slab.Struct(r.shape.schema)
	dst := row.Slots
	if r.shape.slots != nil {
		dst = q.values
	}
	more, err := q.rows.Next(dst)
	if err != nil {
		return r.fault("read a row", r.aside(err))
	}
	if !more {
		return nil
	}
	for i, slot := range r.shape.slots {
		if slot >= 0 {
			row.Slots[slot] = dst[i]
		}
	}
	if q.at, err = r.locate(row); err != nil {
		return err
	}
	for _, i := range r.shape.dates {
		row.Slots[i] = database.JulianDate(row.Slots[i])
	}
	q.ahead = row
	q.count++
	return nil
}

// locate is where a row stands.
func (r *reader) locate(row *connect.Struct) (p position, err error) {
	if i := r.shape.number; i >= 0 {
		name := row.Schema.Fields()[i].Name
		if row.Slots[i].IsNull() {
			return p, fmt.Errorf("sql: %s: mode %s: column %s of a row behind %s is null; it must have a number in each row", r.name, r.cfg.Mode, name, r.pos)
		}
		if p.number, err = integer(row.Slots[i]); err != nil {
			return p, fmt.Errorf("sql: %s: mode %s: column %s of a row behind %s: %w", r.name, r.cfg.Mode, name, r.pos, err)
		}
		p.hasNumber = true
	}
	for _, i := range r.shape.times {
		if row.Slots[i].IsNull() {
			continue
		}
		mapping := r.t.mapping
		if row.Schema.Fields()[i].Schema.Logical() == connect.LogicalDate {
			mapping.Julian = false // not yet
		}
		if p.at, err = moment(row.Slots[i], mapping); err != nil {
			return p, fmt.Errorf("sql: %s: mode %s: column %s of a row behind %s: %w", r.name, r.cfg.Mode, row.Schema.Fields()[i].Name, r.pos, err)
		}
		p.hasTime = true
		return p, nil
	}
	if len(r.shape.times) > 0 {
		return p, fmt.Errorf("sql: %s: mode %s: a row behind %s has no time in %s", r.name, r.cfg.Mode, r.pos, listed(r.known))
	}
	return p, nil
}

// finish ends a query of which all rows were read.
func (r *reader) finish() {
	q := r.open
	r.close()
	r.empty = q.count == 0
	if q.span.most > 0 && q.count >= q.span.most {
		r.goOn(q.span)
		return
	}
	r.due = time.Now().Add(r.cfg.PollInterval)
}

// close lets go of the query. Where it was not at its end, the next one begins
// behind the safe position.
func (r *reader) close() {
	if r.open == nil {
		return
	}
	if r.open.ahead != nil {
		r.open.cancel() // or the driver may read what is left
	}
	_ = r.open.rows.Close()
	letGo(r.open.conn, r.open.tx)
	r.open.cancel()
	r.open, r.pos = nil, r.safe
	if r.query() {
		r.known = nil // they are asked for anew
	}
}
