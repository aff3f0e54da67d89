package sql

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/servertest"
)

// large has more rows than what lies between a server and its client holds.
const large = `CREATE TABLE large AS SELECT i AS id, '2024-01-01'::timestamptz + i * interval '1 ms' AS at, repeat('x', 1000) AS x FROM generate_series(1, 20000) i`

// A query that takes long holds up no other source of the same database, be it
// one that goes by times and waits for all that may write.
func TestLongQueryHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	f, d := onPostgres(t, servertest.SharedPostgres(t))
	name := d.URL[strings.LastIndex(d.URL, "/")+1:]
	for _, setting := range []string{"parallel_setup_cost", "parallel_tuple_cost", "min_parallel_table_scan_size"} {
		f.exec(`ALTER DATABASE "` + name + `" SET ` + setting + ` = 0`) // its helpers hold up nobody either
	}
	f.exec(large, `ANALYZE large`, `CREATE TABLE a (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())`)
	for _, query := range []string{"", "SELECT * FROM large"} {
		for _, mode := range []string{bulk, incrementing, timestamp} {
			t.Run(mode+" "+query, func(t *testing.T) {
				f := &file{t: t, db: f.db, Database: f.Database}
				long := begin(t, f.source(mode, byColumns, func(s *Source) {
					s.Connection, s.ValidateNonNull, s.Query, s.BatchMaxRows, s.PollInterval = d, false, query, 10, time.Hour
					if query == "" {
						s.TableWhitelist = []string{"large"}
					}
				}), memory{}).until(10)
				other := begin(t, f.source(timestampIncrementing, byColumns, func(s *Source) { s.Connection, s.TableWhitelist = d, []string{"a"} }), memory{}).idle()
				other.take()
				f.exec(`INSERT INTO a DEFAULT VALUES`)
				other.until(1)
				if !long.reads() {
					t.Error("the row came when the long query was over")
				}
			})
		}
	}
}

// reads says whether the first table's query is open.
func (l *life) reads() bool {
	task := l.task.(*sourceTask)
	task.idle.mu.Lock()
	defer task.idle.mu.Unlock()
	return task.readers[0].open != nil
}

// A query is closed where nobody polls, so that it keeps the server from nothing,
// and reading goes on where it stood.
func TestIdleQueryIsClosed(t *testing.T) {
	was := idleMost
	idleMost = 50 * time.Millisecond
	t.Cleanup(func() { idleMost = was })
	f, d := onPostgres(t, servertest.SharedPostgres(t))
	f.exec(large)
	for _, mode := range []string{incrementing, timestamp, timestampIncrementing} {
		l := begin(t, f.source(mode, byColumns, func(s *Source) {
			s.Connection, s.ValidateNonNull, s.BatchMaxRows, s.PollInterval = d, false, 5000, time.Hour
		}), memory{})
		for n := 5000; n <= 15000; n += 5000 {
			l.until(n)
			untilNoneReads(t, f)
		}
		l.through(20000)
		l.close()
	}
}

// untilNoneReads waits until no transaction keeps the server from cleaning up.
func untilNoneReads(t *testing.T, f *file) {
	t.Helper()
	for deadline := time.Now().Add(servertest.Patience); ; time.Sleep(10 * time.Millisecond) {
		var n int
		err := f.db.QueryRow(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND (backend_xmin IS NOT NULL OR state LIKE 'idle in%')`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d transactions stay open", n)
		}
	}
}

// What writes while it is read cannot be read by a bystander, and is read all the
// same.
func TestQueryThatWrites(t *testing.T) {
	t.Parallel()
	f, d := onPostgres(t, servertest.SharedPostgres(t))
	f.exec(`CREATE TABLE a (id bigserial PRIMARY KEY)`, `INSERT INTO a SELECT FROM generate_series(1, 100)`, `CREATE TABLE said (n bigint)`,
		`CREATE FUNCTION say(n bigint) RETURNS bigint LANGUAGE sql AS 'INSERT INTO said VALUES ($1) RETURNING n'`, `CREATE VIEW v AS SELECT say(id) AS id FROM a`)
	for what, edit := range map[string]func(*Source){
		"a suffix": func(s *Source) { s.TableWhitelist, s.QuerySuffix = []string{"a"}, "FOR UPDATE" },
		"a view":   func(s *Source) { s.TableWhitelist, s.TableTypes = []string{"v"}, []string{"VIEW"} },
		"a query":  func(s *Source) { s.Query = "SELECT say(id) AS id FROM a" },
	} {
		l := begin(t, f.source(incrementing, byColumns, edit, func(s *Source) {
			s.Connection, s.TimestampColumnName, s.ValidateNonNull, s.PollInterval = d, nil, false, time.Hour
		}), memory{})
		var b connect.Batch
		if err := l.task.Poll(t.Context(), &b); !isRetry(err) || !strings.Contains(fmt.Sprint(err), "writes") {
			t.Errorf("%s: %v", what, err)
		}
		l.through(100)
	}
}
