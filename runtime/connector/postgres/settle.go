package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"kcgen.dev/runtime/connector/database"
)

// A row that nobody sees yet may have a lower number, or an earlier time, than
// those that are seen. Its transaction can be found all the same:
//
//   - A statement that inserts takes a lock of the table (ROW EXCLUSIVE) before
//     it draws the number from the default's sequence, and its transaction keeps
//     it to its end. So does nextval() with the sequence, for who draws the number
//     before the INSERT. So who has drawn a number and is not done stands in
//     pg_locks.
//   - A time such as now() is that of the transaction's begin. So any transaction
//     that is open may yet write a time that is past.
//
// What is left: numbers that were drawn in another transaction (Hibernate's pooled
// ids), or from a sequence of which no column of the table knows; sequences that
// hand out numbers in stocks (CACHE above 1; see Unordered); times that clients
// make; and on a standby, a transaction between drawing its number and writing
// its first row.

// A transaction is named by its virtual id, with the server's start since that
// counts anew then, and by its own id once it has one. Both, since a prepared
// transaction keeps only the second, over a restart too.

// tableWriters goes from the table to all that hold its rows or lead to it: those
// that a view reads, partitions and children, and the tables that it is a part
// of, since who inserts there locks the part last.
const tableWriters = `WITH RECURSIVE parts(oid) AS (
	SELECT to_regclass($1)::oid
UNION
	SELECT x.oid FROM parts p, LATERAL (
		SELECT d.refobjid FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
			AND d.refclassid = 'pg_catalog.pg_class'::regclass WHERE r.ev_class = p.oid
		UNION ALL SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = p.oid
	) x(oid)
), whole(oid) AS (
	SELECT oid FROM parts UNION
	SELECT i.inhparent FROM whole w JOIN pg_catalog.pg_inherits i ON i.inhrelid = w.oid
), sequences(oid) AS (
	SELECT d.objid FROM whole w JOIN pg_catalog.pg_depend d ON d.refobjid = w.oid AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
		AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.classid = 'pg_catalog.pg_class'::regclass
UNION
	SELECT d.refobjid FROM whole w JOIN pg_catalog.pg_attrdef f ON f.adrelid = w.oid JOIN pg_catalog.pg_depend d ON d.objid = f.oid
		AND d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> w.oid
), writers AS (
	SELECT DISTINCT l.virtualtransaction FROM pg_catalog.pg_locks l
	WHERE l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
	AND l.relation IN (SELECT oid FROM whole UNION SELECT oid FROM sequences)
	AND l.granted AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
	AND l.pid IS DISTINCT FROM pg_backend_pid()
) ` + transactionNames

// openTransactions leaves out who is nobody (autovacuum and the like): what they
// do changes no row. And it leaves out bystanders, who can change none, and who
// helps another one to read: of who writes, the other one is there too. (Of another
// user's helpers the server does not say that they are some.)
const openTransactions = `WITH writers AS (
	SELECT l.virtualtransaction FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
	WHERE l.locktype = 'virtualxid' AND l.granted AND l.pid <> pg_backend_pid()
	AND a.datname = current_database() AND a.usesysid IS NOT NULL AND a.backend_type IS DISTINCT FROM 'parallel worker'
	AND l.virtualtransaction NOT IN (` + bystanders + `)
UNION ALL
	SELECT '-1/' || transaction FROM pg_catalog.pg_prepared_xacts WHERE database = current_database()
) ` + transactionNames

// bystanders are transactions that hold the lock by which they can be known. It
// ends with the transaction, so that no other one of the session, or of who gets
// its connection from a pool, is taken for one. 1801676645 is "kcge".
const (
	bystanders = `SELECT virtualtransaction FROM pg_catalog.pg_locks
		WHERE locktype = 'advisory' AND classid = 1801676645 AND objid = 1 AND objsubid = 2 AND granted`
	standBy = `SELECT pg_advisory_xact_lock_shared(1801676645, 1)`
)

// StandBy has Writers leave out a read-only transaction.
func (dialect) StandBy(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, standBy); err != nil {
		return fmt.Errorf("postgres: mark a transaction that reads: %w", err)
	}
	return nil
}

// Wrote says whether a read-only transaction was to write.
func (dialect) Wrote(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "25006"
}

const transactionNames = `SELECT CASE WHEN w.virtualtransaction LIKE '-1/%' THEN 'xid ' || substr(w.virtualtransaction, 4)
	ELSE extract(epoch FROM pg_postmaster_start_time()) || ' ' || w.virtualtransaction END FROM writers w
UNION
SELECT 'xid ' || l.transactionid FROM pg_catalog.pg_locks l JOIN writers w USING (virtualtransaction)
WHERE l.locktype = 'transactionid' AND l.granted`

// standbyTransactions are those that the standby knows to have written anything,
// in any database: the locks of the primary are not to be seen there. A standby's
// snapshot says from where to where, and not which.
const standbyTransactions = `SELECT 'xid ' || g FROM pg_current_snapshot() s,
	generate_series(pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint - 1) g
WHERE pg_xact_status(g::text::xid8) = 'in progress'`

// Writers are the transactions that may still write rows that belong before
// those that are seen.
func (d dialect) Writers(ctx context.Context, q database.Querier, t database.Table, all bool) (map[string]bool, error) {
	writers, err := d.writers(ctx, q, t, all)
	if err != nil {
		return nil, fmt.Errorf("postgres: look for transactions that write to %s: %w", t, err)
	}
	return writers, nil
}

func (d dialect) writers(ctx context.Context, q database.Querier, t database.Table, all bool) (map[string]bool, error) {
	standby, err := one[bool](ctx, q, "SELECT pg_is_in_recovery()")
	if err != nil {
		return nil, err
	}
	query, args := tableWriters, []any{d.table(t)}
	switch {
	case standby:
		query, args = standbyTransactions, nil
	case all:
		query, args = openTransactions, nil
	}
	writers := map[string]bool{}
	err = database.Strings(ctx, q, query, args, func(row []string) error {
		writers[row[0]] = true
		return nil
	})
	return writers, err
}

// one is the value of a query that has one; the zero where there is none.
func one[T any](ctx context.Context, q database.Querier, query string, args ...any) (T, error) {
	var v T
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return v, err
	}
	defer rows.Close()
	if rows.Next() {
		if err := rows.Scan(&v); err != nil {
			return v, err
		}
	}
	return v, rows.Err()
}
