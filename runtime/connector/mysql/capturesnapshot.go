package mysql

import (
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
// position from where the log is read then. One that goes on after a stop sees later
// rows than it began with; the log is read from where it began, and puts that right.
type snapshot struct {
	scan
	after time.Time // when it may begin
	goOn  bool      // it began before, at the position
	again bool      // nothing that it told then is known to be in Kafka
	locks *sql.Conn // which keeps the tables still
	ready bool      // it has begun to read
	at    *place    // what was told
	now   *portion  // that is being told
	held  *portion  // whose last row is that of its table, and maybe of all
	count int64
	began time.Time
	told  time.Time
}

// beginSnapshot has the next Poll begin one.
func (t *captureTask) beginSnapshot() error {
	t.pos, t.moved = nil, false
	t.snapshot = t.newSnapshot(&place{})
	return nil
}

// resumeSnapshot has the next Poll go on with one that began at the position.
func (t *captureTask) resumeSnapshot(again bool) {
	at := t.pos.place
	if at == nil {
		at = &place{}
	}
	t.snapshot = t.newSnapshot(at)
	t.snapshot.goOn, t.snapshot.again = true, again
}

func (t *captureTask) newSnapshot(at *place) *snapshot {
	return &snapshot{scan: newScan(t.cfg.SnapshotMaxThreads), after: time.Now().Add(t.cfg.SnapshotDelay), at: at, began: time.Now()}
}

func (s *snapshot) close() {
	s.stop()
	s.unlock()
}

// discard ends a connection for good, with its transaction and its locks.
func discard(c *sql.Conn) {
	if c != nil {
		_ = c.Raw(func(any) error { return driver.ErrBadConn })
		_ = c.Close()
	}
}

// pollSnapshot adds the next rows. What has failed is begun anew behind what was told.
func (t *captureTask) pollSnapshot(ctx context.Context, b *connect.Batch) error {
	s := t.snapshot
	if wait := time.Until(s.after); !s.ready && wait > 0 {
		pause(ctx, min(wait, pollWait))
		return nil
	}
	err := t.snapshotRows(ctx, b)
	if err != nil {
		if s.ready {
			t.notifySnapshot(cdc.Aborted, "")
		}
		s.close()
		next := t.newSnapshot(s.at)
		next.goOn, next.again = s.goOn || s.ready, s.again && !s.ready
		next.after, next.count, next.began = time.Now(), s.count, s.began
		t.snapshot = next
	}
	return err
}

// pause waits, until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (t *captureTask) snapshotRows(ctx context.Context, b *connect.Batch) error {
	s := t.snapshot
	if !s.ready {
		return t.startSnapshot(ctx, b)
	}
	for len(b.Records) < t.cfg.MaxBatchSize {
		if s.now == nil && s.busy == 0 {
			return t.endSnapshot(b)
		}
		if more, err := t.nextPortion(ctx, len(b.Records) == 0); err != nil {
			return err
		} else if !more {
			break
		}
		t.tellPortion(b)
	}
	if len(b.Records) > 0 {
		t.mark(b)
	}
	t.progress()
	return nil
}

// startSnapshot begins the transactions that will read the rows, and finds which there
// are to be read.
func (t *captureTask) startSnapshot(ctx context.Context, b *connect.Batch) (err error) {
	s := t.snapshot
	if !s.goOn {
		if err := t.lock(ctx, s); err != nil {
			return t.fault("keep the tables still for the snapshot", err)
		}
		// Before the rows' transactions: what is changed in between, where nothing is
		// locked, comes again by the log.
		if t.pos, err = t.server.status(ctx, t.db); err != nil {
			return t.fault("begin the snapshot", err)
		}
	}
	if err := s.connect(t.db); err != nil {
		return t.fault("begin the snapshot", err)
	}
	if s.goOn {
		err = t.startAgain(ctx, b)
	} else {
		err = t.startFresh(ctx, b)
	}
	if err != nil {
		return err
	}
	if t.cfg.SnapshotLockingMode != "extended" {
		s.unlock()
	}
	t.log.Info("the snapshot begins", "position", t.pos.String(), "tables", len(s.tables), "goes on", s.goOn)
	s.ready, t.pos.place = true, s.at
	t.notifySnapshot(cdc.Started, "")
	t.expect(ctx)
	for i := range s.conns {
		if err := t.readNext(i); err != nil {
			return err
		}
	}
	t.mark(b)
	return nil
}

