// Package sqltest copies tables of a database by the source and the sink of
// package sql, as tests of the databases' packages.
package sqltest

import (
	"fmt"
	"log/slog"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/connector/database/databasetest"
	"kcgen.dev/runtime/connector/sql"
)

// Back is a table of every type, written by SQL, that goes through the source,
// a converter and the sink into two others: one that the sink makes, and one of
// the same types. Both are read by the source again.
type Back struct {
	Database database.Database
	Types    []databasetest.Type
	// Zone is what db.timezone is; "" is UTC.
	Zone string
	// Through are the converters on the way; one that is nil hands records over
	// as they are.
	Through map[string]connect.Converter
	// Made are the schemas, as databasetest has them, that a column has in the
	// table that the sink makes, where it is another than the first table's.
	Made map[string]string
	// Lost are columns that do not come back, and why.
	Lost []Loss
}

// Loss is a value that does not come back as it was.
type Loss struct {
	Through string // the converter; "" is each
	Table   string // Made or Same; "" is both
	SQL     string // the type
	Literal string // the value; "" is each
	Got     string // what comes instead; "" is an error, so that it is left out
	Why     string
}

// The tables that records come to.
const (
	Made = "made" // by the sink
	Same = "same" // by the statement of the first table
)

// Run copies the table by each converter.
func (b Back) Run(t *testing.T) {
	c := databasetest.Open(t, b.Database)
	used := make([]bool, len(b.Lost))
	for _, name := range slices.Sorted(maps.Keys(b.Through)) {
		for _, table := range []string{Made, Same} {
			t.Run(name+" "+table, func(t *testing.T) { b.copy(t, c, b.Through[name], name, table, used) })
		}
	}
	for i, l := range b.Lost {
		if !used[i] {
			t.Errorf("%s %s is not lost by %q in %q: take it from the list", l.SQL, l.Literal, l.Through, l.Table)
		}
	}
}

// copy copies by one converter into one table.
func (b Back) copy(t *testing.T, c database.Querier, converter connect.Converter, name, table string, used []bool) {
	d := b.Database.Dialect()
	types, losses := b.fitting(name, table, used)
	databasetest.Drop(t, c, d, database.Table{Name: "first"})
	databasetest.Drop(t, c, d, database.Table{Name: table})
	b.fill(t, c, types)
	if table == Same {
		databasetest.Exec(t, c, create(table, types))
	}
	first := b.read(t, "first")
	b.write(t, table, through(t, converter, first))
	again := b.read(t, table)
	if len(first) != len(again) {
		t.Fatalf("%d rows came back, not %d", len(again), len(first))
	}
	for row := range first {
		b.compare(t, types, losses, table, first[row].Value.Value.Struct(), again[row].Value.Value.Struct())
	}
}

// fitting are the types without those that are errors, and what is expected of
// those that become others.
func (b Back) fitting(name, table string, used []bool) ([]databasetest.Type, map[string]string) {
	var types []databasetest.Type
	losses := map[string]string{}
	for _, x := range b.Types {
		if x.Err != "" || x.Mapping != (database.Mapping{}) {
			continue // not read, or by other options
		}
		refused := false
		for i, l := range b.Lost {
			if l.of(x) && (l.Through == "" || l.Through == name) && (l.Table == "" || l.Table == table) {
				used[i], refused = true, l.Got == ""
				losses[x.SQL+" "+x.Literal] = l.Got
			}
		}
		if !refused {
			types = append(types, x)
		}
	}
	return types, losses
}

func (l Loss) of(x databasetest.Type) bool {
	return l.SQL == x.SQL && (l.Literal == "" || l.Literal == x.Literal)
}

func create(table string, types []databasetest.Type) string {
	var s strings.Builder
	fmt.Fprintf(&s, "CREATE TABLE %s (id INTEGER NOT NULL PRIMARY KEY", table)
	for i, x := range types {
		fmt.Fprintf(&s, ", c%d %s", i, x.SQL)
	}
	return s.String() + ")"
}

// fill makes the first table: a row of values, and one of nulls.
func (b Back) fill(t *testing.T, c database.Querier, types []databasetest.Type) {
	t.Helper()
	values, nulls := make([]string, len(types)), make([]string, len(types))
	for i, x := range types {
		values[i], nulls[i] = x.Literal, "NULL"
		if strings.Contains(x.SQL, "NOT NULL") {
			nulls[i] = x.Literal
		}
	}
	databasetest.Exec(t, c, create("first", types))
	databasetest.Exec(t, c, "INSERT INTO first VALUES (1, "+strings.Join(values, ", ")+"), (2, "+strings.Join(nulls, ", ")+")")
}

