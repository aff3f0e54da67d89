package sql

import (
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connect"
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
		if bad := problems(s.Check(t.Context(), connect.CheckContext{Name: "x"})); len(bad) > 1 || len(bad) == 1 && !strings.Contains(bad[0].What, "index that begins with at") {
			t.Errorf("%+v", bad)
		}
	})
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
	for deadline := time.Now().Add(time.Minute); len(l.got) < n; {
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
