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

var manyRows = flag.Int("rows", 200_000, "the rows of the large tables")

// pace is what was done beside what the driver does alone.
type pace struct{ bare float64 } // rows a second

// tell logs a run, and how it compares with the driver's.
func (p *pace) tell(t *testing.T, what string, rows int, took time.Duration, most uint64) {
	t.Helper()
	rate := float64(rows) / took.Seconds()
	if p.bare == 0 {
		p.bare = rate
	}
	t.Logf("%-24s %d rows in %v, %.0f rows/s, %.2f of the bare driver, %d MiB at the most", what, rows, took.Round(time.Millisecond), rate, rate/p.bare, most>>20)
	if most > 64<<20 {
		t.Errorf("%s: %d bytes at the most", what, most)
	}
}

// A large table comes in constant memory. "make bench-sql" is ten million rows,
// with the figures beside those of the driver alone.
func TestLargeTable(t *testing.T) {
	f, d := onPostgres(t, servertest.SharedPostgres(t))
	f.exec(`CREATE TABLE a (id bigserial PRIMARY KEY, at timestamptz NOT NULL, name text NOT NULL, n integer)`,
		fmt.Sprintf(`INSERT INTO a SELECT i, '2024-01-01'::timestamptz + i * interval '1 ms', 'row number ' || i, i %% 100 FROM generate_series(1, %d) i`, *manyRows),
		`CREATE INDEX ON a (at, id)`, `VACUUM ANALYZE a`)
	var p pace
	bare(t, f) // the first to read writes, too
	begun := time.Now()
	p.tell(t, "the bare driver", bare(t, f), time.Since(begun), 0)
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
		p.tell(t, mode, n, took, most)
		if n != *manyRows {
			t.Errorf("%s: %d rows", mode, n)
		}
	}
}

// As many rows are written in constant memory.
func TestLargeSink(t *testing.T) {
	for _, server := range []struct {
		name string
		open func(testing.TB) *shop
	}{{"PostgreSQL", postgresShop}, {"MariaDB", mariaShop}} {
		t.Run(server.name, func(t *testing.T) {
			var p pace
			writeMany(t, &p, "the bare driver", bareWriter(server.open(t)))
			writeMany(t, &p, "insert", sinkWriter(server.open(t), Sink{}))
			writeMany(t, &p, "insert, exactly once", sinkWriter(server.open(t), Sink{ExactlyOnce: true}))
			writeMany(t, &p, "upsert of the same rows", sinkWriter(server.open(t), Sink{InsertMode: "upsert", PkMode: "record_key", PkFields: []string{"id"}}))
		})
	}
}

func writeMany(t *testing.T, p *pace, what string, put func()) {
	t.Helper()
	begun := time.Now()
	var most uint64
	n := 0
	for ; n < *manyRows; n += benchRows {
		put()
		if n/benchRows%100 == 0 {
			most = max(most, heap())
		}
	}
	p.tell(t, what, n, time.Since(begun), most)
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
