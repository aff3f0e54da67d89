package postgres_test

import (
	"fmt"
	"strings"
	"testing"

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
// must be what came behind it, no more and no less.
func TestRestart(t *testing.T) {
	for _, transactions := range []bool{false, true} {
		t.Run(fmt.Sprint("transactions ", transactions), func(t *testing.T) { testRestart(t, transactions) })
	}
}

func testRestart(t *testing.T, transactions bool) {
	d := adminDatabase(t)
	d.exec("CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE u (id int PRIMARY KEY)")
	s := d.source()
	s.SkippedOperations, s.MaxBatchSize, s.ProvideTransactionMetadata = []string{"none"}, 3, transactions
	first := d.capture(s)
	first.hold = true
	first.untilStreaming(d)
	d.exec(workload)
	d.exec("SELECT pg_logical_emit_message(false, 'end', '')")
	ended := func(l *life) func() bool {
		return func() bool {
			n := len(l.records)
			return n > 0 && strings.Contains(string(l.records[n-1].Key), `"end"`)
		}
	}
	first.until(ended(first))
	_ = first.task.Close()
	want := shown(first.records)
	t.Logf("%d records, %d offsets", len(want), len(first.marks))
	step := max(1, len(first.marks)/60)
	for i := 0; i < len(first.marks)-1; i += step {
		m := first.marks[i]
		l := d.resume(s, m.offset)
		l.hold = true
		l.until(ended(l))
		_ = l.task.Close()
		got := shown(l.records)
		if g, w := strings.Join(got, "\n"), strings.Join(want[m.records:], "\n"); g != w {
			t.Fatalf("from %v, behind record %d:\ngot:\n%s\nwant:\n%s", m.offset, m.records, head(g), head(w))
		}
	}
}

func head(s string) string { return s[:min(len(s), 2000)] }

// shown is a line a record, without what differs from run to run.
func shown(all []cdc.Record) (lines []string) {
	r := &cdc.Recording{}
	for _, one := range all {
		if !strings.Contains(one.Topic, "heartbeat") {
			r.Records = append(r.Records, one)
		}
	}
	for i := range r.Records {
		v := string(r.Records[i].Value)
		if _, payload, ok := strings.Cut(v, `,"payload":`); ok {
			v = payload
		}
		v = clock.ReplaceAllString(v, `"$1":0`)
		lines = append(lines, r.Records[i].Topic+" "+v)
	}
	return lines
}
