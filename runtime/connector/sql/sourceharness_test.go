package sql

import (
	"bytes"
	"context"
	dbsql "database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/sqlite"
	"kcgen.dev/runtime/servertest"
)

// file is a SQLite file of a test.
type file struct {
	t  testing.TB
	db *dbsql.DB
	sqlite.Database
}

func newFile(t testing.TB, statements ...string) *file {
	t.Helper()
	d := sqlite.Database{File: filepath.Join(folder(t), "test.db"), BusyTimeout: 10 * time.Second, JournalMode: "WAL"}
	db, err := d.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	f := &file{t: t, db: db, Database: d}
	f.exec(statements...)
	return f
}

func (f *file) exec(statements ...string) {
	f.t.Helper()
	for _, s := range statements {
		if _, err := f.db.Exec(s); err != nil {
			f.t.Fatalf("%s: %v", s, err)
		}
	}
}

// source is a source of the file that does not wait between polls.
func (f *file) source(mode string, edit ...func(*Source)) Source {
	s := Source{Connection: f.Database, Mode: mode, TopicPrefix: "t-", PollInterval: time.Millisecond,
		TablePollInterval: time.Millisecond, ValidateNonNull: true}
	for _, e := range edit {
		e(&s)
	}
	return s
}

// committed offsets, as JSON under JSON.
type memory map[string]string

func keyOf(p *connect.SourcePartition) string {
	var parts []string
	for _, pair := range p.Pairs {
		parts = append(parts, fmt.Sprintf("%q:%q", pair.Key, pair.Value))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func (m memory) Offset(p *connect.SourcePartition) connect.SourceOffset {
	text, ok := m[keyOf(p)]
	if !ok {
		return nil
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var o connect.SourceOffset
	if err := dec.Decode(&o); err != nil {
		panic(err)
	}
	for k, v := range o {
		if n, ok := v.(json.Number); ok {
			i, err := n.Int64()
			if err != nil {
				panic(err)
			}
			o[k] = i
		}
	}
	return o
}

// life is one task from Open to Close, with what it gave.
type life struct {
	t    testing.TB
	task connect.SourceTask
	mem  memory
	got  []string // "topic: value"
	log  *logged
}

// logged is what a task wrote into its log.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func begin(t testing.TB, s Source, mem memory) *life {
	t.Helper()
	l, err := tryBegin(t, s, mem, false)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func tryBegin(t testing.TB, s Source, mem memory, exactly bool) (*life, error) {
	tasks, err := s.Tasks(context.Background(), 1)
	if err != nil {
		return nil, err
	}
	l := &life{t: t, task: tasks[0], mem: mem, log: &logged{}}
	t.Cleanup(func() { _ = l.task.Close() })
	return l, l.task.Open(context.Background(), connect.SourceContext{Name: "test", Offsets: mem, ExactlyOnce: exactly,
		Log: slog.New(slog.NewTextHandler(l.log, nil))})
}

// poll polls once, and commits what it gave.
func (l *life) poll(ctx context.Context) (int, error) {
	var b connect.Batch
	if err := l.task.Poll(ctx, &b); err != nil {
		return 0, err
	}
	for i := range b.Records {
		l.got = append(l.got, written(&b.Records[i]))
	}
	for _, m := range b.Marks() {
		o, err := json.Marshal(m.Offset)
		if err != nil {
			l.t.Fatal(err)
		}
		l.mem[keyOf(m.Partition)] = string(o)
	}
	return len(b.Records), nil
}

// idle polls until there is nothing more to read: a Poll gave nothing, and had
// the time to look at every table, however slow the machine is.
func (l *life) idle() *life {
	l.t.Helper()
	if err := l.tryIdle(); err != nil {
		l.t.Fatal(err)
	}
	return l
}

func (l *life) tryIdle() error {
	for quiet, deadline := 5*time.Millisecond, time.Now().Add(servertest.Patience); ; quiet = min(2*quiet, time.Second) {
		begun := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), quiet)
		n, err := l.poll(ctx)
		cancel()
		switch {
		case err != nil:
			return err
		case n == 0 && l.looked(begun):
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("it did not come to an end; %d records: %q", len(l.got), l.got)
		}
	}
}

// looked says whether since then the task has looked for tables, and has read
// each to its end, or waits for transactions.
func (l *life) looked(since time.Time) bool {
	task := l.task.(*sourceTask)
	// A time that is further away than a test waits is good whenever it was set.
	soon := func(d time.Duration) time.Time { return since.Add(min(d, 20*time.Millisecond)) }
	if task.cfg.Query == "" && task.look.Before(soon(task.cfg.TablePollInterval)) {
		return false
	}
	for _, r := range task.readers {
		switch {
		case r.wait != nil && len(r.wait.writers) > 0 && !r.wait.again.Before(soon(settlePause)):
		case r.wait != nil || r.open != nil || r.due.Before(soon(r.cfg.PollInterval)):
			return false
		}
	}
	return true
}

// until polls until there are n records.
func (l *life) until(n int) *life {
	l.t.Helper()
	for deadline := time.Now().Add(servertest.Patience); len(l.got) < n; {
		if _, err := l.poll(context.Background()); err != nil {
			l.t.Fatal(err)
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("%d records came, not %d: %q", len(l.got), n, l.got)
		}
	}
	return l
}

func (l *life) close() { _ = l.task.Close() }

// take gives what came since it was asked last.
func (l *life) take() string {
	s := strings.Join(l.got, "\n")
	l.got = nil
	return s
}

// written writes a record: its topic, and each field of its value.
func written(r *connect.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:", r.Topic)
	if r.Key.Schema != nil || !r.Key.IsNull() || r.Timestamp != connect.NoTimestamp {
		b.WriteString(" (unexpected)")
	}
	st := r.Value.Value.Struct()
	for i, f := range st.Schema.Fields() {
		fmt.Fprintf(&b, " %s=%s", f.Name, shown(st.Slots[i]))
	}
	return b.String()
}

func shown(v connect.Value) string {
	switch v.Kind() {
	case connect.KindNull:
		return "null"
	case connect.KindString:
		return v.Str()
	case connect.KindInstant:
		return v.Instant().Format("2006-01-02T15:04:05.999999999")
	case connect.KindDecimal:
		return v.Decimal().String()
	case connect.KindFloat64, connect.KindFloat32:
		return fmt.Sprint(v.Float())
	}
	return fmt.Sprint(v.Int())
}

// same fails unless records are as they should be.
func same(t testing.TB, got string, want ...string) {
	t.Helper()
	if w := strings.Join(want, "\n"); got != w {
		t.Fatalf("got:\n%s\nwant:\n%s", got, w)
	}
}
