package mysql

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
	"github.com/google/uuid"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

// pollLog adds changes of the log until the batch is full or there are no more.
func (t *captureTask) pollLog(ctx context.Context, b *connect.Batch) (err error) {
	if t.reader == nil {
		if err := t.openReader(ctx); err != nil || t.snapshot != nil {
			return err
		}
	}
	timer := time.NewTimer(pollWait)
	defer timer.Stop()
	wait := timer.C
	for len(b.Records) < t.cfg.MaxBatchSize {
		if t.inc.Due(t.pos.passed) {
			wait = nil // there is a chunk to send
		}
		e, err := t.reader.next(ctx, wait)
		if err == nil && e == nil {
			t.attend(ctx, b)
			break
		}
		if err == nil {
			if err = t.event(ctx, b, e.Header, e.Event); err == nil {
				t.attend(ctx, b)
			}
		} else {
			if err = t.disconnected(err); t.snapshot != nil {
				return err
			}
		}
		if err != nil {
			t.markMoved(b)
			return err
		}
		if len(b.Records) > 0 {
			wait = nil // what is there is enough
		}
	}
	t.beat(ctx, b)
	t.markMoved(b)
	return nil
}

func (t *captureTask) markMoved(b *connect.Batch) {
	if t.moved {
		t.mark(b)
	}
}

// openReader goes on from the position: the events of its transaction that are done
// come again and are skipped.
func (t *captureTask) openReader(ctx context.Context) (err error) {
	t.skipEvents, t.skipRows, t.skipping = t.pos.event, t.pos.row, false
	t.pos.open, t.pos.gtid = false, ""
	clear(t.tables)
	if err := t.alone(ctx); err != nil {
		return err
	}
	from := *t.pos
	if t.server.gtids && !t.server.mariadb && from.gtids != nil && !from.gtids.IsEmpty() {
		if from.gtids, err = t.gtidSources.skip(from.gtids, t.server.variable["gtid_purged"]); err != nil {
			return err
		}
	}
	t.reader, err = openLog(t.cfg.Database, uint32(t.cfg.DatabaseServerID), t.cfg.label(), t.server, &from, t.cfg.IncludeQuery)
	if err != nil {
		return t.gone(err)
	}
	t.log.Info("reading the binary log", "from", t.pos.String())
	return nil
}

// disconnected lets go of a log that has failed.
func (t *captureTask) disconnected(err error) error {
	t.reader.close()
	t.reader = nil
	return t.gone(fmt.Errorf("mysql: read the binary log of %s at %s: %w", t.cfg.Database, t.pos, logFault(err)))
}

// gone begins a new snapshot where the log has lost what comes next, if that is asked
// for.
func (t *captureTask) gone(err error) error {
	if errors.Is(err, errPurged) {
		return t.lost(err.Error())
	}
	return err
}

// beat adds a heartbeat when it is time.
func (t *captureTask) beat(ctx context.Context, b *connect.Batch) {
	now := time.Now()
	if t.cfg.HeartbeatInterval <= 0 || now.Sub(t.heartbeat) < t.cfg.HeartbeatInterval {
		return
	}
	t.heartbeat = now
	if t.cfg.HeartbeatActionQuery != "" {
		if _, err := t.db.ExecContext(ctx, t.cfg.HeartbeatActionQuery); err != nil {
			t.log.Warn("heartbeatActionQuery has failed", "error", err)
		}
	}
	t.emit.Heartbeat(b, now)
	t.moved = true
}

// event handles one event of the log.
func (t *captureTask) event(ctx context.Context, b *connect.Batch, h *replication.EventHeader, e replication.Event) (err error) {
	if h.ServerID != 0 {
		t.pos.serverID = h.ServerID
	}
	if r, ok := e.(*replication.RotateEvent); ok {
		t.pos.rotate(string(r.NextLogName), int64(r.Position))
	} else {
		t.pos.arrive(int64(h.LogPos), int64(h.EventSize))
	}
	if h.Timestamp != 0 {
		t.at(time.Unix(int64(h.Timestamp), 0), e)
	}
	if err = t.handle(ctx, b, h, e); err != nil {
		return err
	}
	t.pos.leave()
	if h.LogPos != 0 {
		t.moved = true
	}
	if t.skipping {
		t.skipEvents--
		t.skipping = t.skipEvents > 0
	}
	return nil
}

