package postgres

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

// chunks reads tables for incremental snapshots.
type chunks struct {
	s        *stream
	ids      map[string]cdc.TableID // the captured tables, by their names
	versions map[string]*version    // by the same, as they were looked at last
}

var _ cdc.Places = (*chunks)(nil)

// newIncremental makes what runs incremental snapshots, and goes on with one that
// the offset tells of.
func (s *stream) newIncremental(ctx context.Context) error {
	s.chunks = &chunks{s: s, versions: map[string]*version{}}
	s.inc = cdc.IncrementalSnapshot{
		Server: s.chunks, Limit: s.cfg.IncrementalSnapshotChunkSize, Log: s.log, Progress: &s.progress,
		Notify: func(n cdc.Notification) { s.notify(ctx, n) },
		Delete: s.cfg.IncrementalSnapshotWatermarkingStrategy == "insert_delete", ReadOnly: s.cfg.ReadOnly,
	}
	s.mu.Lock()
	from := s.incremental
	s.mu.Unlock()
	s.pending, s.blocking = cdc.Waiting{Key: cdc.Heard}, cdc.Waiting{Key: cdc.Blocking}
	if err := errors.Join(s.inc.Load(from), s.pending.Load(from), s.blocking.Load(from)); err != nil {
		return err
	}
	return s.watch(ctx, from)
}

// watch begins to read the topic of signals, where there is one.
func (s *stream) watch(ctx context.Context, from connect.SourceOffset) error {
	if !s.cfg.signalsFrom("kafka") || s.journals == nil {
		return nil
	}
	journal, err := s.journals.Journal(s.cfg.signalTopic())
	if err != nil {
		return fmt.Errorf("signalKafkaTopic: %w", err)
	}
	s.topic = cdc.SignalTopic{Journal: journal, Prefix: s.cfg.TopicPrefix, Log: s.log}
	s.topic.Load(from)
	s.signals = s.topic.Watch(ctx)
	return nil
}

// signalsFrom is whether signals come from somewhere.
func (s Source) signalsFrom(channel string) bool {
	if s.SignalEnabledChannels == nil {
		return channel == "source"
	}
	return slices.Contains(s.SignalEnabledChannels, channel)
}

// signalTopic is the topic of signals.
func (s Source) signalTopic() string {
	if s.SignalKafkaTopic != "" {
		return s.SignalKafkaTopic
	}
	return s.TopicPrefix + "-signal"
}

var _ connect.Keeps = Source{}

// Journals are the topic of signals, where there is one.
func (s Source) Journals() []connect.JournalUse {
	if !s.signalsFrom("kafka") {
		return nil
	}
	return []connect.JournalUse{{Topic: s.signalTopic(), Why: "signals"}}
}

// keepState has the offsets hold how far the snapshot is, the next one at once.
func (s *stream) keepState() {
	o := connect.SourceOffset{}
	s.inc.Store(o)
	s.topic.Store(o)
	s.blocking.Store(o)
	s.mu.Lock()
	s.incremental, s.due = o, true
	s.mu.Unlock()
	s.wake()
}

// refresh lists the captured tables anew.
func (k *chunks) refresh(ctx context.Context) error {
	all, err := k.s.captured(ctx, k.s.conn)
	if err != nil {
		return err
	}
	k.ids = map[string]cdc.TableID{}
	for _, id := range all {
		if !k.s.emit.Filter.Signals(id) {
			k.ids[id.String()] = id
		}
	}
	return nil
}

