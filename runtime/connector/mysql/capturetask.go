package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
	"kcgen.dev/runtime/connector/database"
)

// pollWait is how long a Poll without changes lasts.
const pollWait = 500 * time.Millisecond

// captureTask captures a server: the rows that there are, and then what its log says.
type captureTask struct {
	cfg     Source
	log     *slog.Logger
	offsets connect.OffsetReader
	part    *connect.SourcePartition
	db      *sql.DB
	server  *server
	modes   modes
	emit    *cdc.Emitter
	source  *connect.Schema
	places  tableFilter

	gtidSources sources
	foreign     bool // the transaction at hand is of another server: its changes are left out

	history *history

	catalog  *catalog
	pos      *position
	snapshot *snapshot  // under way
	begun    bool       // it was noted as begun, and its offset is not known to be in Kafka
	reader   *logReader // nil: to be opened
	plans    map[tableID]*plan
	tables   map[uint64]*mapped // by the log's numbers
	before   []connect.Value
	after    []connect.Value
	changes  schemaRecords

	skipEvents int64 // of the first transaction, which were read before
	skipRows   int
	skipping   bool
	moved      bool // the position has, since the last mark
	heartbeat  time.Time
	failed     error // of the last Poll, which gave records before it failed
	idle       bool  // initial_only is done
	inc        incremental
	notifier   cdc.Notifier
	notes      []cdc.Notification // to be told
	progressed cdc.Progress
	behind     lag
}

// Open connects, finds where to go on, and what the tables were there.
func (t *captureTask) Open(ctx context.Context, tc connect.SourceContext) (err error) {
	t.log, t.offsets = tc.Log, tc.Offsets
	t.part = cdc.ServerPartition(t.cfg.TopicPrefix)
	identity := cdc.Identity{Allowed: t.cfg.AllowIdentityChange, Log: tc.Log}
	if err := identity.Prefix(tc.Offsets, t.cfg.TopicPrefix); err != nil {
		return fmt.Errorf("mysql: %w", err)
	}
	t.plans, t.tables = map[tableID]*plan{}, map[uint64]*mapped{}
	t.heartbeat = time.Now()
	t.release()
	if t.db, err = t.cfg.Database.Open(); err != nil {
		return err
	}
	if err := t.db.PingContext(ctx); err != nil {
		return t.fault("connect to "+t.cfg.Database.String(), err)
	}
	if t.server, err = askServer(ctx, t.db); err != nil {
		return t.fault(t.cfg.Database.String(), err)
	}
	if err := t.server.check(); err != nil {
		return fmt.Errorf("mysql: %s: %w", t.cfg.Database, err)
	}
	if err := t.prepare(tc); err != nil {
		return err
	}
	if err := t.locate(ctx); err != nil {
		return err
	}
	o := t.offsets.Offset(t.part)
	if t.snapshot != nil {
		o = nil // what was asked for is read now
	} else {
		t.notifySnapshot(cdc.Skipped, "")
	}
	return t.listen(tc, o)
}

// prepare makes what records are made with.
func (t *captureTask) prepare(tc connect.SourceContext) (err error) {
	t.modes = t.cfg.modes(t.server.mariadb)
	t.source = sourceSchema(t.server.name())
	connector := cdc.Connector{Name: t.server.name(), Task: "0", Catalogs: true}
	if t.emit, err = cdc.NewEmitter(t.cfg.options(), connector, t.source); err != nil {
		return err
	}
	if t.changes, err = newSchemaRecords(t.cfg, t.server.name(), t.source, t.emit.Topics.Schema); err != nil {
		return err
	}
	if t.places, err = newTableFilter(t.cfg, t.emit.Filter); err != nil {
		return err
	}
	if t.gtidSources, err = newSources(t.cfg); err != nil {
		return err
	}
	if t.notifier, err = cdc.NewNotifier(t.cfg.NotificationEnabledChannels, t.cfg.NotificationSinkTopicName, t.cfg.TopicPrefix, t.log); err != nil {
		return err
	}
	if tc.Journals == nil {
		return errors.New("mysql: schemaHistoryInternalKafkaTopic: there is no Kafka to keep it in")
	}
	journal, err := tc.Journals.Journal(t.cfg.SchemaHistoryInternalKafkaTopic)
	if err != nil {
		return fmt.Errorf("mysql: schemaHistoryInternalKafkaTopic: %w", err)
	}
	t.history = &history{journal: journal, server: t.cfg.TopicPrefix, mariadb: t.server.mariadb}
	t.catalog = t.emptyCatalog()
	return nil
}

