package sqlserver

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"kcgen.dev/runtime/connector/database"
)

type dialect struct{ holdlock bool }

var (
	_ database.Dialect       = dialect{}
	_ database.HasSavepoints = dialect{}
	_ database.Indexes       = dialect{}
	_ database.Rights        = dialect{}
	_ database.Privileges    = dialect{}
	_ database.Isolations    = dialect{}
)

func (dialect) Name() string { return "SQL Server" }

// AppendIdentifier uses brackets, which mean the same whatever QUOTED_IDENTIFIER says.
func (dialect) AppendIdentifier(dst []byte, name string) []byte {
	return database.AppendQuoted(dst, name, '[', ']')
}

func (dialect) AppendParameter(dst []byte, n int) []byte {
	return strconv.AppendInt(append(dst, "@p"...), int64(n), 10)
}

var names = database.Quotes{"[]", `"`}

// ParseTable takes dbo for no schema, as Connect does.
func (dialect) ParseTable(name string) (database.Table, error) {
	t, err := names.ParseTable(name, 3)
	if err != nil {
		return t, fmt.Errorf("sqlserver: %w", err)
	}
	if t.Schema == "" {
		t.Schema = "dbo"
	}
	return t, nil
}

func (dialect) Limit(n int) (first, last string) { return "TOP (" + strconv.Itoa(n) + ")", "" }

// MaxParameters is 2100, of which the call takes two.
func (dialect) MaxParameters() int { return 2098 }

// Savepoints are Transact-SQL's own. They end with the transaction.
func (dialect) Savepoints() database.Savepoints {
	return database.Savepoints{Set: "SAVE TRANSACTION kcgen", Back: "ROLLBACK TRANSACTION kcgen"}
}

// Now is the server's clock.
func (dialect) Now(ctx context.Context, q database.Querier) (time.Time, error) {
	now, err := database.Clock(ctx, q, "SELECT CONVERT(varchar(33), SYSUTCDATETIME(), 126)")
	if err != nil {
		return now, fmt.Errorf("sqlserver: ask for the time: %w", err)
	}
	return now, nil
}

// Isolations are the standard's, and SQL Server's own.
func (dialect) Isolations() []sql.IsolationLevel {
	return []sql.IsolationLevel{sql.LevelReadUncommitted, sql.LevelReadCommitted, sql.LevelRepeatableRead, sql.LevelSerializable, sql.LevelSnapshot}
}