// Tables are the names of the captured tables.
func (k *chunks) Tables() []string {
	var names []string
	for name := range k.ids {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Layout describes a table as it is now.
func (k *chunks) Layout(ctx context.Context, table string) (*cdc.Layout, error) {
	if _, ok := k.ids[table]; !ok {
		if err := k.refresh(ctx); err != nil {
			return nil, err
		}
	}
	id, ok := k.ids[table]
	if !ok {
		return nil, nil
	}
	known, err := look(ctx, k.s.conn, id.Schema, id.Table)
	if err != nil {
		return nil, err
	}
	// The log tells no columns that are made of others.
	known.columns = slices.DeleteFunc(known.columns, func(c catalogColumn) bool { return c.generated })
	v, err := k.s.session.tables.version(ctx, k.s.conn, known.relation(id.Schema, id.Table))
	if err != nil {
		return nil, err
	}
	k.versions[table] = v
	return v.layout, nil
}

// signals is the table of signals, as statements name it.
func (k *chunks) signals() string {
	schema, name, ok := strings.Cut(k.s.cfg.SignalDataCollection, ".")
	if !ok {
		schema, name = publicSchema, schema
	}
	return quoteTable(cdc.TableID{Schema: schema, Table: name})
}

// Mark adds a row to the table of signals.
func (k *chunks) Mark(ctx context.Context, id, kind, data string) error {
	if k.s.cfg.SignalDataCollection == "" {
		return errors.New("signalDataCollection is missing: an incremental snapshot writes its marks there")
	}
	_, err := k.s.conn.Exec(ctx, "INSERT INTO "+k.signals()+" VALUES ($1, $2, $3)", id, kind, data)
	return err
}

// Unmark takes a row out of it.
func (k *chunks) Unmark(ctx context.Context, id string) error {
	_, err := k.s.conn.Exec(ctx, "DELETE FROM "+k.signals()+" WHERE id = $1", id)
	return err
}

// Last is the greatest key of a table.
func (k *chunks) Last(ctx context.Context, c cdc.Collection, key []int) (last []any, err error) {
	v := k.versions[c.Table]
	if v == nil {
		return nil, fmt.Errorf("it is not captured: %w", cdc.ErrSkipTable)
	}
	var names, order []string
	for _, i := range key {
		name := dialect{}.quote(v.columns[i].name)
		names, order = append(names, name), append(order, name+" DESC")
	}
	sql := "SELECT " + strings.Join(names, ", ") + " FROM " + k.table(c) + where(c.Filter) + " ORDER BY " + strings.Join(order, ", ") + " LIMIT 1"
	result := k.s.conn.PgConn().ExecParams(ctx, sql, nil, nil, nil, nil).Read()
	if result.Err != nil {
		return nil, skippable(result.Err)
	}
	for _, row := range result.Rows {
		for n, i := range key {
			last = append(last, keyOf(v.columns[i].oid, row[n]))
		}
	}
	return last, nil
}

// table is a table as statements name it.
func (k *chunks) table(c cdc.Collection) string { return quoteTable(k.ids[c.Table]) }

func where(conditions ...string) string {
	conditions = slices.DeleteFunc(conditions, func(c string) bool { return c == "" })
	if len(conditions) == 0 {
		return ""
	}
	return " WHERE (" + strings.Join(conditions, ") AND (") + ")"
}

// skippable marks what is a fault of the condition that somebody gave.
func skippable(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && len(pg.Code) == 5 && (pg.Code[:2] == "42" || pg.Code[:2] == "22") {
		return fmt.Errorf("%w: %w", err, cdc.ErrSkipTable)
	}
	return err
}

// Chunk reads rows between two keys.
func (k *chunks) Chunk(ctx context.Context, c cdc.Collection, key []int, from, to []any, limit int, row func([]connect.Value, []any)) error {
	if err := k.s.seen(ctx); err != nil {
		return err
	}
	v := k.versions[c.Table]
	var names, columns []string
	var places []int
	for _, i := range key {
		names = append(names, dialect{}.quote(v.columns[i].name))
	}
	for i, column := range v.columns {
		if v.decode[i] != nil || slices.Contains(key, i) {
			columns, places = append(columns, dialect{}.quote(column.name)), append(places, i)
		}
	}
	var params [][]byte
	bound := func(op string, key []any) string {
		if key == nil {
			return ""
		}
		var marks []string
		for _, part := range key {
			params = append(params, keyText(part))
			marks = append(marks, "$"+strconv.Itoa(len(params)))
		}
		return "(" + strings.Join(names, ", ") + ") " + op + " (" + strings.Join(marks, ", ") + ")"
	}
	sql := "SELECT " + strings.Join(columns, ", ") + " FROM " + k.table(c) +
		where(bound(">", from), bound("<=", to), c.Filter) + " ORDER BY " + strings.Join(names, ", ") + " LIMIT " + strconv.Itoa(limit)
	result := k.s.conn.PgConn().ExecParams(ctx, sql, params, nil, nil, nil)
	for result.NextRow() {
		if err := k.row(v, key, places, result.Values(), row); err != nil {
			k.s.interrupt(result)
			return err
		}
	}
	_, err := result.Close()
	return skippable(err)
}

func (k *chunks) row(v *version, key, places []int, cells [][]byte, row func([]connect.Value, []any)) (err error) {
	values := make([]connect.Value, len(v.columns))
	parts := make([]any, len(key))
	for n, i := range places {
		if at := slices.Index(key, i); at >= 0 {
			parts[at] = keyOf(v.columns[i].oid, cells[n])
		}
		if cells[n] == nil || v.decode[i] == nil {
			continue
		}
		if values[i], err = k.s.value(v, i, cells[n]); err != nil {
			return err
		}
	}
	row(values, parts)
	return nil
}

// keyOf is a part of a key as offsets hold it: a number as JDBC's, else a text.
func keyOf(oid uint32, text []byte) any {
	switch oid {
	case oidInt2, oidInt4:
		if n, err := strconv.ParseInt(string(text), 10, 32); err == nil {
			return int32(n)
		}
	case oidInt8, oidOID:
		if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
			return n
		}
	}
	return string(text)
}

// keyText is the text of a part of a key; an offset of Debezium's may hold other
// kinds than ours.
func keyText(part any) []byte {
	switch v := part.(type) {
	case string:
		return []byte(v)
	case []byte:
		return []byte(`\x` + hex.EncodeToString(v))
	case *connect.Decimal:
		return v.Append(nil)
	}
	return fmt.Append(nil, part)
}

// signalled takes a change of the table of signals. It is heeded when the batch
// is let go of, since it may take a while: until then the offset has it.
func (s *stream) signalled(c *cdc.Change) {
	if !s.cfg.signalsFrom("source") && !s.inc.Running() {
		return
	}
	g, ok, err := cdc.SignalOf(c, s.inc.Delete)
	switch {
	case err != nil:
		s.log.Warn("a signal is passed over", "error", err)
	case ok:
		s.pending.Add(g)
		if g.Type != cdc.WindowOpen && g.Type != cdc.WindowClose { // which mean nothing to another life
			s.pending.Store(s.incremental)
		}
	}
}

// heed does what the signals say that have come. Those of the topic wait until no
// transaction is open.
func (s *stream) heed(ctx context.Context) error {
	if !s.open && !s.replay.active {
		select {
		case g, ok := <-s.signals:
			if ok {
				s.topic.Handled(g)
				s.pending.Add(g.Signal)
			}
		default:
		}
	}
	if len(s.pending.Signals) > 0 {
		for ; len(s.pending.Signals) > 0; s.pending.Done() {
			if err := s.obey(ctx, s.pending.Signals[0]); err != nil {
				return err
			}
		}
		s.keepState()
	}
	if err := s.blocked(ctx); err != nil {
		return err
	}
	return s.reach(ctx)
}

// obey does what a signal says.
func (s *stream) obey(ctx context.Context, g cdc.Signal) error {
	switch {
	case !g.Known():
		s.log.Warn("a signal of a type that is not known is passed over", "signal", g.ID, "type", g.Type)
		return nil
	case g.Type != cdc.ExecuteSnapshot:
	case g.Blocking:
		s.blocking.Add(g)
		return nil
	case s.cfg.SignalDataCollection == "" && !s.cfg.ReadOnly:
		s.log.Warn("an incremental snapshot needs signalDataCollection, in which it writes its marks, or readOnly", "signal", g.ID)
		return nil
	default:
		if err := s.chunks.refresh(ctx); err != nil {
			return err
		}
	}
	return s.inc.Signal(ctx, g, s.chunkTeller(ctx))
}

func (s *stream) chunkTeller(ctx context.Context) func(*cdc.Layout, []connect.Value) error {
	return func(l *cdc.Layout, row []connect.Value) error { return s.tellChunk(ctx, l, row) }
}

// tellChunk adds the record of a row of a chunk.
func (s *stream) tellChunk(ctx context.Context, l *cdc.Layout, row []connect.Value) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.done()
	now := time.Now()
	block := s.block(l.Table.ID.Schema, l.Table.ID.Table, cdc.Incremental)
	stamp(block, now)
	s.emit.Change(&s.batch, &cdc.Change{Op: cdc.Read, Layout: l, After: row, Now: now, Source: block})
	s.size += 256 // the window holds the rows already
	return nil
}
