package postgres

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
	"kcgen.dev/runtime/internal/jsontext"
)

// snapshot reads the rows that are there, as they are at the place in the log
// from where on changes are told.
func (s *session) snapshot(ctx context.Context) error {
	if err := wait(ctx, s.cfg.SnapshotDelay); err != nil {
		return err
	}
	if err := s.pin(ctx); err != nil {
		return err
	}
	defer s.unsee()
	all, err := s.captured(ctx, s.conn)
	if err != nil {
		return err
	}
	todo := slices.DeleteFunc(all, func(t cdc.TableID) bool {
		return s.emit.Filter.Signals(t) || !s.sieve.snapshot(t.Schema, t.Table) || s.pos.hasRead(quoteTable(t))
	})
	slices.SortFunc(todo, func(a, b cdc.TableID) int { return strings.Compare(quoteTable(a), quoteTable(b)) })
	s.log.Info("the snapshot begins", "tables", len(todo), "at", s.pos.at.String(), "goes on behind", s.pos.table)
	return s.scan(ctx, &scanning{todo: todo, queries: s.cfg.SnapshotSelectStatementOverrides})
}

// pin opens the transaction in which all rows are read, and finds the place in
// the log that belongs to it. A snapshot that goes on sees later rows than it
// began with: the log is read from where it began, and puts that right.
func (s *session) pin(ctx context.Context) error {
	p := s.pos
	p.time = microsOf(time.Now())
	if err := s.conn.QueryRow(ctx, "SELECT CASE WHEN pg_is_in_recovery() THEN 0 ELSE txid_current() END").Scan(&p.txID); err != nil {
		return err
	}
	from := s.made
	switch {
	case p.inSnapshot() && p.known():
		from = newSlot{at: p.at}
	case s.cfg.SnapshotMode == "initial_only":
		var at string
		if err := s.conn.QueryRow(ctx, "SELECT pg_current_wal_lsn()::text").Scan(&at); err != nil {
			return err
		}
		var err error
		if from.at, err = parseLSN(at); err != nil {
			return err
		}
	case s.slot != nil && s.slot.confirmed > 0 && s.cfg.SnapshotMode != "always":
		// A start that was cut off before its first offset was kept has made the
		// slot, and may have told changes already. What it told of rows that were
		// deleted since is put right by the log alone.
		from = newSlot{at: s.slot.confirmed}
	case from.snapshot == "":
		l, err := openLink(ctx, s.config)
		if err != nil {
			return err
		}
		defer l.close()
		if from, err = createSlot(ctx, l, "kcgen_"+strconv.FormatInt(p.time, 36), true, false, s.server); err != nil {
			return err
		}
	}
	if err := s.see(ctx, from.snapshot); err != nil {
		return err
	}
	p.at, p.snapshot, p.last, p.completed = from.at, snapshotInitial, false, false
	s.setPosition(p)
	return nil
}

// see opens a transaction that sees what a snapshot of another does; "": what is
// there now. No source waits for it (see standBy).
func (s *session) see(ctx context.Context, snapshot string) error {
	sql := "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	if snapshot != "" {
		sql += "; SET TRANSACTION SNAPSHOT '" + strings.ReplaceAll(snapshot, "'", "''") + "'"
	}
	_, err := s.conn.PgConn().Exec(ctx, sql+"; "+standBy).ReadAll()
	return err
}

// unsee ends the transaction.
func (s *session) unsee() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, _ = s.conn.Exec(ctx, "ROLLBACK")
}

// scan is what one goroutine reads of a snapshot. A row is told when the next one is known, since
// the last one says that it is.
type scan struct {
	*session
	all  *scanning
	rows int64

	firstTable bool // it is the first one that is being read

	row, spare []connect.Value
	key        []byte // memory for the next held row's
	held       heldRow
}

// heldRow is a row that is not told yet.
type heldRow struct {
	version     *version // nil: there is none
	row         []connect.Value
	table       string
	key         []byte // as JSON; empty: a snapshot cannot go on behind it
	firstTable  bool
	first, last bool             // in its table
	scanned     cdc.Notification // if last
	size        int64
}

// table reads the rows of a table.
func (p *scan) table(ctx context.Context, id cdc.TableID) error {
	known, err := look(ctx, p.conn, id.Schema, id.Table)
	if err != nil {
		return err
	}
	v, err := p.session.tables.version(ctx, p.conn, known.relation(id.Schema, id.Table))
	if err != nil {
		return err
	}
	var after []string
	if row := p.all.from[quoteTable(id)]; len(row) > 0 {
		_ = json.Unmarshal(row, &after)
	}
	q := query{version: v, quoted: quoteTable(id), override: p.all.queries[id.String()], limit: p.cfg.SnapshotChunkSize}
	for _, i := range v.key {
		if at := slices.IndexFunc(known.columns, func(c catalogColumn) bool { return c.name == v.columns[i].name }); !known.columns[at].required {
			q.unordered = true // rows with nulls would be passed over
		}
	}
	begun, before := time.Now(), p.rows
	p.notify(ctx, cdc.Notification{About: cdc.InitialSnapshot, Type: cdc.InProgress,
		Data: map[string]string{cdc.CurrentCollection: id.String(), cdc.DataCollections: strings.Join(p.all.names, ",")}})
	p.expect(ctx, id)
	for more := true; more; {
		if after, more, err = p.chunk(ctx, &q, after); err != nil {
			return err
		}
		p.progress.Rows(id.String(), p.rows-before)
	}
	p.progress.Done(id.String())
	p.tableEnds(id, p.rows-before)
	p.log.Info("a table was read", "table", id.String(), "rows", p.rows-before, "took", time.Since(begun).Round(time.Millisecond).String())
	return nil
}

