package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
	"kcgen.dev/runtime/connector/postgres"
	"kcgen.dev/runtime/servertest"
)

// signalling captures a database with a table of signals, a table of one key column
// and one of two.
func signalling(t *testing.T, rows int) (*captured, postgres.Source) {
	return signallingOn(t, servertest.SharedPostgres(t), rows)
}

func signallingOn(t *testing.T, p *servertest.Postgres, rows int) (*captured, postgres.Source) {
	d := databaseOn(t, p)
	d.exec(`CREATE TABLE signals (id varchar(64) PRIMARY KEY, type varchar(32) NOT NULL, data varchar(2048));
		CREATE TABLE t (id int PRIMARY KEY, version int NOT NULL DEFAULT 0, twice int GENERATED ALWAYS AS (version * 2) STORED);
		CREATE TABLE two (a bigint, b text, v text, PRIMARY KEY (b, a))`)
	d.exec(fmt.Sprintf("INSERT INTO t SELECT i FROM generate_series(1, %d) i; INSERT INTO two SELECT i %% 3, 'k' || i, 'v' FROM generate_series(1, 20) i", rows))
	s := d.source()
	s.SnapshotMode, s.SignalDataCollection, s.IncrementalSnapshotChunkSize = "no_data", "public.signals", 7
	return d, s
}

func (d *captured) signal(id, kind, data string) {
	d.Helper()
	d.exec(fmt.Sprintf("INSERT INTO signals VALUES ('%s', '%s', '%s')", id, kind, data))
}

// state is what records say of a table: its rows, and how many were read of the
// snapshot. A row that goes back fails the test.
func (l *life) state(table string) (rows map[string]int64, read int) {
	l.Helper()
	rows = map[string]int64{}
	newest := map[string]int64{}
	for _, r := range l.records {
		var key struct{ Payload json.RawMessage }
		var value struct {
			Payload struct {
				Op    string
				After *struct{ Version int64 }
			}
		}
		if r.Topic != "postgres_types.public."+table || json.Unmarshal(r.Value, &value) != nil || json.Unmarshal(r.Key, &key) != nil || value.Payload.Op == "" {
			continue
		}
		of, v := string(key.Payload), value.Payload
		if v.Op == "r" {
			read++
		}
		if v.After == nil {
			delete(rows, of)
			continue
		}
		if v.After.Version < newest[of] {
			l.Errorf("%s %s goes back from %d to %d (%s)", table, of, newest[of], v.After.Version, v.Op)
		}
		newest[of], rows[of] = v.After.Version, v.After.Version
	}
	return rows, read
}

func TestIncremental(t *testing.T) {
	for _, strategy := range []string{"insert_insert", "insert_delete", "read only"} {
		t.Run(strategy, func(t *testing.T) {
			d, s := signalling(t, 50)
			if s.ReadOnly = strategy == "read only"; !s.ReadOnly {
				s.IncrementalSnapshotWatermarkingStrategy = strategy
			}
			l := d.capture(s)
			l.poll() // the slot is there, or will be
			l.until(func() bool { return d.exec("SELECT count(*) FROM pg_replication_slots WHERE active") != "0" })
			d.exec("INSERT INTO t VALUES (1001)")
			l.count(1)
			d.signal("a", "execute-snapshot", `{"data-collections": ["public.t", "public.tw."], "additional-conditions": [{"data-collection": "public.two", "filter": "a > 0"}]}`)
			n := 1
			l.until(func() bool {
				d.exec(fmt.Sprintf("UPDATE t SET version = %d WHERE id %% 5 = %d; DELETE FROM t WHERE id = %d", n, n%5, n%40+10))
				n++
				_, read := l.state("two")
				return read > 0 && l.offset["incremental_snapshot_collections"] == nil
			})
			d.exec("INSERT INTO t VALUES (2000)")
			l.until(func() bool { rows, _ := l.state("t"); _, ok := rows[`{"id":2000}`]; return ok })
			rows, read := l.state("t")
			if want := d.exec("SELECT count(*) FROM t"); fmt.Sprint(len(rows)) != want || read == 0 {
				t.Errorf("the topic has %d rows, the table %s; %d were read", len(rows), want, read)
			}
			if marks := d.exec("SELECT count(*) FROM signals"); s.ReadOnly && marks != "1" {
				t.Errorf("the table of signals has %s rows, and nothing was to be written", marks)
			}
			if _, read := l.state("two"); read != 14 {
				t.Errorf("%d rows of two were read, want 14", read)
			}
		})
	}
}

func TestIncrementalGoesOn(t *testing.T) {
	for _, readOnly := range []bool{false, true} {
		t.Run(fmt.Sprint("read only ", readOnly), func(t *testing.T) { testIncrementalGoesOn(t, readOnly) })
	}
}