func (t *captureTask) emptyCatalog() *catalog {
	c := newCatalog()
	c.comments = t.cfg.IncludeSchemaComments || t.server.mariadb && t.cfg.IncludeSchemaChanges // as Debezium's two connectors
	return c
}

// check finds what keeps the log from being read.
func (s *server) check() error {
	switch {
	case !s.logBin:
		return errors.New("it writes no binary log: start it with --log-bin --server-id=N")
	case s.format != "ROW":
		return fmt.Errorf("binlog_format is %s: SET GLOBAL binlog_format = 'ROW', and have clients connect anew", s.format)
	case s.image != "FULL" && s.image != "NOBLOB" && s.image != "":
		return fmt.Errorf("binlog_row_image is %s: SET GLOBAL binlog_row_image = 'FULL'", s.image)
	case s.partial != "":
		return fmt.Errorf("binlog_row_value_options is %s: SET GLOBAL binlog_row_value_options = ''", s.partial)
	}
	return nil
}

// locate decides by the offset and the mode of snapshots what comes first.
func (t *captureTask) locate(ctx context.Context) error {
	if err := t.catalog.readCharsets(ctx, t.db, t.server); err != nil {
		return t.fault(t.cfg.Database.String(), err)
	}
	o := t.offsets.Offset(t.part)
	switch {
	case t.cfg.SnapshotMode == snapshotAlways:
		return t.beginSnapshot()
	case o == nil:
		return t.locateFirst(ctx)
	}
	p, err := loadPosition(o, t.server.mariadb)
	if err != nil {
		return err
	}
	if p.snapshot && t.reads() {
		return t.goOn(ctx, p, false)
	}
	t.pos, t.skipEvents, t.skipRows = p, p.event, p.row
	t.emit.Transaction.Load(o)
	if t.cfg.SnapshotMode == snapshotInitialOnly {
		t.idle = true
		return nil
	}
	missing, err := t.server.has(ctx, t.db, p, &t.gtidSources)
	if err != nil {
		return t.fault(t.cfg.Database.String(), err)
	}
	if missing != "" {
		return t.lost(missing)
	}
	return t.recoverTables(ctx)
}

// locateFirst is a start without an offset. One that was killed before its first offset
// was kept may have told rows that are no more: only the log since then tells of that.
func (t *captureTask) locateFirst(ctx context.Context) error {
	if !t.reads() {
		return t.beginSnapshot()
	}
	p, err := t.history.begun(ctx)
	if err != nil {
		return err
	}
	if p == nil {
		return t.beginSnapshot()
	}
	missing, err := t.server.has(ctx, t.db, p, &t.gtidSources)
	if err != nil {
		return t.fault(t.cfg.Database.String(), err)
	}
	if missing != "" {
		t.log.Warn("the log no longer has where the last start began: of rows that it told of and that were deleted since nothing tells", "missing", missing)
		return t.beginSnapshot()
	}
	return t.goOn(ctx, p, true)
}

// goOn goes on with a snapshot that was cut off. The log is needed from where it began.
func (t *captureTask) goOn(ctx context.Context, p *position, again bool) error {
	t.pos = p
	if t.cfg.SnapshotMode != snapshotInitialOnly {
		missing, err := t.server.has(ctx, t.db, p, &t.gtidSources)
		if err != nil {
			return t.fault(t.cfg.Database.String(), err)
		}
		if missing != "" {
			return t.lost(missing)
		}
	}
	if err := t.recoverTables(ctx); err != nil {
		return err
	}
	t.log.Info("the snapshot was cut off: it goes on", "position", p.String())
	t.resumeSnapshot(again)
	return nil
}

// lost is a log that no longer has what comes behind the offset.
func (t *captureTask) lost(missing string) error {
	if t.cfg.SnapshotMode == snapshotWhenNeeded {
		t.log.Warn("the log no longer has what comes next: the rows are read anew", "missing", missing)
		return t.beginSnapshot()
	}
	return fmt.Errorf("mysql: %s: go on at %s: the log no longer has it: %s: changes are lost; snapshotMode \"when_needed\" reads all rows again, or reset the offset", t.cfg.Database, t.pos, missing)
}

