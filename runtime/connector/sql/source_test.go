package sql

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/servertest"
)

func TestBulk(t *testing.T) {
	f := newFile(t, `CREATE TABLE a (x INTEGER, y TEXT)`, `INSERT INTO a VALUES (1, 'one'), (2, NULL)`)
	l := begin(t, f.source(bulk, func(s *Source) { s.PollInterval = time.Hour }), memory{}).idle()
	same(t, l.take(), "t-a: x=1 y=one", "t-a: x=2 y=null")
	if len(l.mem) > 0 {
		t.Errorf("offsets %v", l.mem)
	}
	l.close()
	l = begin(t, f.source(bulk), memory{}).until(4)
	same(t, l.take(), "t-a: x=1 y=one", "t-a: x=2 y=null", "t-a: x=1 y=one", "t-a: x=2 y=null")
}

func TestIncrementing(t *testing.T) {
	t.Parallel()
	f := newFile(t, `CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, y TEXT)`, `INSERT INTO a VALUES (-5, 'neg'), (7, 'seven')`)
	for what, name := range map[string]string{"named": "id", "in other capitals": "ID", "found": ""} {
		t.Run(what, func(t *testing.T) {
			s := f.source(incrementing, func(s *Source) { s.IncrementingColumnName = name })
			mem := memory{}
			l := begin(t, s, mem).idle()
			same(t, l.take(), "t-a: id=-5 y=neg", "t-a: id=7 y=seven")
			if got := mem[`{"protocol":"1","table":"a"}`]; got != `{"incrementing":7}` || len(mem) != 1 {
				t.Errorf("offsets %v", mem)
			}
			f.exec(`INSERT INTO a VALUES (8, 'eight')`, `UPDATE a SET y = 'changed' WHERE id = 7`)
			same(t, l.idle().take(), "t-a: id=8 y=eight")
			l.close()
			f.exec(`INSERT INTO a VALUES (9, 'nine')`)
			same(t, begin(t, s, mem).idle().take(), "t-a: id=9 y=nine")
			f.exec(`DELETE FROM a WHERE id > 7`, `UPDATE a SET y = 'seven' WHERE id = 7`)
		})
	}
}

// Rows without a number are never read, neither at the beginning nor later.
func TestIncrementingNulls(t *testing.T) {
	f := newFile(t, `CREATE TABLE a (n INTEGER)`, `INSERT INTO a VALUES (NULL), (1), (NULL)`)
	s := f.source(incrementing, func(s *Source) { s.IncrementingColumnName, s.ValidateNonNull = "n", false })
	l := begin(t, s, memory{}).idle()
	same(t, l.take(), "t-a: n=1")
	f.exec(`INSERT INTO a VALUES (NULL), (2)`)
	same(t, l.idle().take(), "t-a: n=2")
}

const timed = `CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY, at TIMESTAMP NOT NULL)`

// byColumns names the columns of the table of timed.
func byColumns(s *Source) {
	if s.byNumber() {
		s.IncrementingColumnName = "id"
	}
	s.TimestampColumnName = []string{"at"}
}

func TestTimestamp(t *testing.T) {
	t.Parallel()
	f := newFile(t, timed, `INSERT INTO a VALUES (1, '2024-01-01 00:00:00.100'), (2, '2024-01-01 00:00:00.200')`)
	mem := memory{}
	l := begin(t, f.source(timestamp, byColumns), mem).idle()
	same(t, l.take(), "t-a: id=1 at=2024-01-01T00:00:00.1", "t-a: id=2 at=2024-01-01T00:00:00.2")
	if got := mem[`{"protocol":"1","table":"a"}`]; got != `{"timestamp":1704067200200,"timestamp_nanos":200000000}` {
		t.Errorf("offset %s", got)
	}
	f.exec(`UPDATE a SET at = '2024-01-01 00:00:01' WHERE id = 1`, `INSERT INTO a VALUES (3, '2999-01-01 00:00:00')`)
	same(t, l.idle().take(), "t-a: id=1 at=2024-01-01T00:00:01")
	l.close()
	same(t, begin(t, f.source(timestamp, byColumns), mem).idle().take())
}

