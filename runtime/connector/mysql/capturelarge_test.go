package mysql_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/servertest"
)

// manyRows are those of one transaction, and heapMost what may be held of them: the
// events that are read ahead, and a batch or two.
const (
	manyRows = 1_000_000
	heapMost = 32 << 20
)

// insertMany inserts that many rows by one statement.
const insertMany = `INSERT INTO t SELECT a.n * 1000 + b.n, REPEAT('x', 20) FROM
	(WITH RECURSIVE a AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM a WHERE n < 999) SELECT n FROM a) AS a,
	(WITH RECURSIVE b AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM b WHERE n < 999) SELECT n FROM b) AS b`

// TestCaptureLarge reads a transaction of very many rows in bounded memory, also where
// the server has compressed it.
func TestCaptureLarge(t *testing.T) {
	eachServer(t, func(t *testing.T, s *servertest.MySQL) {
		db := s.Database(t).Name
		s.Exec(t, db, "CREATE TABLE t (id int PRIMARY KEY, v varchar(20))")
		c := newCapturing(t, captureOf(t, s, db))
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		c.until(c.snapshotDone)
		compress := ""
		if strings.HasSuffix(t.Name(), "/mysql") {
			compress = "SET SESSION binlog_transaction_compression = ON;"
		}
		s.Exec(t, db, compress+insertMany)
		if most := c.heapWhile(manyRows); most > heapMost {
			t.Errorf("%d MiB are held: a transaction is to stream through", most>>20)
		}
		s.Exec(t, db, "DROP TABLE t") // it needs no room while other tests run
	})
}

// heapWhile takes so many records, and says how much memory was held at the most.
func (c *capturing) heapWhile(records int) (most uint64) {
	c.t.Helper()
	var b connect.Batch
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	deadline := time.Now().Add(servertest.Patience)
	for n, polls := 0, 0; n < records; polls++ {
		b.Reset()
		if err := c.task.Poll(c.t.Context(), &b); err != nil {
			c.t.Fatal(err)
		}
		if n += len(b.Records); polls%100 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc-min(before.HeapAlloc, now.HeapAlloc))
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("after %d records nothing comes", n)
		}
	}
	c.t.Logf("%.1f MiB at the most", float64(most)/(1<<20))
	return most
}
