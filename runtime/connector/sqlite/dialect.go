package sqlite

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"kcgen.dev/runtime/connector/database"
)

// dialect does not say database.Settles: SQLite has one writer at a time, and
// who reads sees all that was committed before. No row comes later with an
// earlier number than one that was seen.
type dialect struct {
	texts bool // times are written as texts
}

func (dialect) Name() string { return "SQLite" }

func (dialect) AppendIdentifier(dst []byte, name string) []byte {
	return database.AppendQuoted(dst, name, '"', '"')
}

func (dialect) AppendParameter(dst []byte, _ int) []byte { return append(dst, '?') }

// names are quoted in all the ways that SQLite reads.
var names = database.Quotes{`"`, "`", "[]"}

// ParseTable takes main for no schema: a file is one database.
func (dialect) ParseTable(name string) (database.Table, error) {
	t, err := names.ParseTable(name, 2)
	if err != nil {
		return t, fmt.Errorf("sqlite: %w", err)
	}
	if strings.EqualFold(t.Schema, mainSchema) {
		t.Schema = ""
	}
	return t, nil
}

// Fault goes by the result code; of SQLITE_ERROR only the text tells more.
func (dialect) Fault(err error) database.Fault {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		if errors.Is(err, driver.ErrBadConn) {
			return database.Away
		}
		return database.Unknown
	}
	switch e.Code() & 0xff {
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED, codes.SQLITE_SCHEMA, codes.SQLITE_PROTOCOL:
		return database.Busy
	case codes.SQLITE_IOERR, codes.SQLITE_FULL, codes.SQLITE_CANTOPEN:
		return database.Away
	case codes.SQLITE_CONSTRAINT, codes.SQLITE_MISMATCH, codes.SQLITE_TOOBIG:
		return database.Data
	case codes.SQLITE_READONLY, codes.SQLITE_PERM, codes.SQLITE_AUTH:
		return database.Denied
	case codes.SQLITE_ERROR:
		return faultOf(e.Error())
	}
	return database.Unknown
}

func faultOf(text string) database.Fault {
	for _, absent := range []string{"no such table", "no such column", "has no column named", "no such view", "unknown database"} {
		if strings.Contains(text, absent) {
			return database.Absent
		}
	}
	return database.Unknown
}

func (dialect) Limit(n int) (first, last string) { return "", fmt.Sprintf("LIMIT %d", n) }

// MaxParameters is SQLITE_MAX_VARIABLE_NUMBER.
func (dialect) MaxParameters() int { return 32766 }

// OneWriter says that none writes while another one does.
func (dialect) OneWriter() bool { return true }

// Isolations are none to choose of: a query sees the file as it was when it
// began.
func (dialect) Isolations() []sql.IsolationLevel { return nil }
