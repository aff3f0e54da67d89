package e2e_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"kcgen.dev/runtime/connector/sqlite"
	"kcgen.dev/runtime/servertest"
	"kcgen.dev/runtime/servertest/history"
	"kcgen.dev/runtime/servertest/proc"
)

// rows makes the table of E2E_IN.
func (l *lab) rows() *sql.DB {
	l.t.Helper()
	db, err := sqlite.Database{File: l.in, BusyTimeout: time.Minute, JournalMode: "WAL"}.Open()
	if err == nil {
		_, err = db.Exec("CREATE TABLE lines (id INTEGER NOT NULL PRIMARY KEY, at TIMESTAMP NOT NULL, line TEXT NOT NULL); CREATE INDEX at ON lines (at, id)")
	}
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = db.Close() })
	return db
}

// insert adds rows of one time in one transaction.
func (l *lab) insert(db *sql.DB, from, to int64) {
	tx, err := db.Begin()
	if err != nil {
		l.t.Error(err)
		return
	}
	defer tx.Rollback()
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(from) * time.Millisecond).Format("2006-01-02 15:04:05.000")
	for i := from; i < to; i++ {
		if _, err := tx.Exec("INSERT INTO lines VALUES (?, ?, ?)", i, at, string(history.AppendLine(nil, source, i, lineSize))); err != nil {
			l.t.Error(err)
			return
		}
	}
	if err := tx.Commit(); err != nil {
		l.t.Error(err)
	}
}

// A source of a database that is killed again and again loses no row, and under
// exactlyOnce gives each once, in its order.
func TestCrashSQLSource(t *testing.T) {
	kills, lines := crashSize(t)
	lines /= 4 // each is a row that is inserted
	for name, env := range map[string][]string{
		"incrementing":                         {"E2E_MODE", "incrementing"},
		"timestamp":                            {"E2E_MODE", "timestamp"},
		"timestamp+incrementing, exactly once": {"E2E_MODE", "timestamp+incrementing", "E2E_ONCE", "1"},
		"timestamp, exactly once":              {"E2E_MODE", "timestamp", "E2E_ONCE", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, servertest.SharedKafka(t), "sqlsource")
			db := l.rows()
			l.crashing(kills, lines, 600*time.Millisecond, func(from, to int64) { l.insert(db, from, to) },
				func() *proc.Process { return l.startIn(l.with(env...)) })
			p := l.startIn(l.with(env...))
			// Not the last row in the topic: a run that was killed may have sent it.
			l.wait(p, "all rows", func() bool { return l.checkTopic(lines).Lost == 0 })
			l.stop(p)
			r := l.checkTopic(lines)
			t.Logf("%d kills: %v", kills, r)
			if l.complete(r); strings.Contains(name, "exactly") {
				l.exact(r)
			}
		})
	}
}
