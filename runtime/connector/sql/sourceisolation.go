package sql

import (
	"context"
	dbsql "database/sql"
	"fmt"
	"slices"

	"kcgen.dev/runtime/connector/database"
)

// isolations are the levels of transactionIsolationMode.
var isolations = map[string]dbsql.IsolationLevel{
	"":                    dbsql.LevelDefault,
	"DEFAULT":             dbsql.LevelDefault,
	"READ_UNCOMMITTED":    dbsql.LevelReadUncommitted,
	"READ_COMMITTED":      dbsql.LevelReadCommitted,
	"REPEATABLE_READ":     dbsql.LevelRepeatableRead,
	"SERIALIZABLE":        dbsql.LevelSerializable,
	"SQL_SERVER_SNAPSHOT": dbsql.LevelSnapshot,
}

// checkIsolation finds a level that the database does not have.
func (s Source) checkIsolation() error {
	level, known := isolations[s.TransactionIsolationMode]
	if !known {
		return fmt.Errorf("transactionIsolationMode is %q, not DEFAULT, READ_UNCOMMITTED, READ_COMMITTED, REPEATABLE_READ, SERIALIZABLE or SQL_SERVER_SNAPSHOT", s.TransactionIsolationMode)
	}
	if d := s.Connection.Dialect(); level != dbsql.LevelDefault && !slices.Contains(database.IsolationsOf(d), level) {
		return fmt.Errorf("transactionIsolationMode: %s has no %s; leave it out", d.Name(), s.TransactionIsolationMode)
	}
	return nil
}

// isolated begins the transaction that a query is to be in; nil: it needs none.
// It ends with its context.
func (r *reader) isolated(ctx context.Context, conn *dbsql.Conn) (*dbsql.Tx, error) {
	level := isolations[r.cfg.TransactionIsolationMode]
	if level == dbsql.LevelDefault {
		return nil, nil
	}
	return conn.BeginTx(ctx, &dbsql.TxOptions{Isolation: level})
}

// letGo ends a query's transaction, if it has one, and gives its connection back.
func letGo(conn *dbsql.Conn, tx *dbsql.Tx) {
	if tx != nil {
		_ = tx.Rollback()
	}
	_ = conn.Close()
}
