package postgres_test

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/servertest"
)

// parallelTables has tables of all sizes, also empty ones and one without a key.
func (d *captured) parallelTables() (rows int) {
	d.exec("CREATE TABLE keyless (id int)")
	for i, n := range []int{0, 700, 1, 300, 0, 1200, 10, 50} {
		d.exec(fmt.Sprintf("CREATE TABLE t%d (id int PRIMARY KEY); INSERT INTO t%[1]d SELECT %d + i FROM generate_series(1, %d) i", i, 10000*(i+1), n))
		rows += n
	}
	d.exec("INSERT INTO keyless SELECT generate_series(1, 40)")
	return rows + 40
}

// marksOf counts how often each mark of a snapshot is told.
func (l *life) marksOf() map[string]int {
	count := map[string]int{}
	for _, r := range l.records {
		if _, after, ok := bytes.Cut(r.Value, []byte(`"snapshot":"`)); ok {
			mark, _, _ := bytes.Cut(after, []byte(`"`))
			count[string(mark)]++
		}
	}
	return count
}

// TestCaptureParallel reads tables at once: each row comes once, and the last
// record of all says that it is.
func TestCaptureParallel(t *testing.T) {
	d := adminDatabase(t)
	rows := d.parallelTables()
	s := d.source()
	s.SnapshotMaxThreads, s.SnapshotChunkSize, s.MaxBatchSize = 4, 50, 20
	l := d.capture(s)
	l.until(func() bool { return l.offset["snapshot_completed"] == true || l.offset["lsn_commit"] != nil })
	ids := l.ids()
	slices.Sort(ids)
	if len(ids) != rows || len(slices.Compact(ids)) != rows {
		t.Errorf("%d rows were told of %d", len(ids), rows)
	}
	if last := l.records[rows-1]; !bytes.Contains(last.Value, []byte(`"snapshot":"last"`)) {
		t.Errorf("the last record is %s", last.Value)
	}
	marks := l.marksOf()
	if marks["last"] != 1 || marks["last"]+marks["last_in_data_collection"] != 7 {
		t.Errorf("the marks are %v", marks)
	}
	l.untilMark(d)
}

// TestCaptureParallelGoesOn breaks it off again and again: rows that were had come
// no more, but for those on their way.
func TestCaptureParallelGoesOn(t *testing.T) {
	d := adminDatabase(t)
	rows := d.parallelTables()
	s := d.source()
	s.SnapshotMaxThreads, s.SnapshotChunkSize, s.MaxBatchSize = 3, 20, 10
	var offset connect.SourceOffset
	seen, total, changed := map[string]bool{}, 0, 0
	for round := 0; offset["lsn_commit"] == nil; round++ {
		if round > 50 {
			t.Fatal("it begins anew each time")
		}
		l := d.resume(s, offset)
		if round == 2 {
			d.exec("INSERT INTO t1 VALUES (1000000); DELETE FROM t5 WHERE id = " + strconv.Itoa(60000+1200))
			changed = 2
		}
		l.until(func() bool { return len(l.records) >= 200 || l.offset["lsn_commit"] != nil })
		_ = l.task.Close()
		offset, total = l.offset, total+len(l.records)
		for _, id := range l.ids() {
			seen[id] = true
		}
		if ahead, ok := offset["kcgen_snapshot_tables"].(string); ok && !strings.Contains(ahead, `\"public\".\"t`) {
			t.Errorf("the offset has %s", ahead)
		}
	}
	if len(seen) < rows {
		t.Errorf("%d rows were told of %d", len(seen), rows)
	}
	if changed == 0 || total > rows*3/2 {
		t.Errorf("%d records of %d rows: too many come twice", total, rows)
	}
}

// TestCaptureParallelRestarts kills the server while tables are read at once.
func TestCaptureParallelRestarts(t *testing.T) {
	p := servertest.NewPostgres(t)
	d := databaseOn(t, p)
	rows := d.parallelTables()
	s := d.source()
	s.SnapshotMaxThreads, s.SnapshotChunkSize, s.MaxBatchSize = 3, 20, 10
	l := d.capture(s)
	for _, at := range []int{300, 900, 1500} {
		l.patient(func() bool { return len(l.records) >= at })
		if err := p.Restart(); err != nil {
			t.Fatal(err)
		}
	}
	d.exec("INSERT INTO t1 VALUES (1000000)")
	l.patient(func() bool { return l.has("1000000")() && l.offset["lsn_commit"] != nil }) // the snapshot may have the row too
	ids := l.ids()
	slices.Sort(ids)
	if got := len(slices.Compact(ids)); got != rows+1 {
		t.Errorf("%d rows were told of %d", got, rows+1)
	}
	if len(ids) > rows*3/2 {
		t.Errorf("%d records of %d rows: too many come twice", len(ids), rows)
	}
}