// recoverTables finds what the tables were at the position.
func (t *captureTask) recoverTables(ctx context.Context) error {
	if t.cfg.SnapshotMode == snapshotRecovery {
		return t.rebuild(ctx)
	}
	n, err := t.history.recover(ctx, t.catalog, t.pos)
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("mysql: schemaHistoryInternalKafkaTopic: topic %s has nothing for %s up to %s: it was lost, or is another's; snapshotMode \"recovery\" makes it anew where no table has changed since",
			t.cfg.SchemaHistoryInternalKafkaTopic, t.cfg.TopicPrefix, t.pos)
	}
	return nil
}

// Poll adds rows of the snapshot, or changes of the log. What fails behind records is
// told by the next Poll.
func (t *captureTask) Poll(ctx context.Context, b *connect.Batch) error {
	if err := t.failed; err != nil {
		t.failed = nil
		return err
	}
	err := t.poll(ctx, b)
	t.tellNotes(b)
	if err != nil && len(b.Records)+len(b.Marks()) > 0 {
		t.failed, err = err, nil
	}
	return err
}

func (t *captureTask) poll(ctx context.Context, b *connect.Batch) error {
	switch {
	case t.idle:
		pause(ctx, pollWait)
		return nil
	case t.snapshot != nil:
		return t.pollSnapshot(ctx, b)
	}
	return t.pollLog(ctx, b)
}

// mark says that all records so far are those before the position.
func (t *captureTask) mark(b *connect.Batch) {
	o := t.pos.offset()
	if !t.pos.snapshot {
		t.emit.Transaction.Store(o)
		t.inc.store(o)
	}
	b.Mark(t.part, o)
	t.moved = false
}

var _ connect.Committer = (*captureTask)(nil)

// Committed notes that a snapshot has its offset in Kafka: a start that finds none is
// one that is meant to begin anew.
func (t *captureTask) Committed(ctx context.Context, _ *connect.SourcePartition, _ connect.SourceOffset) error {
	if !t.begun {
		return nil
	}
	note, err := t.history.note(t.pos, t.setCharset(ctx, t.db), noteKept)
	if err == nil {
		err = t.keep(ctx, []connect.JournalEntry{note})
	}
	t.begun = err != nil
	return err
}

// fault is an error of the database; most are to be tried again.
func (t *captureTask) fault(what string, err error) error {
	wrapped := fmt.Errorf("mysql: %s: %w", what, err)
	switch t.cfg.Database.Dialect().Fault(err) {
	case database.Away, database.Busy:
		return connect.Retry(wrapped)
	}
	return wrapped
}

// Close lets go of the connections.
func (t *captureTask) Close() error {
	t.release()
	return nil
}

func (t *captureTask) release() {
	if t.snapshot != nil {
		t.snapshot.close()
		t.snapshot = nil
	}
	t.reader.close()
	t.reader = nil
	t.inc.close()
	if t.db != nil {
		_ = t.db.Close()
		t.db = nil
	}
}

// tableFilter says which tables are captured.
type tableFilter struct {
	include, exclude, rows cdc.Patterns
	tables                 *cdc.Filter
}

func newTableFilter(s Source, f *cdc.Filter) (t tableFilter, err error) {
	t.tables = f
	if t.include, err = cdc.NewPatterns("databaseIncludeList", s.DatabaseIncludeList); err != nil {
		return t, err
	}
	if t.exclude, err = cdc.NewPatterns("databaseExcludeList", s.DatabaseExcludeList); err != nil {
		return t, err
	}
	t.rows, err = cdc.NewPatterns("snapshotIncludeCollectionList", s.SnapshotIncludeCollectionList)
	return t, err
}

// database is whether tables of a database may be captured.
func (f *tableFilter) database(db string) bool {
	switch {
	case systemDatabases[db]:
		return false
	case len(f.include) > 0:
		return f.include.Match(db)
	}
	return !f.exclude.Match(db)
}

func (f *tableFilter) table(id tableID) bool {
	of := cdc.TableID{Catalog: id.db, Table: id.name}
	return f.database(id.db) && f.tables.Table(of) || f.tables.Signals(of)
}

// snapshots is whether a snapshot reads a table's rows. Those of signals it does not.
func (f *tableFilter) snapshots(id tableID) bool {
	return f.table(id) && !f.tables.Signals(cdc.TableID{Catalog: id.db, Table: id.name}) && (len(f.rows) == 0 || f.rows.Match(id.String()))
}
