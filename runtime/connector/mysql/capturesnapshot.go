package mysql

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
	"kcgen.dev/runtime/connector/database"
)

// snapshot reads the rows that there are, over polls: all of one moment, which is the
// position from where the log is read then.
type snapshot struct {
	after  time.Time // when it may begin
	life   context.Context
	end    context.CancelFunc
	locks  *sql.Conn // which keeps the tables still
	conn   *sql.Conn // whose transaction sees one moment; nil: it has not begun
	tables []*table
	open   int // the table at hand
	rows   database.Rows
	plan   *plan
	ahead  []connect.Value // the row that comes next; nil: there is none
	spare  []connect.Value
	first  bool // no row was read yet
	fresh  bool // none of this table
	count  int64
	began  time.Time
	told   time.Time
}

// beginSnapshot has the next Poll begin one.
func (t *captureTask) beginSnapshot() error {
	life, end := context.WithCancel(context.Background())
	t.snapshot = &snapshot{after: time.Now().Add(t.cfg.SnapshotDelay), life: life, end: end, first: true, began: time.Now()}
	t.pos, t.moved = nil, false
	return nil
}

func (s *snapshot) close() {
	s.end()
	if s.rows != nil {
		_ = s.rows.Close()
	}
	for _, c := range []*sql.Conn{s.conn, s.locks} {
		discard(c)
	}
	s.rows, s.conn, s.locks = nil, nil, nil
}

// discard ends a connection for good, with its transaction and its locks.
func discard(c *sql.Conn) {
	if c != nil {
		_ = c.Raw(func(any) error { return driver.ErrBadConn })
		_ = c.Close()
	}
}

// pollSnapshot adds the next rows.
func (t *captureTask) pollSnapshot(ctx context.Context, b *connect.Batch) error {
	s := t.snapshot
	if s.conn == nil {
		if wait := time.Until(s.after); wait > 0 {
			timer := time.NewTimer(min(wait, pollWait))
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
			return nil
		}
		return t.startSnapshot(ctx, b)
	}
	for len(b.Records) < t.cfg.MaxBatchSize && ctx.Err() == nil {
		if err := t.nextTable(s); err != nil {
			return err
		}
		if s.ahead == nil {
			return t.endSnapshot(b)
		}
		if err := t.snapshotRow(b); err != nil {
			return err
		}
	}
	if len(b.Records) > 0 {
		t.mark(b)
	}
	t.progress()
	return nil
}

// startSnapshot keeps the tables still while it finds the end of the log, reads the
// definitions, and begins the transaction that will read the rows.
func (t *captureTask) startSnapshot(ctx context.Context, b *connect.Batch) (err error) {
	s := t.snapshot
	defer func() {
		if err != nil && s.conn != nil {
			s.close()
			_ = t.beginSnapshot()
		}
	}()
	if s.conn, err = t.db.Conn(s.life); err != nil {
		return t.fault("begin the snapshot", err)
	}
	if err := t.lock(ctx, s); err != nil {
		return t.fault("keep the tables still for the snapshot", err)
	}
	for _, q := range []string{"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT"} {
		if _, err := s.conn.ExecContext(s.life, q); err != nil {
			return t.fault("begin the snapshot", err)
		}
	}
	if t.pos, err = t.server.status(ctx, s.conn); err != nil {
		return t.fault("begin the snapshot", err)
	}
	t.pos.snapshot, t.pos.time = true, time.Now()
	if err := t.define(ctx, b, s); err != nil {
		return err
	}
	if t.cfg.SnapshotLockingMode != "extended" {
		s.unlock()
	}
	t.log.Info("a snapshot begins", "position", t.pos.String(), "tables", len(s.tables))
	t.mark(b)
	return nil
}

// lock takes the lock of all tables, which needs the right RELOAD; where the user has
// it not, as of a managed server, those of the captured tables.
func (t *captureTask) lock(ctx context.Context, s *snapshot) (err error) {
	if t.cfg.SnapshotLockingMode == "none" {
		return nil
	}
	if s.locks, err = t.db.Conn(s.life); err != nil {
		return err
	}
	if _, err := s.locks.ExecContext(ctx, fmt.Sprintf("SET SESSION lock_wait_timeout = %d", max(int(t.cfg.SnapshotLockTimeout.Seconds()), 1))); err != nil {
		return err
	}
	if _, err = s.locks.ExecContext(ctx, "FLUSH TABLES WITH READ LOCK"); err == nil {
		return nil
	}
	if t.cfg.Database.Dialect().Fault(err) != database.Denied {
		return err
	}
	all, err := allTables(ctx, t.db)
	if err != nil {
		return err
	}
	var names []string
	for _, id := range all {
		if t.places.table(t.catalog.id(id.db, id.name)) {
			names = append(names, quoteID(id)+" READ")
		}
	}
	if len(names) == 0 {
		return nil
	}
	_, err = s.locks.ExecContext(ctx, "LOCK TABLES "+strings.Join(names, ", "))
	return err
}