func testIncrementalGoesOn(t *testing.T, readOnly bool) {
	d, s := signalling(t, 100)
	s.ReadOnly = readOnly
	l := d.capture(s)
	l.until(func() bool { return d.exec("SELECT count(*) FROM pg_replication_slots WHERE active") != "0" })
	d.signal("a", "execute-snapshot", `{"data-collections": ["public.t"]}`)
	l.until(func() bool { _, read := l.state("t"); return read > 20 })
	if err := l.task.Close(); err != nil {
		t.Fatal(err)
	}
	_, before := l.state("t")
	again := d.resume(s, l.offset)
	again.until(func() bool {
		_, read := again.state("t")
		return before+read >= 100 && again.offset["incremental_snapshot_collections"] == nil
	})
	again.records = append(l.records, again.records...)
	rows, read := again.state("t")
	if len(rows) != 100 || read > 100+3*7 {
		t.Errorf("%d rows, %d were read", len(rows), read)
	}
}

// TestSignalGoesOn stops where an offset behind a signal was told, and what the
// signal asks for was not begun.
func TestSignalGoesOn(t *testing.T) {
	d, s := signalling(t, 20)
	d.exec(`CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NEW; END $$;
		CREATE TRIGGER wait BEFORE INSERT ON signals FOR EACH ROW WHEN (NEW.type ~ '^snapshot-window') EXECUTE FUNCTION wait()`)
	l := d.capture(s)
	l.untilStreaming(d)
	d.while("SELECT pg_advisory_xact_lock(42)", func() {
		d.exec(`BEGIN; INSERT INTO signals VALUES ('a', 'execute-snapshot', '{"data-collections": ["public.t"]}'); INSERT INTO t VALUES (1001); COMMIT`)
		d.until("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted", "1")
		l.count(1)
		if err := l.task.Close(); err != nil {
			t.Fatal(err)
		}
	})
	again := d.resume(s, l.offset)
	again.until(func() bool {
		_, read := again.state("t")
		return read == 21 && again.offset["incremental_snapshot_collections"] == nil
	})
	if again.offset[cdc.Heard] != nil {
		t.Errorf("the offset still has %v", again.offset[cdc.Heard])
	}
}

// TestIncrementalUnseen has the server stream a change that waits for a standby,
// so that no query sees it yet: the chunk waits too, or the row would go back.
func TestIncrementalUnseen(t *testing.T) {
	p := servertest.NewPostgres(t)
	d, s := signallingOn(t, p, 5)
	s.ReadOnly = true
	l := d.capture(s)
	l.untilStreaming(d)
	d.exec("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
	d.exec("SELECT pg_reload_conf()")
	d.until("SHOW synchronous_standby_names", "nobody")
	updated := make(chan struct{})
	go func() {
		defer close(updated)
		_, _ = p.Query(context.Background(), d.name, "UPDATE t SET version = 9 WHERE id = 3")
	}()
	l.count(1)
	d.exec("SET synchronous_commit = local; INSERT INTO signals VALUES ('a', 'execute-snapshot', '{\"data-collections\": [\"public.t\"]}')")
	for range 10 {
		l.poll()
	}
	if _, read := l.state("t"); read > 0 {
		t.Errorf("%d rows were read while a change was not seen", read)
	}
	d.exec("SET synchronous_commit = local; ALTER SYSTEM RESET synchronous_standby_names")
	d.exec("SELECT pg_reload_conf()")
	<-updated
	l.until(func() bool {
		_, read := l.state("t")
		return read >= 4 && l.offset["incremental_snapshot_collections"] == nil
	})
	if rows, _ := l.state("t"); rows[`{"id":3}`] != 9 || len(rows) != 5 {
		t.Errorf("the rows are %v", rows)
	}
}

// until asks until the answer is as it should be.
func (d *captured) until(question, answer string) {
	d.Helper()
	for deadline := time.Now().Add(servertest.Patience); d.exec(question) != answer; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.Fatalf("%s: not %s", question, answer)
		}
	}
}

// A table that cannot be read does not keep the others from being read.
func TestIncrementalSkips(t *testing.T) {
	d, s := signalling(t, 5)
	l := d.capture(s)
	l.until(func() bool { return d.exec("SELECT count(*) FROM pg_replication_slots WHERE active") != "0" })
	d.exec("CREATE TABLE keyless (a int); INSERT INTO keyless VALUES (1)")
	d.signal("0", "execute-snapshot", `no JSON`)
	d.signal("a", "execute-snapshot", `{"data-collections": ["public.keyless", "public.none", "public.two", "public.t"], "additional-conditions": [{"data-collection": "public.two", "filter": "no column"}]}`)
	l.until(func() bool { _, read := l.state("t"); return read == 5 })
}

