package sql

import (
	"context"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // the zones, on machines that have none

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

var _ connect.Sink = Sink{}

// Open connects. The tables are looked at when the first records for them come.
func (s Sink) Open(ctx context.Context, sc connect.SinkContext) (connect.SinkTask, error) {
	t, err := s.task(sc)
	if err != nil {
		return nil, err
	}
	pool, err := s.Connection.Open()
	if err != nil {
		return nil, fmt.Errorf("sql: open %s: %w", s.Connection, err)
	}
	t.pool = pool
	if err := t.begin(ctx); err != nil {
		t.Close()
		return nil, err
	}
	if s.ExactlyOnce {
		return &exactSink{t}, nil
	}
	return t, nil
}

// task is the task before it connects.
func (s Sink) task(sc connect.SinkContext) (*sinkTask, error) {
	if err := s.valid(); err != nil {
		return nil, fmt.Errorf("sql: %w", err)
	}
	writing, err := s.writing()
	if err != nil {
		return nil, fmt.Errorf("sql: %w", err)
	}
	t := &sinkTask{
		Sink: s, sc: sc, dialect: s.Connection.Dialect(), writing: writing,
		tables: map[string]*target{}, layouts: map[pair]*layout{}, refused: map[int]error{},
	}
	if s.ExactlyOnce {
		t.exact, err = newLedger(t)
	}
	return t, err
}

// begin looks whether the database is there.
func (t *sinkTask) begin(ctx context.Context) error {
	if err := t.connected(ctx); err != nil {
		return t.fault(err, "connect")
	}
	if d, ok := t.dialect.(database.Sizes); ok {
		var err error
		if t.mostBytes, err = d.MaxStatement(ctx, t.conn); err != nil {
			return t.fault(err, "ask for the longest statement")
		}
	}
	if t.exact != nil {
		return t.exact.prepare(ctx)
	}
	return nil
}

// writing is what the options say of values.
func (s Sink) writing() (database.Writing, error) {
	zone := time.UTC
	if s.DbTimezone != "" && s.DbTimezone != "UTC" {
		var err error
		if zone, err = time.LoadLocation(s.DbTimezone); err != nil || s.DbTimezone == "Local" {
			return database.Writing{}, connect.OptionErrorf("dbTimezone", "there is no zone %q: give a name of the IANA database, such as Europe/Berlin", s.DbTimezone)
		}
	}
	w := database.Writing{Zone: zone, DateZone: zone}
	if s.DateTimezone == "UTC" {
		w.DateZone = time.UTC
	}
	return w, nil
}

// valid says what of the options cannot work: what the CUE definition refuses,
// for sinks that were made without it.
func (s Sink) valid() error {
	keyed := s.PkMode != "" && s.PkMode != "none"
	switch {
	case s.Connection == nil:
		return connect.OptionErrorf("connection", "there is none")
	case s.TableNameFormat == "":
		return connect.OptionErrorf("tableNameFormat", "it is empty: ${topic} names each topic's table after it")
	case s.InsertMode != "" && s.InsertMode != "insert" && s.InsertMode != "upsert" && s.InsertMode != "update":
		return connect.OptionErrorf("insertMode", "%q must be insert, upsert or update", s.InsertMode)
	case keyed && s.PkMode != "kafka" && s.PkMode != "record_key" && s.PkMode != "record_value":
		return connect.OptionErrorf("pkMode", "%q must be none, kafka, record_key or record_value", s.PkMode)
	case (s.InsertMode == "upsert" || s.InsertMode == "update") && !keyed:
		return connect.OptionErrorf("pkMode", "insertMode %s needs keys: record_key or record_value", s.InsertMode)
	case s.PkMode == "kafka" && len(s.PkFields) != 0 && len(s.PkFields) != 3:
		return connect.OptionErrorf("pkFields", "pkMode kafka needs three names, for topic, partition and offset, or none")
	case s.DeleteEnabled && s.PkMode != "record_key":
		return connect.OptionErrorf("deleteEnabled", "it needs pkMode record_key")
	case s.BatchSize < 0:
		return connect.OptionErrorf("batchSize", "%d is no number of rows", s.BatchSize)
	}
	return nil
}

// tableOf is the table of a topic.
func (s Sink) tableOf(d database.Dialect, topic string) (database.Table, error) {
	name := strings.ReplaceAll(s.TableNameFormat, "${topic}", topic)
	t, err := d.ParseTable(name)
	if err == nil && t.Name == "" {
		err = fmt.Errorf("%q names no table", name)
	}
	if err != nil {
		return t, fmt.Errorf("sql: the table of topic %s by tableNameFormat: %w", connect.Word(topic), err)
	}
	return t, nil
}

// sinkTask is a task of the sink.
type sinkTask struct {
	Sink
	sc      connect.SinkContext
	dialect database.Dialect
	writing database.Writing
	session
	exact     *ledger // nil: at least once
	mostBytes int     // of a statement; 0: as many as it has

	tables  map[string]*target // by topic
	layouts map[pair]*layout
	faulty  bool // some of them have faults

	// Of the Put at work:
	ops     []op
	args    []any
	keys    []byte
	refused map[int]error // by the record's place in the batch
	seen    rowKeys
	rows    [][]any
	flat    []any
}

// Flush has nothing to do: a Put that returned has committed.
func (t *sinkTask) Flush(context.Context) error { return nil }

// Close lets go of the connection.
func (t *sinkTask) Close() error {
	t.disconnect()
	if err := t.pool.Close(); err != nil {
		return fmt.Errorf("sql: close %s: %w", t.Connection, err)
	}
	return nil
}

// fault is an error of the database as a worker is told it.
func (t *sinkTask) fault(err error, format string, args ...any) error {
	what := fmt.Sprintf("sql: %s: ", t.Connection) + fmt.Sprintf(format, args...)
	return told{t.dialect.Fault(err).Worker(what, err)}
}

// told is an error that says already what was tried.
type told struct{ error }

func (e told) Unwrap() error { return e.error }