// at takes an event's time. MySQL tells that of a transaction with its id, and more
// exactly.
func (t *captureTask) at(at time.Time, e replication.Event) {
	t.behind.note(at)
	g, ok := e.(*replication.GTIDEvent)
	switch {
	case ok && g.OriginalCommitTimestamp != 0:
		t.pos.time = time.UnixMicro(int64(g.OriginalCommitTimestamp))
	case ok || t.pos.gtid == "" || t.server.mariadb:
		t.pos.time = at
	}
}

func (t *captureTask) handle(ctx context.Context, b *connect.Batch, h *replication.EventHeader, e replication.Event) error {
	switch e := e.(type) {
	case *replication.RotateEvent:
		clear(t.tables)
	case *replication.GTIDEvent:
		return t.transactionID(h, e)
	case *replication.GtidTaggedLogEvent:
		return t.transactionID(h, &e.GTIDEvent)
	case *replication.MariadbGTIDEvent:
		return t.mariaTransaction(b, h, e)
	case *replication.QueryEvent:
		return t.query(ctx, b, e)
	case *replication.XIDEvent:
		return t.commit(b)
	case *replication.TableMapEvent:
		return t.tableMap(ctx, e)
	case *replication.RowsEvent:
		return t.rows(b, h.EventType, e)
	case *replication.RowsQueryEvent:
		if t.cfg.IncludeQuery {
			t.pos.query = string(e.Query)
		}
	case *replication.MariadbAnnotateRowsEvent:
		if t.cfg.IncludeQuery {
			t.pos.query = string(e.Query)
		}
	case *replication.HeartbeatEvent:
		t.behind.none()
	}
	return nil
}

// transactionID is that of the transaction that begins next. One that is not there
// yet counts as done when the transaction is.
func (t *captureTask) transactionID(h *replication.EventHeader, e *replication.GTIDEvent) error {
	t.foreign = false
	if h.EventType == replication.ANONYMOUS_GTID_EVENT {
		t.pos.gtid = ""
		return nil
	}
	id, err := uuid.FromBytes(e.SID)
	if err != nil {
		return fmt.Errorf("mysql: read the transaction's id at %s: %w", t.pos, err)
	}
	t.pos.gtid = id.String()
	t.foreign = t.cfg.GtidSourceFilterDmlEvents && !t.gtidSources.has(t.pos.gtid)
	if tag := e.Tag.String(); tag != "" {
		t.pos.gtid += ":" + tag
	}
	t.pos.gtid = fmt.Sprintf("%s:%d", t.pos.gtid, e.GNO)
	return t.startSet()
}

// startSet makes a set where the position has none yet, as one of a file has.
func (t *captureTask) startSet() (err error) {
	if t.pos.gtids == nil && t.server.gtids {
		t.pos.gtids, err = mysql.ParseGTIDSet(flavor(t.server.mariadb), "")
	}
	return err
}

// standalone is a MariaDB's id of a statement that is no transaction.
const standalone = 1

// mariaTransaction is a MariaDB's id, with which a transaction begins.
func (t *captureTask) mariaTransaction(b *connect.Batch, h *replication.EventHeader, e *replication.MariadbGTIDEvent) error {
	source := fmt.Sprintf("%d-%d", e.GTID.DomainID, h.ServerID)
	t.pos.gtid = fmt.Sprintf("%s-%d", source, e.GTID.SequenceNumber)
	t.foreign = t.cfg.GtidSourceFilterDmlEvents && !t.gtidSources.has(source)
	if err := t.startSet(); err != nil || e.Flags&standalone != 0 {
		return err
	}
	t.begin(b, -1)
	return nil
}

