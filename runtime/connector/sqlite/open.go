package sqlite

import (
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	driver "modernc.org/sqlite"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

var _ database.Database = Database{}

// Open gives connections to the file. Each waits for locks itself. A
// transaction that may write takes the write lock at its beginning: one that
// reads first and is overtaken could only fail.
func (d Database) Open() (*sql.DB, error) {
	if d.File == "" || strings.ContainsRune(d.File, 0) {
		return nil, connect.OptionErrorf("file", "sqlite: open %q: no name of a file", d.File)
	}
	c, err := driver.NewConnector(d.dsn())
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", d.File, err)
	}
	return sql.OpenDB(c), nil
}

// dsn is the file as a URI, so that nothing in its name is taken for an option.
func (d Database) dsn() string {
	q := url.Values{"mode": {"rwc"}}
	pragma := func(name, value string) { q.Add("_pragma", name+"("+value+")") }
	wait := d.BusyTimeout
	if wait < 0 {
		wait = 0
	}
	pragma("busy_timeout", fmt.Sprint(int64(wait/time.Millisecond)))
	if d.ReadOnly {
		q.Set("mode", "ro")
	} else {
		q.Set("_txlock", "immediate")
	}
	if d.JournalMode != "" {
		pragma("journal_mode", d.JournalMode)
	}
	if d.ForeignKeys {
		pragma("foreign_keys", "1")
	}
	path := (&url.URL{Path: filepath.ToSlash(d.File)}).EscapedPath()
	return "file:" + path + "?" + q.Encode()
}

// Dialect is how SQLite speaks.
func (d Database) Dialect() database.Dialect { return dialect{texts: d.DateClass == "text"} }

// String names the file.
func (d Database) String() string { return "SQLite file " + d.File }