// startFresh keeps the tables' definitions, and notes that rows will be told.
func (t *captureTask) startFresh(ctx context.Context, b *connect.Batch) error {
	s := t.snapshot
	t.pos.snapshot, t.pos.time = true, time.Now()
	t.catalog = t.emptyCatalog()
	changes, err := t.readDefinitions(ctx, s.conns[0], t.catalog)
	if err != nil {
		return err
	}
	entries, err := t.tellDefinitions(b, changes)
	if err != nil {
		return err
	}
	if t.reads() {
		s.tables = t.toRead(t.catalog)
		s.at.over(s.tables, s.tables)
		begun, err := t.history.note(t.pos, t.setCharset(ctx, s.conns[0]), noteBegun)
		if err != nil {
			return err
		}
		entries, t.begun = append(entries, begun), true
	}
	return t.keep(ctx, entries)
}

// startAgain finds which tables are still to be read: those that were not, and those
// that are others now than where the log will be read from.
func (t *captureTask) startAgain(ctx context.Context, b *connect.Batch) error {
	s := t.snapshot
	now := t.emptyCatalog()
	changes, err := t.readDefinitions(ctx, s.conns[0], now)
	if err != nil {
		return err
	}
	t.pos.snapshot = true
	if s.again {
		if _, err := t.tellDefinitions(b, changes); err != nil {
			return err
		}
		t.begun = true
	}
	all := t.toRead(now)
	for _, tab := range all {
		same := tab.like(t.catalog.tables[tab.id])
		if !same {
			s.at.forget(tab.id)
		}
		if !same || !s.at.has(tab.id) {
			s.tables = append(s.tables, tab)
		}
	}
	s.at.over(all, s.tables)
	return nil
}

// toRead are the tables of which the rows are read, in order.
func (t *captureTask) toRead(c *catalog) (all []*table) {
	for id, tab := range c.tables {
		if t.places.snapshots(id) {
			all = append(all, tab)
		}
	}
	slices.SortFunc(all, func(a, b *table) int { return strings.Compare(a.id.String(), b.id.String()) })
	return all
}

// reads is whether a snapshot is of rows.
func (t *captureTask) reads() bool { return t.cfg.SnapshotMode != snapshotNoData }

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

// tellPortion adds rows of the portion at hand, as far as the batch has room.
func (t *captureTask) tellPortion(b *connect.Batch) {
	s := t.snapshot
	p := s.now
	from := p.next
	for p.next < p.n && len(b.Records) < t.cfg.MaxBatchSize {
		t.tellHeld(b, false)
		if p.end && p.next == p.n-1 {
			s.held = p // maybe the last of all, which says so
			p.next++
			break
		}
		t.tellRow(b, p, p.next, false, false)
		p.next++
	}
	if told := p.next - 1; told >= from && s.held != p {
		s.at.reach(p.plan.table.id, p.key(told))
	} else if told > from {
		s.at.reach(p.plan.table.id, p.key(told-1))
	}
	if p.next < p.n {
		return
	}
	s.now = nil
	switch {
	case s.held == p:
	case p.end: // it has no rows
		t.endTable(p)
	default:
		s.reuse(p)
	}
}

// tellHeld adds the row that was held back.
func (t *captureTask) tellHeld(b *connect.Batch, last bool) {
	s := t.snapshot
	if p := s.held; p != nil {
		s.held = nil
		t.tellRow(b, p, p.n-1, true, last)
		t.endTable(p)
	}
}

func (t *captureTask) endTable(p *portion) {
	t.snapshot.at.finish(p.plan.table.id)
	name := p.plan.table.id.String()
	t.progressed.Done(name)
	t.notify(cdc.Scanned(cdc.InitialSnapshot, name, t.snapshot.at.order, p.total))
	t.snapshot.reuse(p)
}

// tellRow adds the record of a row.
func (t *captureTask) tellRow(b *connect.Batch, p *portion, i int, lastOfTable, last bool) {
	s := t.snapshot
	m := cdc.MarkOf(p.first, last, p.fresh && i == 0, lastOfTable)
	t.pos.time = time.Now()
	t.emit.Change(b, &cdc.Change{Op: cdc.Read, Layout: p.plan.layout, After: p.row(i), Source: t.block(p.plan.table.id, t.pos.time, m), Now: t.pos.time})
	s.count++
}

// progress tells how far it is, now and then.
func (t *captureTask) progress() {
	s := t.snapshot
	if now := time.Now(); now.Sub(s.told) > 10*time.Second {
		if !s.told.IsZero() {
			t.log.Info("the snapshot goes on", "rows", s.count, "tables to come", len(s.tables))
		}
		s.told = now
	}
}

// endSnapshot goes over to the log.
func (t *captureTask) endSnapshot(b *connect.Batch) error {
	s := t.snapshot
	t.tellHeld(b, true)
	t.log.Info("the snapshot is done", "rows", s.count, "took", time.Since(s.began).Round(time.Millisecond))
	t.notifySnapshot(cdc.Completed, "")
	s.close()
	t.snapshot = nil
	t.pos.snapshot, t.pos.place = false, nil
	t.mark(b)
	t.idle = t.cfg.SnapshotMode == snapshotInitialOnly
	return nil
}