func (t *captureTask) begin(b *connect.Batch, thread int64) {
	t.pos.begin(thread)
	t.emit.Begin(b, t.pos.transaction(), t.pos.time)
	t.skipping = t.skipEvents != 0
}

func (t *captureTask) commit(b *connect.Batch) error {
	if !t.pos.open {
		return nil
	}
	t.emit.End(b, t.pos.time)
	t.skipping, t.skipEvents, t.skipRows = false, 0, 0
	return t.pos.commit()
}

// query is a statement: the begin or end of a transaction, or one that changes tables.
func (t *captureTask) query(ctx context.Context, b *connect.Batch, e *replication.QueryEvent) error {
	text := strings.TrimSpace(string(e.Query))
	switch {
	case strings.EqualFold(text, "BEGIN"):
		t.begin(b, int64(e.SlaveProxyID))
		return nil
	case strings.EqualFold(text, "COMMIT"):
		return t.commit(b)
	case len(text) >= 3 && strings.EqualFold(text[:3], "XA "), strings.EqualFold(text, "ROLLBACK"), len(text) >= 9 && strings.EqualFold(text[:9], "SAVEPOINT"):
		return nil
	}
	if isDML(text) {
		if !t.touches(text, string(e.Schema), modeOf(e.StatusVars)) {
			return nil
		}
		return fmt.Errorf("mysql: the log at %s has the statement %q instead of its rows: binlog_format must be ROW for all clients", t.pos, cutText(text, 100))
	}
	if err := t.statement(ctx, b, text, string(e.Schema), modeOf(e.StatusVars)); err != nil {
		return err
	}
	if t.pos.open {
		return nil
	}
	return t.pos.done()
}

// isDML is whether a statement changes rows: then the log should have these.
func isDML(text string) bool {
	for _, word := range []string{"INSERT ", "UPDATE ", "DELETE ", "REPLACE "} {
		if len(text) >= len(word) && strings.EqualFold(text[:len(word)], word) {
			return true
		}
	}
	return false
}

// touches is whether a statement names a captured table. A managed server writes
// statements about tables of its own.
func (t *captureTask) touches(text, db string, mode sqlMode) bool {
	toks := tokens(text, mode)
	for i, tok := range toks {
		if tok.kind != wordToken && tok.kind != nameToken {
			continue
		}
		id := t.catalog.id(db, tok.text)
		if i+2 < len(toks) && toks[i+1].is(".") {
			id = t.catalog.id(tok.text, toks[i+2].text)
		}
		if t.catalog.tables[id] != nil && t.places.table(id) {
			return true
		}
	}
	return false
}

// modeOf is the sql_mode of a statement, which is among the first of its variables.
func modeOf(vars []byte) sqlMode {
	for len(vars) > 0 {
		switch {
		case vars[0] == 0 && len(vars) >= 5: // flags
			vars = vars[5:]
		case vars[0] == 1 && len(vars) >= 9:
			return sqlMode(binary.LittleEndian.Uint64(vars[1:]))
		default:
			return 0
		}
	}
	return 0
}

// tableMap says which table the rows that follow are of.
func (t *captureTask) tableMap(_ context.Context, e *replication.TableMapEvent) error {
	id := t.catalog.id(string(e.Schema), string(e.Table))
	known := t.catalog.tables[id]
	if m := t.tables[e.TableID]; m != nil && m.id == id && (m.plan == nil || m.plan.table == known) {
		return m.err
	}
	m := &mapped{id: id}
	t.tables[e.TableID] = m
	if !t.places.table(id) {
		return nil
	}
	if known == nil {
		return fmt.Errorf("mysql: table %s: the log at %s has rows of it, but its definition is not known: was it made before this capture, or by a statement that was not understood? snapshotMode \"recovery\" reads all definitions again", id, t.pos)
	}
	p, err := t.plan(known)
	if err == nil {
		m.plan = p
		if m.phys, err = mapTable(p, e); err != nil {
			err = fmt.Errorf("mysql: table %s: the log at %s: %w: its definition has changed unseen; snapshotMode \"recovery\" reads it again, if it has not changed since the offset", id, t.pos, err)
		}
	}
	return err
}