func TestTimestampIncrementing(t *testing.T) {
	f := newFile(t, timed, `INSERT INTO a VALUES (1, '2024-01-01 00:00:00.000'), (2, '2024-01-01 00:00:00.000')`)
	mem := memory{}
	l := begin(t, f.source(timestampIncrementing, byColumns), mem).idle()
	same(t, l.take(), "t-a: id=1 at=2024-01-01T00:00:00", "t-a: id=2 at=2024-01-01T00:00:00")
	if got := mem[`{"protocol":"1","table":"a"}`]; got != `{"incrementing":2,"timestamp":1704067200000,"timestamp_nanos":0}` {
		t.Errorf("offset %s", got)
	}
	f.exec(`INSERT INTO a VALUES (3, '2024-01-01 00:00:00.000'), (4, '2023-01-01 00:00:00.000')`, `UPDATE a SET at = '2024-01-01 00:00:00.001' WHERE id = 1`)
	same(t, l.idle().take(), "t-a: id=3 at=2024-01-01T00:00:00", "t-a: id=1 at=2024-01-01T00:00:00.001")
}

// Rows of one time are never cut by an offset: whatever was committed, a start
// from there gives all of the rows that did not come before.
func TestRunsOfOneTime(t *testing.T) {
	t.Parallel()
	for _, exactly := range []bool{false, true} {
		t.Run(fmt.Sprintf("exactly %v", exactly), func(t *testing.T) {
			f := newFile(t, timed)
			for i := range 30 {
				f.exec(fmt.Sprintf(`INSERT INTO a VALUES (%d, '2024-01-01 00:00:0%d')`, i, i/10))
			}
			s := f.source(timestamp, byColumns, func(s *Source) { s.BatchMaxRows = 4 })
			mem, seen := memory{}, map[string]int{}
			for life := 0; len(seen) < 30; life++ {
				if life > 40 {
					t.Fatalf("no end: %d rows", len(seen))
				}
				l, err := tryBegin(t, s, mem, exactly)
				if err != nil {
					t.Fatal(err)
				}
				for range 1 + life%5 { // … and then it is killed
					if _, err := l.poll(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				for _, r := range l.got {
					if seen[r]++; exactly && seen[r] > 1 {
						t.Fatalf("%s came twice", r)
					}
				}
				l.close()
			}
		})
	}
}

func TestTimestampInitial(t *testing.T) {
	t.Parallel()
	f := newFile(t, timed, `INSERT INTO a VALUES (1, '2024-01-01 00:00:00'), (2, '2024-01-02 00:00:00'), (3, '2024-01-03 00:00:00')`)
	at := time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC).UnixMilli()
	from := func(ms int64) func(*Source) { return func(s *Source) { s.TimestampInitial = int(ms) } }
	same(t, begin(t, f.source(timestamp, byColumns, from(at)), memory{}).idle().take(), "t-a: id=3 at=2024-01-03T00:00:00")
	same(t, begin(t, f.source(timestampIncrementing, byColumns, from(at)), memory{}).idle().take(),
		"t-a: id=2 at=2024-01-02T00:00:00", "t-a: id=3 at=2024-01-03T00:00:00")

	// Now is when the table was looked at first, not when it is started again.
	mem := memory{}
	l := begin(t, f.source(timestamp, byColumns, from(-1)), mem).idle()
	same(t, l.take())
	l.close()
	f.exec(`INSERT INTO a VALUES (4, strftime('%Y-%m-%d %H:%M:%f', 'now', '+0.002 seconds'))`)
	l = begin(t, f.source(timestamp, byColumns, from(-1)), mem).until(1)
	if got := l.take(); !strings.HasPrefix(got, "t-a: id=4 ") {
		t.Errorf("got %s", got)
	}
}

func TestTimestampDelay(t *testing.T) {
	f := newFile(t, timed, `INSERT INTO a VALUES (1, strftime('%Y-%m-%d %H:%M:%f', 'now', '-1 hour')), (2, strftime('%Y-%m-%d %H:%M:%f', 'now', '-1 minute'))`)
	l := begin(t, f.source(timestamp, byColumns, func(s *Source) { s.TimestampDelayInterval = 10 * time.Minute }), memory{}).idle()
	if got := l.take(); !strings.HasPrefix(got, "t-a: id=1 ") || strings.Contains(got, "id=2") {
		t.Errorf("got %s", got)
	}
}

func TestCoalesce(t *testing.T) {
	t.Parallel()
	f := newFile(t, `CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY, changed TIMESTAMP, made TIMESTAMP NOT NULL)`,
		`INSERT INTO a VALUES (1, NULL, '2024-01-02 00:00:00'), (2, '2024-01-03 00:00:00', '2024-01-01 00:00:00'), (3, NULL, '2024-01-01 12:00:00')`)
	for _, mode := range []string{timestamp, timestampIncrementing} {
		mem := memory{}
		l := begin(t, f.source(mode, byColumns, func(s *Source) { s.TimestampColumnName = []string{"changed", "made"} }), mem).idle()
		same(t, l.take(), "t-a: id=3 changed=null made=2024-01-01T12:00:00", "t-a: id=1 changed=null made=2024-01-02T00:00:00",
			"t-a: id=2 changed=2024-01-03T00:00:00 made=2024-01-01T00:00:00")
		if got := mem[`{"protocol":"1","table":"a"}`]; !strings.Contains(got, `"timestamp":1704240000000`) {
			t.Errorf("%s: offset %s", mode, got)
		}
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	f := newFile(t, `CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY, n INTEGER, at TIMESTAMP NOT NULL)`,
		`INSERT INTO a VALUES (1, 10, '2024-01-01 00:00:00'), (2, 20, '2024-01-02 00:00:00'), (3, 30, '2024-01-03 00:00:00')`)
	for _, mode := range []string{bulk, incrementing, timestamp, timestampIncrementing} {
		t.Run(mode, func(t *testing.T) {
			mem := memory{}
			l := begin(t, f.source(mode, func(s *Source) {
				s.Query, s.TopicPrefix = "SELECT id AS number, at FROM a WHERE n > 10 -- not the first\n;", "topic"
				s.PollInterval = 100 * time.Millisecond
				if s.byNumber() {
					s.IncrementingColumnName = "number"
				}
				if s.byTime() {
					s.TimestampColumnName = []string{"at"}
				}
			}), mem).until(2)
			same(t, l.take(), "topic: number=2 at=2024-01-02T00:00:00", "topic: number=3 at=2024-01-03T00:00:00")
			want := map[string]string{incrementing: `{"incrementing":3}`, timestamp: `{"timestamp":1704240000000,"timestamp_nanos":0}`,
				timestampIncrementing: `{"incrementing":3,"timestamp":1704240000000,"timestamp_nanos":0}`}[mode]
			if mem[`{"query":"query"}`] != want {
				t.Errorf("offsets %v", mem)
			}
		})
	}
}

func TestQuerySuffix(t *testing.T) {
	f := newFile(t, timed, `INSERT INTO a VALUES (1, '2024-01-01'), (2, '2024-01-01'), (3, '2024-01-01')`)
	for _, mode := range []string{incrementing, timestampIncrementing} {
		l := begin(t, f.source(mode, byColumns, func(s *Source) { s.QuerySuffix = "LIMIT 2" }), memory{}).until(3)
		if got := strings.Count(l.take(), "t-a: id="); got != 3 {
			t.Errorf("%d rows", got)
		}
	}
	for _, query := range []string{"", "SELECT * FROM a -- all"} {
		l := begin(t, f.source(bulk, func(s *Source) { s.Query, s.QuerySuffix, s.PollInterval = query, "LIMIT 2", time.Hour }), memory{}).idle()
		if got := strings.Count(l.take(), ": id="); got != 2 {
			t.Errorf("%q: %d rows", query, got)
		}
	}
}

// timestampGranularity makes other values of times; where reading stands is the
// same.
func TestGranularity(t *testing.T) {
	t.Parallel()
	f := newFile(t, timed, `INSERT INTO a VALUES (1, '2024-01-01 00:00:00.123456'), (2, '2024-07-01 00:00:00.5')`)
	for granularity, want := range map[string]string{
		"connect_logical": "2024-01-01T00:00:00.123456", "micros_long": "1704067200123456", "micros_string": "1704067200123456",
		"nanos_long": "1704067200123456000", "nanos_string": "1704067200123456000",
		"micros_iso_datetime_string": "2024-01-01T00:00:00.123456", "nanos_iso_datetime_string": "2024-01-01T00:00:00.123456000",
	} {
		for _, zone := range []string{"UTC", "Europe/Berlin"} {
			t.Run(granularity+" "+zone, func(t *testing.T) {
				mem := memory{}
				l := begin(t, f.source(timestampIncrementing, byColumns, func(s *Source) {
					s.TimestampGranularity, s.DbTimezone, s.BatchMaxRows = granularity, zone, 1
				}), mem)
				if got := l.until(1).take(); zone == "UTC" && got != "t-a: id=1 at="+want {
					t.Errorf("got %s", got)
				}
				offset := `{"incrementing":1,"timestamp":1704067200123,"timestamp_nanos":123456000}`
				if zone != "UTC" {
					offset = strings.Replace(offset, "1704067200123,", "1704063600123,", 1)
				}
				if got := mem[`{"protocol":"1","table":"a"}`]; got != offset {
					t.Errorf("offset %s, not %s", got, offset)
				}
				l.close()
				if l = begin(t, f.source(timestampIncrementing, byColumns, func(s *Source) {
					s.TimestampGranularity, s.DbTimezone = granularity, zone
				}), mem).until(1); !strings.HasPrefix(l.got[0], "t-a: id=2 ") {
					t.Errorf("it went on with another row: %q", l.got)
				}
			})
		}
	}
}

// Offsets of a Connect cluster, of each of its forms, are gone on with. The forms
// are those of the JDBC connector's source (github.com/confluentinc/kafka-connect-jdbc,
// 10.10.0 at 388d41d, package io.confluent.connect.jdbc.source): the partitions
// of OffsetProtocols.sourcePartitionForProtocolV1 and …V0 with the names of
// JdbcSourceConnectorConstants, the offsets of TimestampIncrementingOffset.toMap,
// and without timestamp_nanos, as its fromMap takes those of older versions.
func TestTakeover(t *testing.T) {
	f := newFile(t, timed, `INSERT INTO a VALUES (1, '2024-01-01 00:00:00'), (2, '2024-01-01 00:00:00'), (3, '2024-01-03 00:00:00')`)
	for _, c := range []struct{ mode, key, offset, want string }{
		{incrementing, `{"protocol":"1","table":"a"}`, `{"incrementing":2}`, "t-a: id=3 at=2024-01-03T00:00:00"},
		{incrementing, `{"table":"a"}`, `{"incrementing":2}`, "t-a: id=3 at=2024-01-03T00:00:00"},
		{timestamp, `{"table":"a"}`, `{"timestamp":1704067200000}`, "t-a: id=3 at=2024-01-03T00:00:00"},
		{timestampIncrementing, `{"protocol":"1","table":"a"}`, `{"incrementing":1,"timestamp":1704067200000,"timestamp_nanos":0}`,
			"t-a: id=2 at=2024-01-01T00:00:00\nt-a: id=3 at=2024-01-03T00:00:00"},
	} {
		mem := memory{c.key: c.offset}
		same(t, begin(t, f.source(c.mode, byColumns), mem).idle().take(), c.want)
		if mem[`{"protocol":"1","table":"a"}`] == c.offset {
			t.Errorf("%s: it was not written on: %v", c.key, mem)
		}
	}
	if _, err := tryBegin(t, f.source(incrementing, byColumns), memory{`{"table":"a"}`: `{"incrementing":"x"}`}, false); err == nil {
		t.Error("a damaged offset is no error")
	}
}

// The topics are named before there are rows, for who grants rights.
func TestWrites(t *testing.T) {
	f := newFile(t)
	for want, edit := range map[string]func(*Source){
		"[{t- true}]":               func(*Source) {},
		"[{t-a false} {t-b false}]": func(s *Source) { s.TableWhitelist = []string{"a", "main.b", `"a"`} },
		"[{t- false}]":              func(s *Source) { s.Query = "SELECT 1" },
	} {
		if topics, all := f.source(bulk, edit).Writes(); fmt.Sprint(topics) != want || !all {
			t.Errorf("%v %v, not %s", topics, all, want)
		}
	}
}

// The value is a struct named after the table; a column may be null as the table
// says.
func TestSchema(t *testing.T) {
	f := newFile(t, `CREATE TABLE "a b" (id INTEGER NOT NULL PRIMARY KEY, "q""uote" TEXT, "Ümläut" DOUBLE NOT NULL)`, `INSERT INTO "a b" VALUES (1, NULL, 1.5)`)
	tasks, err := f.source(incrementing).Tasks(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	l := begin(t, f.source(incrementing, func(s *Source) { s.IncrementingColumnName = "id" }), memory{})
	_ = tasks[0].Close()
	var b connect.Batch
	for deadline := time.Now().Add(servertest.Patience); len(b.Records) == 0 && time.Now().Before(deadline); {
		if err := l.task.Poll(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.Records) != 1 {
		t.Fatalf("%d records", len(b.Records))
	}
	if got := b.Records[0].Value.Schema.String(); got != `a b struct{id:int64 q"uote:string? Ümläut:float64}` {
		t.Errorf("schema %s", got)
	}
	if b.Records[0].Topic != "t-a b" {
		t.Errorf("topic %s", b.Records[0].Topic)
	}
}

// due is a context that is over by its deadline, and does not say so yet, as
// its own timer may be late.
type due struct{ context.Context }

func (due) Deadline() (time.Time, bool) { return time.Now(), true }

// TestPollOver has a connection fail because the context is over, before the
// context knows.
func TestPollOver(t *testing.T) {
	t.Parallel()
	f := newFile(t, `CREATE TABLE a (x INTEGER)`)
	l := begin(t, f.source(bulk), memory{})
	_ = l.task.(*sourceTask).db.Close()
	if _, err := l.poll(due{t.Context()}); err != nil {
		t.Error(err)
	}
	if _, err := l.poll(t.Context()); err == nil {
		t.Error("an error went missing")
	}
}
