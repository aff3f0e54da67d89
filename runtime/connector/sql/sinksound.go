package sql

import (
	"context"
	"fmt"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// sound looks whether a table keeps what the options promise, where the database
// would break the promise and say nothing.
func (t *sinkTask) sound(ctx context.Context, tb *target, l *layout) error {
	if err := t.transacted(ctx, tb.id); err != nil {
		return err
	}
	d, ok := t.dialect.(database.Upserts)
	if !ok || !d.Doubles() || t.InsertMode != "upsert" || l.deletes {
		return nil
	}
	keys := l.names[:l.keys]
	finds, err := d.Finds(ctx, t.conn, tb.id, keys)
	switch {
	case err != nil:
		return t.fault(err, "look for the key of table %s", tb.id)
	case !finds:
		return connect.Fatal(fmt.Errorf("sql: %s: table %s has no unique key of %s, and an upsert would add rows that are there once more: add one with: %s",
			t.Connection, tb.id, wordsOf(keys), addUnique(t.dialect, tb.id, keys)))
	}
	return nil
}

// addUnique is the statement that gives a table a unique key.
func addUnique(d database.Dialect, id database.Table, keys []string) string {
	text := append(database.AppendTable([]byte("ALTER TABLE "), d, id), " ADD UNIQUE ("...)
	return string(append(database.AppendNames(text, d, keys), ')'))
}

// transacted is an error where a table's rows cannot move together with their
// position.
func (t *sinkTask) transacted(ctx context.Context, id database.Table) error {
	d, ok := t.dialect.(database.Engines)
	if !ok || t.exact == nil {
		return nil
	}
	engine, err := d.Untransacted(ctx, t.conn, id)
	switch {
	case err != nil:
		return t.fault(err, "look at table %s", id)
	case engine != "":
		return connect.Fatal(fmt.Errorf("sql: %s: table %s is of %s, which has no transactions, and exactlyOnce needs them: make it one of InnoDB (%s), or leave exactlyOnce out",
			t.Connection, id, engine, makeInnoDB(t.dialect, id)))
	}
	return nil
}

// makeInnoDB is the statement that gives a table transactions.
func makeInnoDB(d database.Dialect, id database.Table) string {
	return string(append(database.AppendTable([]byte("ALTER TABLE "), d, id), " ENGINE = InnoDB"...))
}
