package postgres_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/postgres"
	"kcgen.dev/runtime/convert"
	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/cdc"
)

// captured is a database of which changes are captured.
type captured struct {
	testing.TB
	server *servertest.Postgres
	postgres.Database
	name string
}

// adminDatabase is a database of the test's own, captured by the superuser.
func adminDatabase(t testing.TB) *captured {
	t.Helper()
	p := servertest.SharedPostgres(t)
	return databaseOn(t, p)
}

func databaseOn(t testing.TB, p *servertest.Postgres) *captured {
	t.Helper()
	name := p.Database(t).Name
	d := &captured{t, p, login(t, p.Admin(name)), name}
	t.Cleanup(func() { d.dropSlots() })
	return d
}

// dropSlots lets the database be dropped.
func (d *captured) dropSlots() {
	db, err := d.Open()
	if err == nil {
		_, err = db.Exec("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database() AND NOT active")
		db.Close()
	}
	if err != nil {
		d.Logf("drop the slots: %v", err) // the server may have been killed
	}
}

func (d *captured) exec(sql string) string {
	d.Helper()
	return d.server.Exec(d, d.name, sql)
}

// source captures everything, as the defaults are.
func (d *captured) source() postgres.Source {
	return postgres.Source{
		Database: d.Database, TopicPrefix: "postgres_types", SlotName: "slot_" + strings.ReplaceAll(d.name, "-", "_"), TombstonesOnDelete: true,
		HstoreHandlingMode: "", MoneyFractionDigits: 2, SlotMaxRetries: 6, SlotRetryDelay: 100 * time.Millisecond,
	}
}

// life is one task from Open to Close.
type life struct {
	testing.TB
	task    connect.SourceTask
	offset  connect.SourceOffset // committed
	key     connect.Codec
	value   connect.Codec
	records []cdc.Record
	marks   []mark
	hold    bool // nothing is said to be committed
}

// mark is an offset, and how many records were before it.
type mark struct {
	records int
	offset  connect.SourceOffset
}

// positions gives one offset.
type positions struct{ o connect.SourceOffset }

func (p positions) Offset(*connect.SourcePartition) connect.SourceOffset { return p.o }

type logged struct{ testing.TB }

func (l logged) Write(p []byte) (int, error) {
	l.Logf("%s", bytes.TrimSpace(p))
	return len(p), nil
}

func (d *captured) capture(s postgres.Source) *life {
	d.Helper()
	return d.resume(s, nil)
}

func (d *captured) resume(s postgres.Source, from connect.SourceOffset) *life {
	d.Helper()
	tasks, err := s.Tasks(context.Background(), 1)
	if err != nil {
		d.Fatal(err)
	}
	l := &life{TB: d, task: tasks[0], offset: from}
	l.key, l.value = codec(d, connect.RoleKey), codec(d, connect.RoleValue)
	d.Cleanup(func() { _ = l.task.Close() })
	log := slog.New(slog.NewTextHandler(logged{d}, nil))
	if err := l.task.Open(context.Background(), connect.SourceContext{Name: "test", Offsets: positions{from}, Log: log}); err != nil {
		d.Fatal(err)
	}
	return l
}

func codec(t testing.TB, r connect.Role) connect.Codec {
	c, err := convert.JSON{SchemasEnable: true}.Open(r)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// poll polls once, and commits what came.
func (l *life) poll() int {
	l.Helper()
	n, err := l.tryPoll()
	if err != nil {
		l.Fatal(err)
	}
	return n
}

func (l *life) tryPoll() (int, error) {
	var b connect.Batch
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := l.task.Poll(ctx, &b); err != nil {
		return 0, err
	}
	for i := range b.Records {
		r := &b.Records[i]
		if err := connect.Validate(r.Value.Schema, r.Value.Value); err != nil && !r.IsTombstone() {
			l.Errorf("%s: %v", r.Topic, err)
		}
		l.records = append(l.records, l.record(r))
	}
	for _, m := range b.Marks() {
		text, err := json.Marshal(m.Offset)
		if err != nil {
			l.Fatal(err)
		}
		l.offset = offsetOf(l, text)
		l.marks = append(l.marks, mark{len(l.records), l.offset})
		if l.hold {
			continue
		}
		if err := l.task.(connect.Committer).Committed(context.Background(), m.Partition, l.offset); err != nil {
			l.Error(err)
		}
	}
	return len(b.Records), nil
}

// offsetOf reads an offset as it comes from Kafka.
func offsetOf(t testing.TB, text []byte) connect.SourceOffset {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var o connect.SourceOffset
	if err := dec.Decode(&o); err != nil {
		t.Fatal(err)
	}
	for k, v := range o {
		if n, ok := v.(json.Number); ok {
			i, err := n.Int64()
			if err != nil {
				t.Fatal(err)
			}
			o[k] = i
		}
	}
	return o
}

// until polls until something is so.
func (l *life) until(so func() bool) {
	l.Helper()
	for deadline := time.Now().Add(servertest.Patience); !so(); {
		if time.Now().After(deadline) {
			l.Fatalf("it did not come; %d records", len(l.records))
		}
		l.poll()
	}
}

// untilStreaming polls until the log is read.
func (l *life) untilStreaming(d *captured) {
	l.Helper()
	l.until(func() bool {
		return d.exec("SELECT count(*) FROM pg_stat_replication r JOIN pg_replication_slots s ON s.active_pid = r.pid WHERE s.database = current_database() AND r.state = 'streaming'") == "1"
	})
}

// count polls until there are so many records.
func (l *life) count(n int) {
	l.Helper()
	l.until(func() bool { return len(l.records) >= n })
}

// untilMark polls until all has come that is in the log by now.
func (l *life) untilMark(d *captured) {
	l.Helper()
	mark := servertest.Unique("kcgen-mark")
	d.exec("SELECT pg_logical_emit_message(false, '" + mark + "', '')")
	l.until(func() bool {
		i := slices.IndexFunc(l.records, func(r cdc.Record) bool { return bytes.Contains(r.Key, []byte(mark)) })
		if i < 0 {
			return false
		}
		l.records = slices.Delete(l.records, i, i+1)
		return true
	})
}
