package postgres_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/servertest/cdc"
)

// workload has all that makes it hard to find a place in the log again: many
// changes of one place (COPY), transactions that interleave, parts that are rolled
// back, messages within transactions and outside of them, and large transactions.
const workload = `
INSERT INTO t SELECT i, 'one' FROM generate_series(1, 7) i;
BEGIN; INSERT INTO t SELECT i, 'many' FROM generate_series(100, 400) i; UPDATE t SET v = 'updated' WHERE id BETWEEN 100 AND 130; DELETE FROM t WHERE id BETWEEN 110 AND 120; COMMIT;
COPY t FROM stdin;
1000	a
1001	b
1002	c
1003	d
1004	e
1005	f
1006	g
\.
SELECT pg_logical_emit_message(false, 'alone', 'x');
BEGIN; SELECT pg_logical_emit_message(true, 'within', 'x'); INSERT INTO t VALUES (2000, 'x'); SELECT pg_logical_emit_message(true, 'within', 'y'); INSERT INTO t VALUES (2001, 'y'); COMMIT;
BEGIN; INSERT INTO t VALUES (3000, 'stays'); SAVEPOINT s; INSERT INTO t SELECT i, 'gone' FROM generate_series(3001, 3010) i; ROLLBACK TO s; INSERT INTO t VALUES (3011, 'stays'); COMMIT;
BEGIN; INSERT INTO t VALUES (4000, 'x'); SELECT pg_logical_emit_message(false, 'between', 'x'); INSERT INTO t VALUES (4001, 'y'); COMMIT;
TRUNCATE t, u;
BEGIN; INSERT INTO u SELECT i FROM generate_series(1, 20) i; TRUNCATE u, t; INSERT INTO u VALUES (50); COMMIT;
UPDATE u SET id = 51;
`

// TestRestart goes on from each offset that a capture has given, and what comes
// must be what came behind it, no more and no less. With heartbeats there are
// offsets also where nothing is to be told.
func TestRestart(t *testing.T) {
	for _, transactions := range []bool{false, true} {
		for _, heartbeat := range []time.Duration{0, time.Millisecond} {
			t.Run(fmt.Sprintf("transactions %t heartbeat %s", transactions, heartbeat), func(t *testing.T) { testRestart(t, transactions, heartbeat) })
		}
	}
}

func testRestart(t *testing.T, transactions bool, heartbeat time.Duration) {
	d := adminDatabase(t)
	d.exec("CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE u (id int PRIMARY KEY)")
	s := d.source()
	s.SkippedOperations, s.MaxBatchSize, s.ProvideTransactionMetadata, s.HeartbeatInterval = []string{"none"}, 3, transactions, heartbeat
	first := d.capture(s)
	first.hold = true
	first.untilStreaming(d)
	d.while("INSERT INTO u SELECT 1000 + i FROM generate_series(1, 9) i", func() {
		d.exec("INSERT INTO u VALUES (2000)")
		first.until(func() bool { return len(first.told()) > 0 })
		d.exec("CHECKPOINT") // the log goes on, with nothing for us
		end, err := strconv.ParseInt(d.exec("SELECT pg_current_wal_lsn() - '0/0'"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		first.until(func() bool { return heartbeat == 0 || first.offset["lsn"].(int64) >= end })
	})
	d.exec(workload)
	d.exec("SELECT pg_logical_emit_message(false, 'end', '')")
	ended := func(l *life) func() bool {
		return func() bool {
			all := l.told()
			return len(all) > 0 && strings.Contains(string(all[len(all)-1].Key), `"end"`)
		}
	}
	first.until(ended(first))
	_ = first.task.Close()
	want := shown(first.told())
	t.Logf("%d records, %d offsets", len(want), len(first.marks))
	step := max(1, len(first.marks)/60)
	for i := 0; i < len(first.marks)-1; i += step {
		m := first.marks[i]
		l := d.resume(s, m.offset)
		l.hold = true
		l.until(ended(l))
		_ = l.task.Close()
		got := shown(l.told())
		if g, w := strings.Join(got, "\n"), strings.Join(want[behind(first, m):], "\n"); g != w {
			t.Fatalf("from %v, behind record %d:\ngot:\n%s\nwant:\n%s", m.offset, behind(first, m), head(g), head(w))
		}
	}
}

// while runs a statement in a transaction that stays open while f runs.
func (d *captured) while(sql string, f func()) {
	d.Helper()
	db, err := d.Open()
	if err != nil {
		d.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err == nil {
		_, err = tx.Exec(sql)
	}
	if err != nil {
		d.Fatal(err)
	}
	f()
	if err := tx.Commit(); err != nil {
		d.Fatal(err)
	}
}

// told are the records but for heartbeats.
func (l *life) told() []cdc.Record { return withoutHeartbeats(l.records) }

func withoutHeartbeats(all []cdc.Record) []cdc.Record {
	return slices.DeleteFunc(slices.Clone(all), func(r cdc.Record) bool { return strings.Contains(r.Topic, "heartbeat") })
}

// behind is how many records but heartbeats come before an offset.
func behind(l *life, m mark) int { return len(withoutHeartbeats(l.records[:m.records])) }

func head(s string) string { return s[:min(len(s), 2000)] }

// tablesOfEnd are those of a transaction's end, whose order an offset within the
// transaction does not keep.
var tablesOfEnd = regexp.MustCompile(`\{"data_collection":[^]]*\]`)

func inOrder(tables string) string {
	all := strings.SplitAfter(strings.TrimSuffix(tables, "]")+",", "},")
	slices.Sort(all)
	return strings.Join(all, "")
}

// shown is a line a record, without what differs from run to run.
func shown(all []cdc.Record) (lines []string) {
	for i := range all {
		v := string(all[i].Value)
		if _, payload, ok := strings.Cut(v, `,"payload":`); ok {
			v = payload
		}
		v = clock.ReplaceAllString(v, `"$1":0`)
		v = tablesOfEnd.ReplaceAllStringFunc(v, inOrder)
		lines = append(lines, all[i].Topic+" "+v)
	}
	return lines
}