func (s *snapshot) unlock() {
	if s.locks != nil {
		discard(s.locks)
		s.locks = nil
	}
}

// define reads the definitions, keeps them in the history and makes records of them.
func (t *captureTask) define(ctx context.Context, b *connect.Batch, s *snapshot) error {
	changes, err := t.readDefinitions(ctx, s.conn)
	if err != nil {
		return t.fault("begin the snapshot", err)
	}
	changes = slices.DeleteFunc(changes, func(c schemaChange) bool { return !t.keeps(&c) })
	var entries []connect.JournalEntry
	for i := range changes {
		m := cdc.Within
		if i == len(changes)-1 && t.cfg.SnapshotMode == snapshotNoData {
			m = cdc.Last
		}
		e, err := t.schemaChange(b, &changes[i], t.pos.time, m)
		if err != nil {
			return err
		}
		entries = append(entries, e)
	}
	for id, tab := range t.catalog.tables {
		if t.places.snapshots(id) && t.cfg.SnapshotMode != snapshotNoData {
			s.tables = append(s.tables, tab)
		}
	}
	slices.SortFunc(s.tables, func(a, b *table) int { return strings.Compare(a.id.String(), b.id.String()) })
	return t.keep(ctx, entries)
}

// readDefinitions makes the catalog what the tables are now, by the statements with
// which Debezium begins its history.
func (t *captureTask) readDefinitions(ctx context.Context, q database.Querier) (told []schemaChange, err error) {
	all, err := allTables(ctx, q)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b tableID) int {
		return cmp.Or(strings.Compare(a.db, b.db), strings.Compare(a.name, b.name))
	})
	t.catalog = t.emptyCatalog()
	if err := t.catalog.readCharsets(ctx, q, t.server); err != nil {
		return nil, err
	}
	told = append(told, schemaChange{ddl: t.setCharset(ctx, q)})
	for _, id := range all {
		told = append(told, schemaChange{kind: dropTable, id: id, ddl: "DROP TABLE IF EXISTS " + quoteID(id)})
	}
	last := ""
	for _, id := range all {
		if id.db != last {
			last = id.db
			for _, q := range t.makeDatabase(ctx, q, id.db) {
				told = append(told, schemaChange{id: tableID{db: id.db}, ddl: q})
			}
		}
		ddl, err := showCreate(ctx, q, id)
		if err != nil {
			return nil, err
		}
		changes, err := t.catalog.apply(ddl, id.db, 0)
		if err != nil {
			if t.places.table(t.catalog.id(id.db, id.name)) {
				return nil, fmt.Errorf("the definition %q is not understood: %w", cutText(ddl, 400), err)
			}
			continue
		}
		told = append(told, changes...)
	}
	return told, nil
}

// setCharset is the statement that tells the server's character set.
func (t *captureTask) setCharset(ctx context.Context, q database.Querier) string {
	var parts []string
	_ = database.Strings(ctx, q, "SHOW VARIABLES WHERE Variable_name IN ('character_set_server','collation_server')", nil, func(row []string) error {
		parts = append(parts, row[0]+"="+row[1])
		return nil
	})
	slices.Sort(parts)
	return "SET " + strings.Join(parts, ", ")
}

// makeDatabase are the statements that make a database anew.
func (t *captureTask) makeDatabase(ctx context.Context, q database.Querier, db string) []string {
	name := quoteID(tableID{name: db})
	create := "CREATE DATABASE " + name
	_ = database.Strings(ctx, q, "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?", []any{db}, func(row []string) error {
		create += " CHARSET " + row[0] + " COLLATE " + row[1]
		return nil
	})
	return []string{"DROP DATABASE IF EXISTS " + name, create, "USE " + name}
}

// rebuild reads the definitions again, for a history that was lost.
func (t *captureTask) rebuild(ctx context.Context) error {
	var b connect.Batch
	changes, err := t.readDefinitions(ctx, t.db)
	if err != nil {
		return t.fault("read the tables' definitions", err)
	}
	var entries []connect.JournalEntry
	for i := range changes {
		e, err := t.schemaChange(&b, &changes[i], time.Now(), cdc.Streamed)
		if err != nil {
			return err
		}
		entries = append(entries, e)
	}
	t.log.Warn("the schema history is made anew: tables that have changed since the offset are read wrongly or fail", "position", t.pos.String())
	return t.keep(ctx, entries)
}

// snapshotRow adds the next row. To know which is the last of all, what comes next is
// read before it is told.
func (t *captureTask) snapshotRow(b *connect.Batch) error {
	s := t.snapshot
	row, p, fresh := s.ahead, s.plan, s.fresh
	if err := s.read(); err != nil {
		return t.fault("read table "+p.table.id.String(), err)
	}
	s.fresh = false
	lastOfTable := s.ahead == nil
	if lastOfTable {
		if err := t.nextTable(s); err != nil {
			return err
		}
	}
	m := cdc.MarkOf(s.first, false, fresh, lastOfTable)
	if s.ahead == nil {
		m = cdc.Last
	}
	t.pos.time = time.Now()
	t.emit.Change(b, &cdc.Change{Op: cdc.Read, Layout: p.layout, After: row, Source: t.block(p.table.id, t.pos.time, m), Now: t.pos.time})
	s.first = false
	s.count++
	return nil
}

