package sql

import (
	"flag"
	"fmt"
	"runtime"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/servertest"
)

var manyRows = flag.Int("rows", 200_000, "the rows of the large table of TestLargeTable")

// A large table comes in constant memory; -rows 10000000 and -v for the figures
// beside those of the driver alone.
func TestLargeTable(t *testing.T) {
	f, d := onPostgres(t, servertest.SharedPostgres(t))
	f.exec(`CREATE TABLE a (id bigserial PRIMARY KEY, at timestamptz NOT NULL, name text NOT NULL, n integer)`,
		fmt.Sprintf(`INSERT INTO a SELECT i, '2024-01-01'::timestamptz + i * interval '1 ms', 'row number ' || i, i %% 100 FROM generate_series(1, %d) i`, *manyRows),
		`CREATE INDEX ON a (at, id)`, `ANALYZE a`)
	for _, mode := range []string{bulk, incrementing, timestamp, timestampIncrementing} {
		begun := time.Now()
		l := begin(t, f.source(mode, byColumns, func(s *Source) { s.Connection, s.PollInterval = d, time.Hour }), memory{})
		var b connect.Batch
		var most uint64
		n := 0
		for polls := 0; n < *manyRows; polls++ {
			b.Reset()
			if err := l.task.Poll(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
			n += len(b.Records)
			if polls%100 == 0 {
				most = max(most, heap())
			}
		}
		took := time.Since(begun)
		l.close()
		t.Logf("%s: %d rows in %v, %.0f rows/s, %d MiB at the most", mode, n, took.Round(time.Millisecond), float64(n)/took.Seconds(), most>>20)
		if n != *manyRows || most > 64<<20 {
			t.Errorf("%s: %d rows, %d bytes at the most", mode, n, most)
		}
	}
	begun := time.Now()
	n := bare(t, f)
	t.Logf("bare driver: %d rows in %v, %.0f rows/s", n, time.Since(begun).Round(time.Millisecond), float64(n)/time.Since(begun).Seconds())
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// bare reads the table with nothing but the driver.
func bare(t *testing.T, f *file) (n int) {
	rows, err := f.db.Query(`SELECT * FROM a ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var id int64
	var at time.Time
	var name string
	var k int32
	for rows.Next() {
		if err := rows.Scan(&id, &at, &name, &k); err != nil {
			t.Fatal(err)
		}
		n++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}
