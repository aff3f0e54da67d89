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
	by := r.bystander()
	if level == dbsql.LevelDefault && by == nil {
		return nil, nil
	}
	tx, err := conn.BeginTx(ctx, &dbsql.TxOptions{Isolation: level, ReadOnly: by != nil})
	if err != nil || by == nil {
		return tx, err
	}
	if err := by.StandBy(ctx, tx); err != nil {
		_ = tx.Rollback()
		return nil, err
	}
	return tx, nil
}

// bystander is the dialect where those who wait for transactions can be spared
// the one of a query: it may last for as long as the table is large.
func (r *reader) bystander() database.Bystanders {
	by, _ := r.t.dialect.(database.Bystanders)
	if r.plain {
		return nil
	}
	return by
}

// aside finds that what is read writes (a view's function, FOR UPDATE), which a
// bystander may not: from now on it is read in the usual way.
func (r *reader) aside(err error) error {
	if by := r.bystander(); by != nil && by.Wrote(err) {
		r.plain = true
		return fmt.Errorf("what is read writes, and is read anew in a transaction that may: %w", err)
	}
	return err
}

// letGo ends a query's transaction, if it has one, and gives its connection back.
func letGo(conn *dbsql.Conn, tx *dbsql.Tx) {
	if tx != nil {
		_ = tx.Rollback()
	}
	_ = conn.Close()
}