// nextTable opens the next table that has rows, and reads its first; there is none
// ahead where all are read.
func (t *captureTask) nextTable(s *snapshot) error {
	for s.ahead == nil {
		if s.rows != nil {
			err := s.rows.Close()
			s.rows = nil
			if err != nil {
				return t.fault("read the rows", err)
			}
		}
		if s.open >= len(s.tables) {
			return nil
		}
		if err := t.openTable(s, s.tables[s.open]); err != nil {
			return err
		}
		s.open++
	}
	return nil
}

func (t *captureTask) openTable(s *snapshot, tab *table) (err error) {
	if s.plan, err = t.plan(tab); err != nil {
		return err
	}
	var names []string
	for i := range tab.columns {
		names = append(names, quoteID(tableID{name: tab.columns[i].name}))
	}
	i := -1
	query := "SELECT " + strings.Join(names, ", ") + " FROM " + quoteID(tab.id)
	if only := t.cfg.SnapshotSelectStatementOverrides[tab.id.String()]; only != "" {
		query = "SELECT " + strings.Join(names, ", ") + " FROM (" + strings.TrimRight(only, "; \t\r\n") + ") AS t"
	}
	s.rows, err = database.Query(s.life, s.conn, query, nil, func(*sql.ColumnType) (database.Column, database.Decode) {
		i++
		return t.snapshotColumn(s.plan, i)
	})
	if err != nil {
		return t.fault("read table "+tab.id.String(), err)
	}
	columns := len(tab.columns)
	s.ahead, s.spare, s.fresh = make([]connect.Value, columns), make([]connect.Value, columns), true
	if err := s.read(); err != nil {
		return t.fault("read table "+tab.id.String(), err)
	}
	return nil
}

// read reads the row that comes next, beside the one at hand.
func (s *snapshot) read() error {
	s.ahead, s.spare = s.spare, s.ahead
	more, err := s.rows.Next(s.ahead)
	if !more {
		s.ahead = nil
	}
	return err
}

// snapshotColumn is how a query's column becomes a value.
func (t *captureTask) snapshotColumn(p *plan, i int) (database.Column, database.Decode) {
	c, convert := &p.table.columns[i], p.columns[i].convert
	f := c.family(t.modes)
	schema := p.layout.Table.Columns[i].Schema
	if convert == nil || schema == nil {
		return database.Column{Name: c.name}, nil
	}
	return database.Column{Name: c.name, Schema: schema, Nullable: true}, func(_ *connect.Buffer, src any) (connect.Value, error) {
		in, err := c.cellOf(f, src)
		if err == nil && in.kind == nullCell {
			return connect.Null, nil
		}
		out := connect.Null
		if err == nil {
			out, err = convert(in)
		}
		if err != nil {
			return connect.Null, p.refused(c.name, err)
		}
		return out, nil
	}
}

// cellOf reads what the driver gives. Its bytes are used again for the next row.
func (c *columnDef) cellOf(f family, src any) (cell, error) {
	switch v := src.(type) {
	case nil:
		return cell{}, nil
	case int64:
		if f == yearFamily {
			return cell{kind: yearCell, i: v}, nil
		}
		return cell{kind: intCell, i: v}, nil
	case uint64:
		return cell{kind: unsignedCell, i: int64(v)}, nil
	case float32:
		return cell{kind: floatCell, f: float64(v)}, nil
	case float64:
		return cell{kind: floatCell, f: v}, nil
	case []byte:
		if f == textFamily || f == binaryFamily || f == jsonFamily || f == decimalFamily || f >= bitsFamily {
			v = slices.Clone(v)
		}
		out, err := c.parse(f, v)
		out.rolls = true
		return out, err
	}
	return cell{}, errKind
}

// progress tells how far it is, now and then.
func (t *captureTask) progress() {
	s := t.snapshot
	if now := time.Now(); now.Sub(s.told) > 10*time.Second {
		if !s.told.IsZero() {
			t.log.Info("the snapshot goes on", "rows", s.count, "tables", s.open, "of", len(s.tables))
		}
		s.told = now
	}
}

// endSnapshot goes over to the log.
func (t *captureTask) endSnapshot(b *connect.Batch) error {
	s := t.snapshot
	t.log.Info("the snapshot is done", "rows", s.count, "tables", len(s.tables), "took", time.Since(s.began).Round(time.Millisecond))
	s.unlock()
	s.close()
	t.snapshot = nil
	t.pos.snapshot = false
	t.mark(b)
	t.idle = t.cfg.SnapshotMode == snapshotInitialOnly
	return nil
}