// read gives the rows of a table, as the source has them.
func (b Back) read(t *testing.T, table string) []connect.Record {
	t.Helper()
	s := sql.Source{Connection: b.Database, Mode: "incrementing", IncrementingColumnName: "id", TableIncludeList: []string{".*" + table}, DbTimezone: b.Zone,
		TopicPrefix: "t-", PollInterval: time.Millisecond, TablePollInterval: time.Hour, ValidateNonNull: true}
	tasks, err := s.Tasks(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	task := tasks[0]
	defer task.Close()
	if err := task.Open(t.Context(), connect.SourceContext{Name: "back", Offsets: noOffsets{}, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	var rows []connect.Record
	for deadline := time.Now().Add(time.Minute); len(rows) < 2; {
		var batch connect.Batch
		if err := task.Poll(t.Context(), &batch); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, batch.Records...)
		if time.Now().After(deadline) {
			t.Fatalf("%s: %d rows came", table, len(rows))
		}
	}
	return rows
}

// through writes records by a converter, and reads them.
func through(t *testing.T, converter connect.Converter, records []connect.Record) []connect.Record {
	t.Helper()
	if converter == nil {
		return records
	}
	codec, err := converter.Open(connect.RoleValue)
	if err != nil {
		t.Fatal(err)
	}
	var buf connect.Buffer
	out := make([]connect.Record, len(records))
	for i, r := range records {
		data, err := codec.Encode(&buf, r.Topic, r.Value)
		if err != nil {
			t.Fatal(err)
		}
		if r.Value, err = codec.Decode(r.Topic, data); err != nil {
			t.Fatal(err)
		}
		out[i] = r
	}
	return out
}

// write puts records by the sink.
func (b Back) write(t *testing.T, table string, records []connect.Record) {
	t.Helper()
	s := sql.Sink{Connection: b.Database, InsertMode: "insert", PkMode: "record_value", PkFields: []string{"id"}, AutoCreate: table == Made,
		TableNameFormat: table, BatchSize: 3000, DateTimezone: "DB_TIMEZONE", DbTimezone: b.Zone}
	task, err := s.Open(t.Context(), connect.SinkContext{Name: "back", Log: slog.New(slog.DiscardHandler), Results: refusals{t}})
	if err != nil {
		t.Fatal(err)
	}
	defer task.Close()
	if err := task.Put(t.Context(), records); err != nil {
		t.Fatal(err)
	}
}

// compare compares a row with what became of it.
func (b Back) compare(t *testing.T, types []databasetest.Type, losses map[string]string, table string, first, again *connect.Struct) {
	t.Helper()
	for i, x := range types {
		name := fmt.Sprint("c", i)
		was, is := first.Get(name), again.Get(name)
		want := shown(was, table)
		if got := losses[x.SQL+" "+x.Literal]; got != "" && !was.IsNull() {
			want = got
		}
		if got := shown(is, table); got != want {
			t.Errorf("%s %s: %s came back, not %s", x.SQL, x.Literal, got, want)
		}
		schema := databasetest.Describe(field(first, name))
		if s, ok := b.Made[schema]; ok && table == Made {
			schema = s
		}
		if got := databasetest.Describe(field(again, name)); got != schema {
			t.Errorf("%s: schema %s came back, not %s", x.SQL, got, schema)
		}
	}
}

// shown is a value as text. A table that the sink makes has decimals of another
// scale: what counts there is the number.
func shown(v connect.Value, table string) string {
	switch {
	case table == Made && v.Kind() == connect.KindDecimal:
		return number(v.Decimal()).RatString()
	case v.Kind() == connect.KindArray:
		var all []string
		for _, e := range v.Array().Elems {
			all = append(all, shown(e, table))
		}
		return "[" + strings.Join(all, " ") + "]"
	}
	return databasetest.Show(v)
}

func number(d *connect.Decimal) *big.Rat {
	r, ok := new(big.Rat).SetString(d.String())
	if !ok {
		return new(big.Rat)
	}
	return r
}

// field is a field's schema; nil where there is none.
func field(s *connect.Struct, name string) *connect.Schema {
	if i := s.Schema.FieldIndex(name); i >= 0 {
		return s.Schema.Fields()[i].Schema
	}
	return nil
}

// noOffsets are those of a source that begins.
type noOffsets struct{}

func (noOffsets) Offset(*connect.SourcePartition) connect.SourceOffset { return nil }

// refusals are errors of the test.
type refusals struct{ t *testing.T }

func (r refusals) Ticket(i int) connect.Ticket { return connect.Ticket(i + 1) }
func (r refusals) Refuse(k connect.Ticket, cause error) {
	r.t.Errorf("row %d: %v", k, cause)
}
