package sql

import (
	dbsql "database/sql"
	"fmt"
	"math"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/servertest"
)

type largeRead struct{ mode, query, bare string }

// largeReads are the modes, each with what the bare driver is asked: the same rows
// in the same order.
var largeReads = []largeRead{
	{bulk, "", "SELECT * FROM a"},
	{incrementing, "", "SELECT * FROM a ORDER BY id"},
	{timestamp, "", "SELECT * FROM a ORDER BY at"},
	{timestampIncrementing, "", "SELECT * FROM a ORDER BY at, id"},
	{bulk, "SELECT * FROM a WHERE n >= 0", "SELECT * FROM a WHERE n >= 0"},
	{timestampIncrementing, "SELECT * FROM a WHERE n >= 0", "SELECT * FROM (SELECT * FROM a WHERE n >= 0) AS q ORDER BY at, id"},
}

// A large table, or query, comes in constant memory. "make bench-sql" is ten
// million rows, with the figures beside those of the driver alone, which reads the
// same in turn with each.
func TestLargeSource(t *testing.T) {
	for _, server := range []struct {
		name  string
		large func(*testing.T) (*file, database.Database)
	}{{"PostgreSQL", largePostgres}, {"MariaDB", largeMariaDB}, {"SQLite", largeSQLite}} {
		t.Run(server.name, func(t *testing.T) {
			f, d := server.large(t)
			bare(t, f, largeReads[0].bare) // the first to read may write, too
			for _, c := range largeReads {
				c.beside(t, f, d)
			}
		})
	}
}

// beside reads with the bare driver and with a task, in turn; where the ratio
// counts twice, and the better time of each counts.
func (c largeRead) beside(t *testing.T, f *file, d database.Database) {
	t.Helper()
	what, alone, took := c.mode, time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	if c.query != "" {
		what += ", a query"
	}
	var grown int64
	for round := 0; round == 0 || round < 2 && *leastRatio > 0; round++ {
		begun := time.Now()
		if n := bare(t, f, c.bare); n != *manyRows {
			t.Fatalf("the bare driver reads %d rows", n)
		}
		alone = min(alone, time.Since(begun))
		l := begin(t, f.source(c.mode, byColumns, func(s *Source) { s.Connection, s.Query, s.PollInterval = d, c.query, time.Hour }), memory{})
		begun = time.Now()
		grown = max(grown, l.readMany(*manyRows, nil))
		took = min(took, time.Since(begun))
		l.close()
	}
	ratio := alone.Seconds() / took.Seconds()
	t.Logf("%-34s %d rows in %v, %.0f rows/s, %.2f of the bare driver, %d KiB more at the most", what, *manyRows, took.Round(time.Millisecond), float64(*manyRows)/took.Seconds(), ratio, grown>>10)
	if grown > mostGrown {
		t.Errorf("%s: %d bytes more at the most", what, grown)
	}
	if ratio < *leastRatio {
		t.Errorf("%s: %.2f of the bare driver", what, ratio)
	}
}

// What is measured as memory shows that rows are held, where they are.
func TestHeldRowsShow(t *testing.T) {
	f, d := largeSQLite(t)
	l := begin(t, f.source(incrementing, byColumns, func(s *Source) { s.Connection, s.PollInterval = d, time.Hour }), memory{})
	var held []connect.Record
	grown := l.readMany(min(*manyRows, 100_000), func(b *connect.Batch) { held = append(held, b.Records...) })
	if grown < mostGrown {
		t.Errorf("%d rows are held, and memory grows by %d bytes", len(held), grown)
	}
}

// readMany reads n rows, and gives by how much memory was larger at the most than
// at the beginning.
func (l *life) readMany(n int, keep func(*connect.Batch)) int64 {
	l.t.Helper()
	before := heap()
	var most uint64
	var b connect.Batch
	read := 0
	for polls := 1; read < n; polls++ {
		b.Reset()
		if err := l.task.Poll(l.t.Context(), &b); err != nil {
			l.t.Fatal(err)
		}
		read += len(b.Records)
		if keep != nil {
			keep(&b)
		}
		if polls%50 == 0 {
			most = max(most, heap())
		}
	}
	if read != n {
		l.t.Errorf("%d rows came, not %d", read, n)
	}
	return int64(most) - int64(before)
}

func largePostgres(t *testing.T) (*file, database.Database) {
	f, d := onPostgres(t, servertest.SharedPostgres(t))
	f.exec(`CREATE TABLE a (id bigserial PRIMARY KEY, at timestamptz NOT NULL, name text NOT NULL, n integer)`,
		fmt.Sprintf(`INSERT INTO a SELECT i, '2024-01-01'::timestamptz + i * interval '1 ms', 'row number ' || i, i %% 100 FROM generate_series(1, %d) i`, *manyRows),
		`CREATE INDEX ON a (at, id)`, `VACUUM ANALYZE a`)
	return f, d
}

func largeMariaDB(t *testing.T) (*file, database.Database) {
	f, d := onMariaDB(t, servertest.SharedMariaDB(t))
	f.exec("CREATE TABLE a (id bigint NOT NULL PRIMARY KEY, at datetime(6) NOT NULL, name varchar(40) NOT NULL, n integer)",
		fmt.Sprintf("INSERT INTO a SELECT seq, '2024-01-01' + INTERVAL seq * 1000 MICROSECOND, CONCAT('row number ', seq), seq %% 100 FROM seq_1_to_%d", *manyRows),
		"CREATE INDEX a_at ON a (at, id)", "ANALYZE TABLE a")
	return f, d
}

func largeSQLite(t *testing.T) (*file, database.Database) {
	if testing.Short() {
		t.Skip("it takes a while, and minutes under the race detector; make test has it")
	}
	f := newFile(t, `CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY, at TIMESTAMP NOT NULL, name TEXT NOT NULL, n INTEGER)`)
	const part = 100_000 // the journal has room for one
	for first := 1; first <= *manyRows; first += part {
		f.exec(fmt.Sprintf(`WITH RECURSIVE s(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM s WHERE i < %d)
			INSERT INTO a SELECT i, strftime('%%Y-%%m-%%d %%H:%%M:%%f', 1704067200 + i / 1000.0, 'unixepoch'), 'row number ' || i, i %% 100 FROM s`, first, min(first+part-1, *manyRows)))
	}
	f.exec(`CREATE INDEX a_at ON a (at, id)`, `ANALYZE`)
	d := f.Database
	d.DateClass = "text"
	return f, d
}

// bare reads rows with nothing but the driver.
func bare(t *testing.T, f *file, query string) (n int) {
	rows, err := f.db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var id int64
	var at any
	var name string
	var k dbsql.NullInt32
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
