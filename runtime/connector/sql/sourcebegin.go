package sql

import (
	"context"
	dbsql "database/sql"
	"fmt"
	"slices"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// begin starts a query; not ready: not now. A table is described anew each time,
// so that columns may come, go and change their names while it is read.
func (r *reader) begin(ctx context.Context, b *connect.Batch) (ready bool, err error) {
	qctx, cancel := context.WithCancel(r.t.life)
	done := r.t.within(ctx, cancel)
	defer func() {
		done()
		if !ready {
			cancel()
		}
	}()
	if r.wait == nil {
		if err := r.prepare(qctx, b); err != nil || r.wait == nil {
			return false, err
		}
	}
	if ok, err := r.settled(qctx, r.wait); !ok || err != nil {
		return false, err
	}
	if r.known == nil && r.cfg.Mode != bulk {
		if err := r.describe(qctx); err != nil {
			return false, err
		}
	}
	w := r.wait.span
	r.wait = nil
	err = r.start(qctx, cancel, w)
	return err == nil, err
}

// prepare describes the table and finds what is to be read of it; r.wait stays
// nil where there is nothing.
func (r *reader) prepare(ctx context.Context, b *connect.Batch) error {
	if err := r.describe(ctx); err != nil {
		return err
	}
	c, err := r.cfg.columnsOf(r.known)
	if err == nil {
		err = r.t.cfg.checkNulls(c)
	}
	if err == nil {
		err = checkTypes(c, r.t.mapping)
	}
	if err != nil {
		return fmt.Errorf("sql: %s: %w", r.name, err)
	}
	r.cfg.IncrementingColumnName = c.number.Name
	if err := r.initial(ctx, b); err != nil {
		return err
	}
	if r.wait, err = r.bounded(ctx, c); err == nil && r.wait == nil {
		r.due = time.Now().Add(r.cfg.PollInterval)
	}
	return err
}

// describe learns the columns: a table's of the database, a query's of its own
// rows.
func (r *reader) describe(ctx context.Context) (err error) {
	if !r.query() {
		r.known, err = r.t.dialect.Columns(ctx, r.t.db, r.table, r.t.mapping)
		if err != nil {
			return r.fault("read the columns", err)
		}
		if len(r.known) == 0 {
			return errGone
		}
		return nil
	}
	if r.known != nil || r.cfg.Mode == bulk {
		return nil
	}
	return r.describeQuery(ctx)
}

// describeQuery learns the columns of the query as a part of another one.
func (r *reader) describeQuery(ctx context.Context) error {
	conn, err := r.t.db.Conn(ctx)
	if err != nil {
		return r.fault("read the columns", err)
	}
	defer conn.Close()
	text := append(r.source([]byte("SELECT * FROM ")), " WHERE 1 = 0"...)
	rows, err := r.t.dialect.Rows(ctx, conn, string(text), nil, nil, r.t.mapping)
	if err != nil {
		return r.fault("read the columns", err)
	}
	r.known = slices.Clone(rows.Columns())
	_, err = rows.Next(make([]connect.Value, len(r.known))) // there is none, but rights may be missing
	_ = rows.Close()
	if err == nil {
		err = r.sample(ctx, conn)
	}
	return r.fault("read the columns", err)
}

// sample finds out how the query's times are kept, where the dialect has to look
// at them for that.
func (r *reader) sample(ctx context.Context, conn *dbsql.Conn) error {
	d, ok := r.t.dialect.(database.Samples)
	if !ok {
		return nil
	}
	by, err := r.cfg.columnsOf(r.known)
	if err != nil {
		return nil // prepare says what is wrong
	}
	from := string(r.source(nil))
	for _, t := range by.times {
		i := slices.IndexFunc(r.known, func(c database.Column) bool { return c.Name == t.Name })
		if r.known[i].Stored, err = d.Stored(ctx, conn, from, t); err != nil {
			return err
		}
	}
	return nil
}

// initial takes timestampInitial for where nothing was read yet. It is marked, so
// that rows that come before the next start are not passed over then.
func (r *reader) initial(ctx context.Context, b *connect.Batch) error {
	if r.pos.hasTime || !r.cfg.byTime() || r.cfg.TimestampInitial == 0 {
		return nil
	}
	at := time.UnixMilli(int64(r.cfg.TimestampInitial)).UTC()
	if r.cfg.TimestampInitial == -1 {
		now, err := r.t.dialect.Now(ctx, r.t.db)
		if err != nil {
			return r.t.fault("read the clock of "+r.t.cfg.Connection.String(), err)
		}
		at = now.UTC().Truncate(time.Millisecond)
	}
	r.pos = position{at: at, hasTime: true}
	r.safe = r.pos
	b.Mark(r.part, r.pos.offset())
	return nil
}

// start asks the query and reads its first row ahead.
func (r *reader) start(ctx context.Context, cancel context.CancelFunc, w span) error {
	c, err := r.cfg.columnsOf(r.known)
	if err != nil {
		return fmt.Errorf("sql: %s: %w", r.name, err)
	}
	if r.resumable() && r.cfg.QuerySuffix == "" && r.t.crowded() {
		w.most = r.cfg.BatchMaxRows
	}
	text, args, err := r.statement(c, w)
	if err != nil {
		return fmt.Errorf("sql: %s: where to go on: %w", r.name, err)
	}
	conn, err := r.t.db.Conn(ctx)
	if err != nil {
		return r.fault("read the rows", err)
	}
	tx, err := r.isolated(ctx, conn)
	if err != nil {
		_ = conn.Close()
		return r.fault("begin to read the rows", err)
	}
	rows, err := r.t.dialect.Rows(ctx, conn, text, args, r.described(), r.t.mapping)
	if err != nil {
		letGo(conn, tx)
		return r.refused(ctx, err)
	}
	r.absent = false
	r.open = &openQuery{ctx: ctx, cancel: cancel, conn: conn, tx: tx, rows: rows, span: w}
	if err = r.fit(rows.Columns()); err == nil {
		err = r.fetch()
	}
	if err != nil {
		r.close()
	}
	return err
}

// refused says what it means that the database refuses the query. A table or a
// column may have gone since it was described: then it is described anew, once.
func (r *reader) refused(ctx context.Context, err error) error {
	fault := r.fault("read the rows", r.aside(err))
	if r.query() || r.absent || r.t.dialect.Fault(err) != database.Absent {
		return fault
	}
	if err := r.describe(ctx); err != nil {
		return err
	}
	r.absent = true
	return connect.Retry(fault)
}

// described are the columns as the table has them; a query's rows tell of
// themselves.
func (r *reader) described() []database.Column {
	if r.query() {
		return nil
	}
	return r.known
}

// fit makes the schema of a query's columns.
func (r *reader) fit(cols []database.Column) error {
	sh, err := r.cfg.shapeOf(r.table.Name, cols, r.shape)
	if err != nil {
		return fmt.Errorf("sql: %s: %w", r.name, err)
	}
	if r.query() {
		r.known = slices.Clone(cols)
	}
	for _, c := range cols {
		if c.Schema == nil && !r.told[c.Name] {
			if r.told == nil {
				r.told = map[string]bool{}
			}
			r.told[c.Name] = true
			r.t.log.Warn("a column is left out: its type has none in Kafka Connect", "table", r.name, "column", c.Name, "type", c.Type, "because", c.Unsupported)
		}
	}
	r.shape = sh
	r.open.values = make([]connect.Value, len(cols))
	return nil
}

// resumable says whether a query can be ended anywhere and begun anew there.
func (r *reader) resumable() bool { return r.cfg.byNumber() }
