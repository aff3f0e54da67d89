package sql

import (
	"testing"
	"time"

	"kcgen.dev/runtime/connector/database"
	"kcgen.dev/runtime/servertest"
)

// Queries are in transactions of the level that was asked for, which end with
// them, be they read to their end or not.
func TestTransactionIsolationMode(t *testing.T) {
	t.Parallel()
	f, d := onPostgres(t, servertest.SharedPostgres(t))
	f.exec(`CREATE TABLE a AS SELECT i AS id FROM generate_series(1, 1000) i`)
	for mode, want := range map[string]string{
		"DEFAULT": "read committed", "READ_UNCOMMITTED": "read uncommitted", "READ_COMMITTED": "read committed",
		"REPEATABLE_READ": "repeatable read", "SERIALIZABLE": "serializable",
	} {
		level := func(d database.Database, query string) func(*Source) {
			return func(s *Source) {
				s.Connection, s.Query, s.TransactionIsolationMode = d, query, mode
			}
		}
		l := begin(t, f.source(bulk, level(d, "SELECT current_setting('transaction_isolation') AS level"), func(s *Source) { s.PollInterval = time.Hour }), memory{})
		same(t, l.until(1).take(), "t-: level="+want)
		l.close()

		// One is let go in the midst of its rows, another one after them.
		s := f.source(incrementing, level(d, ""), func(s *Source) {
			s.IncrementingColumnName, s.ValidateNonNull, s.BatchMaxRows, s.PollInterval = "id", false, 10, time.Millisecond
		})
		mem := memory{}
		begin(t, s, mem).until(20).close()
		l = begin(t, s, mem).until(980)
		f.exec(`INSERT INTO a VALUES (1001)`)
		l.until(981).close()
		f.exec(`DELETE FROM a WHERE id > 1000`)
		l.idleConnections(t, f)
	}
}

// idleConnections fails where the task has left a transaction open.
func (l *life) idleConnections(t *testing.T, f *file) {
	t.Helper()
	var n int
	if err := f.db.QueryRow(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'`).Scan(&n); err != nil || n > 0 {
		t.Errorf("%d transactions are left open, %v", n, err)
	}
}

// MariaDB's too.
func TestMariaDBIsolation(t *testing.T) {
	t.Parallel()
	f, d := onMariaDB(t, servertest.SharedMariaDB(t))
	f.exec(`CREATE TABLE a (id bigint PRIMARY KEY AUTO_INCREMENT)`, `INSERT INTO a VALUES (1), (2)`)
	tx, err := f.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec(`INSERT INTO a VALUES (3)`); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[string]int{"READ_UNCOMMITTED": 3, "READ_COMMITTED": 2} {
		l := begin(t, f.source(incrementing, func(s *Source) { s.Connection, s.TransactionIsolationMode = d, mode }), memory{}).idle()
		if len(l.got) != want {
			t.Errorf("%s: %q", mode, l.got)
		}
	}
}