// topic is a journal that holds entries.
type topic []connect.JournalEntry

func (t topic) Journal(string) (connect.Journal, error) { return t, nil }

func (t topic) Append(context.Context, ...connect.JournalEntry) error { return nil }

func (t topic) Read(_ context.Context, from int64, each func(connect.JournalEntry) error) (int64, error) {
	for i := from; i < int64(len(t)); i++ {
		e := t[i]
		e.Offset = i
		if err := each(e); err != nil {
			return i, err
		}
	}
	return max(from, int64(len(t))), nil
}

func TestSignalTopic(t *testing.T) {
	d, s := signalling(t, 30)
	s.SignalEnabledChannels, s.StatusUpdateInterval = []string{"kafka"}, 100*time.Millisecond
	tasks, err := s.Tasks(context.Background(), 1)
	if err != nil {
		t.Fatal(err)
	}
	l := &life{TB: d, task: tasks[0]}
	l.key, l.value = codec(d, connect.RoleKey), codec(d, connect.RoleValue)
	t.Cleanup(func() { _ = l.task.Close() })
	entry := func(key, value string) connect.JournalEntry {
		return connect.JournalEntry{Key: []byte(key), Value: []byte(value)}
	}
	told := topic{
		entry("another", `{"type":"execute-snapshot","data":{"data-collections":["public.two"]}}`),
		entry("postgres_types", `{"type":"execute-snapshot","data":{"data-collections":["public.t"]}}`),
	}
	if err := l.task.Open(context.Background(), connect.SourceContext{Name: "test", Offsets: positions{}, Log: slog.New(slog.DiscardHandler), Journals: told}); err != nil {
		t.Fatal(err)
	}
	l.until(func() bool {
		_, read := l.state("t")
		return read == 30 && l.offset["incremental_snapshot_collections"] == nil
	})
	if _, read := l.state("two"); read != 0 || l.offset["signal_topic_offset"] != int64(2) {
		t.Errorf("%d rows were read by another's signal; offset %v", read, l.offset)
	}
}

// TestBlocking reads tables, one of them by a query, while the stream waits; the
// stream goes on where it was.
func TestBlocking(t *testing.T) {
	d, s := signalling(t, 50)
	s.SnapshotChunkSize, s.MaxBatchSize, s.SnapshotMaxThreads = 8, 5, 2
	l := d.capture(s)
	l.untilStreaming(d)
	d.exec("INSERT INTO t VALUES (1001)")
	l.count(1)
	d.exec(`BEGIN; INSERT INTO t VALUES (1002);
		INSERT INTO signals VALUES ('a', 'execute-snapshot', '{"type": "blocking", "data-collections": ["public.t", "public.two", "public.none"], "additional-conditions": [{"data-collection": "public.two", "filter": "SELECT * FROM two WHERE a > 0"}]}');
		INSERT INTO t VALUES (1003); COMMIT; UPDATE t SET version = 1 WHERE id = 7`)
	l.until(func() bool { rows, _ := l.state("t"); return rows[`{"id":7}`] == 1 })
	l.until(func() bool { return l.offset["kcgen_blocking_snapshots"] == nil })
	l.untilMark(d)
	if rows, read := l.state("t"); len(rows) != 53 || read != 53 {
		t.Errorf("%d rows, %d were read, want 53", len(rows), read)
	}
	if _, read := l.state("two"); read != 14 {
		t.Errorf("%d rows of two were read, want 14", read)
	}
	if marks := l.marksOf(); marks["first"] != 1 || marks["last"] != 1 {
		t.Errorf("the marks are %v", marks)
	}
}

// TestBlockingGoesOn stops within a blocking snapshot, and gives one up that is no
// SQL.
func TestBlockingGoesOn(t *testing.T) {
	d, s := signalling(t, 100)
	s.SnapshotChunkSize, s.MaxBatchSize = 10, 10
	l := d.capture(s)
	l.untilStreaming(d)
	d.signal("a", "execute-snapshot", `{"type": "blocking", "data-collections": ["public.t"]}`)
	d.signal("b", "execute-snapshot", `{"type": "blocking", "data-collections": ["public.two"], "additional-conditions": [{"data-collection": "public.two", "filter": "no SQL"}]}`)
	l.until(func() bool { _, read := l.state("t"); return read >= 30 })
	_ = l.task.Close()
	if l.offset["kcgen_blocking_snapshots"] == nil {
		t.Fatalf("the offset is %v", l.offset)
	}
	again := d.resume(s, l.offset)
	again.until(func() bool { return again.offset != nil && again.offset["kcgen_blocking_snapshots"] == nil })
	again.untilMark(d)
	if _, read := again.state("t"); read != 100 {
		t.Errorf("%d rows were read", read)
	}
}
