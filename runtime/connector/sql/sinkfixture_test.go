package sql

import (
	"cmp"
	"context"
	stdsql "database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/sqlite"
)

// shop is a database that sinks write to.
type shop struct {
	t    testing.TB
	db   database.Database
	pool *stdsql.DB
}

func newShop(t testing.TB) *shop {
	t.Helper()
	return shopOf(t, sqlite.Database{File: filepath.Join(folder(t), "shop.db"), BusyTimeout: time.Minute, JournalMode: "WAL"})
}

func shopOf(t testing.TB, db database.Database) *shop {
	t.Helper()
	pool, err := db.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return &shop{t, db, pool}
}

func (s *shop) exec(text string, args ...any) {
	s.t.Helper()
	for _, text := range strings.Split(s.spoken(text), "; ") {
		if _, err := s.pool.Exec(text, args...); err != nil {
			s.t.Fatalf("%s: %v", text, err)
		}
	}
}

// rows are a query's, as text: a row a line, in order, columns with | between.
func (s *shop) rows(query string) string {
	s.t.Helper()
	rows, err := s.pool.Query(s.spoken(query))
	if err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	return text(s.t, rows)
}

func text(t testing.TB, rows *stdsql.Rows) string {
	t.Helper()
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		cells := make([]stdsql.NullString, len(names))
		ptrs := make([]any, len(names))
		for i := range cells {
			ptrs[i] = &cells[i]
		}
		if err := rows.Scan(ptrs...); err != nil {
			t.Fatal(err)
		}
		words := make([]string, len(cells))
		for i, c := range cells {
			if words[i] = c.String; !c.Valid {
				words[i] = "NULL"
			}
		}
		lines = append(lines, strings.Join(words, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// want fails unless a query gives these rows.
func (s *shop) want(query, rows string) {
	s.t.Helper()
	want := strings.Split(rows, "\n")
	slices.Sort(want)
	if got := s.rows(query); got != strings.Join(want, "\n") {
		s.t.Errorf("%s gives\n%s\nwant\n%s", query, got, rows)
	}
}

// sink fills in what a spec leaves to its defaults.
func (s *shop) sink(o Sink) Sink {
	o.Connection = cmp.Or[database.Database](o.Connection, s.db)
	o.InsertMode = cmp.Or(o.InsertMode, "insert")
	o.PkMode = cmp.Or(o.PkMode, "none")
	o.TableNameFormat = cmp.Or(o.TableNameFormat, "${topic}")
	o.BatchSize = cmp.Or(o.BatchSize, 3000)
	o.DateTimezone = cmp.Or(o.DateTimezone, "DB_TIMEZONE")
	return o
}

// run is a task under test, with what it refused.
type run struct {
	t testing.TB
	connect.SinkTask
	refused map[int]error
}

func (r *run) Ticket(i int) connect.Ticket { return connect.Ticket(i + 1) }
func (r *run) Refuse(k connect.Ticket, cause error) {
	if r.refused[int(k)-1] != nil {
		r.t.Errorf("record %d is refused twice", k-1)
	}
	r.refused[int(k)-1] = cause
}

func (s *shop) open(o Sink) *run {
	s.t.Helper()
	r := &run{t: s.t, refused: map[int]error{}}
	task, err := s.sink(o).Open(context.Background(), connect.SinkContext{Name: "orders", Log: slog.New(slog.DiscardHandler), Results: r})
	if err != nil {
		s.t.Fatal(err)
	}
	r.SinkTask = task
	s.t.Cleanup(r.close)
	return r
}

func (r *run) close() {
	if r.SinkTask == nil {
		return
	}
	if err := r.Close(); err != nil {
		r.t.Error(err)
	}
	r.SinkTask = nil
}

// put puts records, and fails on an error.
func (r *run) put(batch ...connect.Record) {
	r.t.Helper()
	clear(r.refused)
	if err := r.Put(context.Background(), batch); err != nil {
		r.t.Fatalf("put: %v", err)
	}
}

// all puts, and fails where a record is refused.
func (r *run) all(batch ...connect.Record) {
	r.t.Helper()
	r.put(batch...)
	if len(r.refused) > 0 {
		r.t.Fatalf("refused: %v", r.refused)
	}
}

// some puts, and fails unless just these records are refused, each with the
// text.
func (r *run) some(batch []connect.Record, text string, refused ...int) {
	r.t.Helper()
	r.put(batch...)
	for _, i := range refused {
		if err := r.refused[i]; err == nil || !strings.Contains(err.Error(), text) {
			r.t.Errorf("record %d: refused with %v, want %q", i, err, text)
		}
	}
	if len(r.refused) != len(refused) {
		r.t.Errorf("refused: %v, want %v", r.refused, refused)
	}
}

// fails puts, and fails unless there is this error.
func (r *run) fails(text string, batch ...connect.Record) error {
	r.t.Helper()
	err := r.Put(context.Background(), batch)
	if err == nil || !strings.Contains(err.Error(), text) {
		r.t.Fatalf("put: %v, want %q; refused %v", err, text, r.refused)
	}
	return err
}

var (
	orderSchema = connect.NewStruct().Name("Order").
			Field("id", connect.Int64Schema).Field("name", connect.OptionalStringSchema).Field("n", connect.OptionalInt32Schema).MustBuild()
	keySchema = connect.NewStruct().Field("id", connect.Int64Schema).Field("region", connect.StringSchema).MustBuild()
)

// structOf makes a struct of values in the order of its fields.
func structOf(s *connect.Schema, values ...connect.Value) connect.Datum {
	slots := make([]connect.Value, len(s.Fields()))
	copy(slots, values)
	return connect.Datum{Schema: s, Value: (&connect.Struct{Schema: s, Slots: slots}).Value()}
}

// order is a record of an order.
func order(offset, id int64, name string) connect.Record {
	return connect.Record{Topic: "orders", Offset: offset, Timestamp: connect.NoTimestamp,
		Key:   connect.Datum{Schema: connect.Int64Schema, Value: connect.Int64(id)},
		Value: structOf(orderSchema, connect.Int64(id), connect.String(name), connect.Int32(int32(offset)))}
}

// tombstone is a record that deletes an order.
func tombstone(offset, id int64) connect.Record {
	r := order(offset, id, "")
	r.Value = connect.Datum{}
	return r
}

// orders are n of them.
func orders(first, n int) []connect.Record {
	out := make([]connect.Record, n)
	for i := range out {
		out[i] = order(int64(first+i), int64(first+i), fmt.Sprint("order ", first+i))
	}
	return out
}

const orderTable = `CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT, n INTEGER)`