// expect says how many rows a table has, as the server thinks.
func (p *scan) expect(ctx context.Context, id cdc.TableID) {
	rows := int64(0)
	err := p.conn.QueryRow(ctx, `SELECT greatest(c.reltuples, 0)::bigint FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND c.relname = $2`, id.Schema, id.Table).Scan(&rows)
	if err == nil {
		p.progress.Expect(id.String(), rows)
	}
}

// query makes the queries of a table.
type query struct {
	*version
	quoted    string // the table's name
	override  string
	unordered bool
	limit     int
}

func (q *query) chunked() bool { return q.override == "" && !q.unordered && len(q.key) > 0 }

// sql is the query of the rows behind a key.
func (q *query) sql(after []string) string {
	if q.override != "" {
		return q.override
	}
	var b strings.Builder
	b.WriteString("SELECT ")
	some := false
	for i, c := range q.columns {
		if q.decode[i] == nil && !slices.Contains(q.key, i) {
			continue
		}
		if some {
			b.WriteString(", ")
		}
		some = true
		b.WriteString(dialect{}.quote(c.name))
	}
	b.WriteString(" FROM " + quoteTable(cdc.TableID{Schema: q.schema, Table: q.name}))
	if !q.chunked() {
		return b.String()
	}
	var names, places []string
	for n, i := range q.key {
		names = append(names, dialect{}.quote(q.columns[i].name))
		places = append(places, "$"+strconv.Itoa(n+1))
	}
	key := strings.Join(names, ", ")
	if after != nil {
		b.WriteString(" WHERE (" + key + ") > (" + strings.Join(places, ", ") + ")")
	}
	b.WriteString(" ORDER BY " + key + " LIMIT " + strconv.Itoa(q.limit))
	return b.String()
}

// chunk reads the rows of one query, and says behind which key the next begins.
func (p *scan) chunk(ctx context.Context, q *query, after []string) (next []string, more bool, err error) {
	var params [][]byte
	for _, text := range after {
		params = append(params, []byte(text))
	}
	result := p.conn.PgConn().ExecParams(ctx, q.sql(after), params, nil, nil, nil)
	var places []int
	n := 0
	for result.NextRow() {
		if places == nil {
			if places, err = q.places(result.FieldDescriptions()); err != nil {
				break
			}
		}
		if err = p.take(ctx, q, places, result.Values()); err != nil {
			break
		}
		n++
	}
	if err != nil {
		p.interrupt(result)
		return nil, false, err
	}
	if _, err := result.Close(); err != nil {
		return nil, false, err
	}
	if q.chunked() && n == q.limit {
		return next, true, json.Unmarshal(p.held.key, &next)
	}
	return nil, false, nil
}

// take decodes a row, tells the one before, and holds this one.
func (p *scan) take(ctx context.Context, q *query, places []int, cells [][]byte) (err error) {
	v := q.version
	p.row = p.row[:0]
	for range v.decode {
		p.row = append(p.row, connect.Null)
	}
	size := int64(0)
	for n, i := range places {
		if i < 0 || cells[n] == nil || v.decode[i] == nil {
			continue
		}
		size += int64(len(cells[n]))
		if p.row[i], err = p.value(v, i, cells[n]); err != nil {
			return err
		}
	}
	p.key = p.key[:0]
	if q.chunked() {
		p.key = q.appendKey(p.key, places, cells)
	}
	first := p.held.version == nil || p.held.version != v
	if err := p.tell(ctx, false); err != nil {
		return err
	}
	spare := p.held.key
	p.held = heldRow{version: v, table: q.quoted, row: p.row, key: p.key, first: first, firstTable: p.firstTable, size: size}
	p.row, p.spare, p.key = p.spare, p.row, spare
	p.rows++
	return nil
}

// appendKey appends a row's key as a JSON list of the texts of its parts.
func (q *query) appendKey(dst []byte, places []int, cells [][]byte) []byte {
	dst = append(dst, '[')
	for n, i := range q.key {
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = jsontext.AppendText(dst, cells[slices.Index(places, i)])
	}
	return append(dst, ']')
}

// tell adds the record of the row that is held.
func (p *scan) tell(ctx context.Context, last bool) error {
	h := &p.held
	if h.version == nil {
		return nil
	}
	if err := p.begin(ctx); err != nil {
		return err
	}
	defer p.done()
	v := h.version
	p.all.told(&p.pos, h, last)
	mark := cdc.MarkOf(h.firstTable, last, h.first, h.last)
	c := cdc.Change{Op: cdc.Read, Layout: v.layout, After: h.row, Now: time.Now(), Source: p.block(v.schema, v.name, mark)}
	if p.all.aside {
		stamp(c.Source, c.Now)
	}
	p.emit.Change(&p.batch, &c)
	if h.last {
		p.notifier.Tell(&p.batch, h.scanned)
	}
	p.size += h.size
	p.capture.rows.Add(1)
	h.version = nil
	return nil
}

// tableEnds marks the last row of a table as such, which is told when it is known
// whether it is the last of all.
func (p *scan) tableEnds(id cdc.TableID, rows int64) {
	scanned := cdc.Scanned(cdc.InitialSnapshot, id.String(), p.all.names, rows)
	if rows > 0 {
		p.held.last, p.held.scanned = true, scanned
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all.noRows(&p.pos, quoteTable(id))
	p.notifier.Tell(&p.batch, scanned)
}

// finish tells the last row, or that there was none.
func (p *scan) finish(ctx context.Context) error {
	if p.held.version != nil {
		p.held.last = true
		return p.tell(ctx, true)
	}
	if err := p.begin(ctx); err != nil {
		return err
	}
	defer p.done()
	p.all.finished(&p.pos)
	p.due = true
	return nil
}
