package sql

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/servertest"
)

// The modes, over a table and over a query, and the check of the table.
func TestMariaDBModes(t *testing.T) {
	t.Parallel()
	f, d := onMariaDB(t, servertest.SharedMariaDB(t))
	f.exec("CREATE TABLE a (id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, at datetime(3) NOT NULL, n decimal(10,2))",
		"INSERT INTO a (at, n) VALUES ('2024-01-01 00:00:00.123', 1.5), ('2024-01-01 00:00:00.123', NULL), ('2024-01-02 00:00:00', 3)")
	rows := []string{"t-a: id=1 at=2024-01-01T00:00:00.123 n=1.50", "t-a: id=2 at=2024-01-01T00:00:00.123 n=null", "t-a: id=3 at=2024-01-02T00:00:00 n=3.00"}
	eachMode(t, f, d, rows, func(t *testing.T, s Source, mem memory) {
		l := begin(t, s, mem).idle()
		same(t, l.take())
		f.exec("INSERT INTO a (id, at, n) VALUES (4, '2024-01-03 00:00:00', 4)")
		same(t, l.until(1).take(), "t-a: id=4 at=2024-01-03T00:00:00 n=4.00")
		f.exec("DELETE FROM a WHERE id = 4")
		var bad []string
		for _, p := range problems(s.Check(t.Context(), connect.CheckContext{Name: "x"})) {
			if !p.Warning {
				t.Errorf("%+v", p)
			}
			bad = append(bad, p.What+": "+p.Fix)
		}
		told := strings.Join(bad, "\n")
		if fix := map[string]string{incrementing: "take mode", timestamp: "set timestampDelayInterval", timestampIncrementing: "set timestampDelayInterval"}[s.Mode]; !strings.Contains(told, "commit late are read: "+fix) {
			t.Errorf("%s: the check says nothing of late commits: %s", s.Mode, told)
		}
		if indexed := s.Query != "" || s.Mode == incrementing; indexed != !strings.Contains(told, "index that begins with at") || len(bad) > 2 {
			t.Error(told)
		}
	})
}

// A row that its transaction commits late is lost, as by Kafka Connect, and is not
// where timestampDelayInterval leaves it the time. The clock is the test's, the
// transactions are the server's.
func TestMariaDBLateCommits(t *testing.T) {
	t.Parallel()
	f, d := onMariaDB(t, servertest.SharedMariaDB(t))
	f.exec("CREATE TABLE a (id bigint NOT NULL PRIMARY KEY, at datetime(6) NOT NULL)")
	for _, mode := range []string{timestamp, timestampIncrementing} {
		for _, delay := range []time.Duration{0, 10 * time.Second} {
			t.Run(fmt.Sprint(mode, delay), func(t *testing.T) {
				f := &file{t: t, db: f.db, Database: f.Database}
				f.exec("DELETE FROM a")
				now := &clock{at: noon}
				l := begin(t, f.source(mode, byColumns, func(s *Source) {
					s.Connection, s.TimestampDelayInterval = clocked{d, now}, delay
				}), memory{}).idle()
				tx, err := f.db.Begin()
				if err != nil {
					t.Fatal(err)
				}
				defer tx.Rollback()
				if _, err := tx.Exec("INSERT INTO a VALUES (1, '2024-01-01 12:00:01')"); err != nil {
					t.Fatal(err)
				}
				f.exec("INSERT INTO a VALUES (2, '2024-01-01 12:00:02')")
				now.set(noon.Add(3 * time.Second))
				first := l.idle().take()
				if err := tx.Commit(); err != nil {
					t.Fatal(err)
				}
				now.set(noon.Add(time.Hour))
				second := l.idle().take()
				late, other := "t-a: id=1 at=2024-01-01T12:00:01", "t-a: id=2 at=2024-01-01T12:00:02"
				if delay == 0 {
					same(t, first, other)
					same(t, second)
				} else {
					same(t, first)
					same(t, second, late, other)
				}
			})
		}
	}
}

// clocked is a database with a clock of the test's.
type clocked struct {
	database.Database
	*clock
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

func (d clocked) Dialect() database.Dialect { return clockedDialect{d.Database.Dialect(), d.clock} }

type clockedDialect struct {
	database.Dialect
	*clock
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (d clockedDialect) Now(context.Context, database.Querier) (time.Time, error) {
	return d.now(), nil
}

// Databases by a pattern: the server's own are in none.
func TestMariaDBSchemaPattern(t *testing.T) {
	t.Parallel()
	f, d := onMariaDB(t, servertest.SharedMariaDB(t))
	f.exec("CREATE TABLE a (id bigint)")
	name := d.URL[strings.LastIndex(d.URL, "/")+1:]
	for pattern, want := range map[string]int{"": 1, name: 1, name[:len(name)-1] + "%": 1, "_": 0} {
		tables, err := d.Dialect().Tables(t.Context(), f.db, pattern, []string{"TABLE"})
		if err != nil || len(tables) != want {
			t.Errorf("%s: %v, %v", pattern, tables, err)
		}
	}
	tables, err := d.Dialect().Tables(t.Context(), f.db, "%", []string{"TABLE", "VIEW"})
	if err != nil || len(tables) == 0 || slices.ContainsFunc(tables, func(t database.Table) bool { return t.Schema == "mysql" || t.Schema == "sys" }) {
		t.Errorf("%v, %v", tables, err)
	}
}

// The server is killed and starts again, and connections are cut: reading goes on
// where it stood.
func TestMariaDBRestarts(t *testing.T) {
	t.Parallel()
	p := servertest.NewMariaDB(t)
	f, d := onMariaDB(t, p)
	f.exec("CREATE TABLE a (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, at datetime(6) NOT NULL)",
		"INSERT INTO a (at) SELECT '2024-01-01' + INTERVAL seq SECOND FROM seq_1_to_1000")
	for _, mode := range []string{incrementing, timestampIncrementing} {
		l := begin(t, f.source(mode, byColumns, func(s *Source) { s.Connection, s.BatchMaxRows = d, 100 }), memory{}).until(300)
		if err := p.Restart(); err != nil {
			t.Fatal(err)
		}
		l.through(1000)
		l.close()
	}
}

// through polls until there are n records, each once, over errors that are worth
// another try.
func (l *life) through(n int) {
	l.t.Helper()
	for deadline := time.Now().Add(servertest.Patience); len(l.got) < n; {
		if _, err := l.poll(l.t.Context()); err != nil {
			if !isRetry(err) || time.Now().After(deadline) {
				l.t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond) // as the worker would, but shorter
		}
	}
	seen := map[string]bool{}
	for _, r := range l.got {
		seen[r] = true
	}
	if len(seen) != n || len(l.got) != n {
		l.t.Errorf("%d records came, %d different, not %d", len(l.got), len(seen), n)
	}
}