// plan is that of a table's version, made once.
func (t *captureTask) plan(tab *table) (*plan, error) {
	if p := t.plans[tab.id]; p != nil && p.table == tab {
		return p, nil
	}
	p, err := t.newPlan(tab)
	if err == nil {
		t.plans[tab.id] = p
	}
	return p, err
}

// opOf is what an event's rows are, and whether the log has compressed them.
func opOf(typ replication.EventType) (op cdc.Op, compressed bool) {
	switch typ {
	case replication.WRITE_ROWS_EVENTv0, replication.WRITE_ROWS_EVENTv1, replication.WRITE_ROWS_EVENTv2:
		return cdc.Create, false
	case replication.UPDATE_ROWS_EVENTv0, replication.UPDATE_ROWS_EVENTv1, replication.UPDATE_ROWS_EVENTv2:
		return cdc.Update, false
	case replication.DELETE_ROWS_EVENTv0, replication.DELETE_ROWS_EVENTv1, replication.DELETE_ROWS_EVENTv2:
		return cdc.Delete, false
	case replication.MARIADB_WRITE_ROWS_COMPRESSED_EVENT_V1:
		return cdc.Create, true
	case replication.MARIADB_UPDATE_ROWS_COMPRESSED_EVENT_V1:
		return cdc.Update, true
	case replication.MARIADB_DELETE_ROWS_COMPRESSED_EVENT_V1:
		return cdc.Delete, true
	}
	return 0, false
}

// rows adds the changes of an event.
func (t *captureTask) rows(b *connect.Batch, typ replication.EventType, e *replication.RowsEvent) error {
	op, compressed := opOf(typ)
	m := t.tables[e.TableID]
	switch {
	case t.foreign:
		return nil
	case op == 0:
		return fmt.Errorf("mysql: the log at %s has changes of parts of JSON documents: SET GLOBAL binlog_row_value_options = ''", t.pos)
	case t.skipping:
		return nil
	case m == nil || m.plan == nil || t.emit.Skips(op) && !t.wants(m.id):
		t.skipRows = 0
		return nil
	}
	data := e.NdbData
	if compressed {
		var err error
		if data, err = mysql.DecompressMariadbData(data); err != nil {
			return fmt.Errorf("mysql: table %s: uncompress the rows at %s: %w", m.id, t.pos, err)
		}
	}
	if err := t.eachRow(b, op, m, e, data); err != nil {
		return fmt.Errorf("mysql: table %s: row %d of the log at %s: %w", m.id, t.pos.rowNow, t.pos, err)
	}
	t.skipRows = 0
	return nil
}

func (t *captureTask) eachRow(b *connect.Batch, op cdc.Op, m *mapped, e *replication.RowsEvent, data []byte) error {
	columns := len(m.plan.columns)
	if cap(t.before) < columns {
		t.before, t.after = make([]connect.Value, columns), make([]connect.Value, columns)
	}
	change := cdc.Change{Op: op, Layout: m.plan.layout, Now: time.Now(), Transaction: t.pos.transaction(), At: t.pos.time}
	for i := 0; len(data) > 0; i++ {
		row := t.after[:columns]
		if op != cdc.Create {
			row = t.before[:columns]
		}
		n, err := m.row(row, data, e.ColumnBitmap1)
		if err != nil {
			return err
		}
		data = data[n:]
		change.Before, change.After = nil, row
		switch op {
		case cdc.Delete:
			change.Before, change.After = row, nil
		case cdc.Update:
			change.Before, change.After = row, t.after[:columns]
			if n, err = m.row(change.After, data, e.ColumnBitmap2); err != nil {
				return err
			}
			data = data[n:]
		}
		if i < t.skipRows {
			continue
		}
		t.pos.atRow(i)
		t.hear(&change)
		if t.emit.Skips(op) {
			continue
		}
		change.Source = t.block(m.id, t.pos.time, cdc.Streamed)
		t.emit.Change(b, &change)
		t.moved = true
	}
	return nil
}
