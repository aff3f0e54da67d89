package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"kcgen.dev/runtime/connector/database/databasetest"
	"kcgen.dev/runtime/connector/sqlite"
)

func newFile(t testing.TB) sqlite.Database {
	return sqlite.Database{File: filepath.Join(t.TempDir(), "a %3f?x#.db"), BusyTimeout: 10 * time.Second}
}

func TestSuite(t *testing.T) {
	databasetest.Suite{Database: newFile(t)}.Run(t)
}

func TestSuiteTexts(t *testing.T) {
	d := newFile(t)
	d.DateClass, d.JournalMode, d.ForeignKeys = "text", "WAL", true
	databasetest.Suite{Database: d, Schema: "main"}.Run(t)
}
