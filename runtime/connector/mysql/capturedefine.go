package mysql

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
	"kcgen.dev/runtime/connector/database"
)

// tellDefinitions makes records of what the tables are, and the history's entries.
func (t *captureTask) tellDefinitions(b *connect.Batch, changes []schemaChange) (entries []connect.JournalEntry, err error) {
	changes = slices.DeleteFunc(changes, func(c schemaChange) bool { return !t.keeps(&c) })
	for i := range changes {
		m := cdc.Within
		if i == len(changes)-1 && !t.reads() {
			m = cdc.Last
		}
		e, err := t.schemaChange(b, &changes[i], t.pos.time, m)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// readDefinitions makes an empty catalog what the tables are now, by the statements
// with which Debezium begins its history.
func (t *captureTask) readDefinitions(ctx context.Context, q database.Querier, into *catalog) (told []schemaChange, err error) {
	defer func() {
		if err != nil {
			err = t.fault("read the tables' definitions", err)
		}
	}()
	all, err := allTables(ctx, q)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b tableID) int {
		return cmp.Or(strings.Compare(a.db, b.db), strings.Compare(a.name, b.name))
	})
	if err := into.readCharsets(ctx, q, t.server); err != nil {
		return nil, err
	}
	told = append(told, schemaChange{ddl: t.setCharset(ctx, q)})
	for _, id := range all {
		told = append(told, schemaChange{kind: dropTable, id: id, ddl: "DROP TABLE IF EXISTS " + quoteID(id)})
	}
	last := ""
	for _, id := range all {
		if id.db != last {
			last = id.db
			for _, q := range t.makeDatabase(ctx, q, id.db) {
				told = append(told, schemaChange{id: tableID{db: id.db}, ddl: q})
			}
		}
		ddl, err := showCreate(ctx, q, id)
		if err != nil {
			return nil, err
		}
		changes, err := into.apply(ddl, id.db, 0)
		if err != nil {
			if t.places.table(into.id(id.db, id.name)) {
				return nil, fmt.Errorf("the definition %q is not understood: %w", cutText(ddl, 400), err)
			}
			continue
		}
		told = append(told, changes...)
	}
	return told, nil
}

// setCharset is the statement that tells the server's character set.
func (t *captureTask) setCharset(ctx context.Context, q database.Querier) string {
	var parts []string
	_ = database.Strings(ctx, q, "SHOW VARIABLES WHERE Variable_name IN ('character_set_server','collation_server')", nil, func(row []string) error {
		parts = append(parts, row[0]+"="+row[1])
		return nil
	})
	slices.Sort(parts)
	return "SET " + strings.Join(parts, ", ")
}

// makeDatabase are the statements that make a database anew.
func (t *captureTask) makeDatabase(ctx context.Context, q database.Querier, db string) []string {
	name := quoteID(tableID{name: db})
	create := "CREATE DATABASE " + name
	_ = database.Strings(ctx, q, "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?", []any{db}, func(row []string) error {
		create += " CHARSET " + row[0] + " COLLATE " + row[1]
		return nil
	})
	return []string{"DROP DATABASE IF EXISTS " + name, create, "USE " + name}
}

// rebuild reads the definitions again, for a history that was lost.
func (t *captureTask) rebuild(ctx context.Context) error {
	var b connect.Batch
	t.catalog = t.emptyCatalog()
	changes, err := t.readDefinitions(ctx, t.db, t.catalog)
	if err != nil {
		return err
	}
	var entries []connect.JournalEntry
	for i := range changes {
		e, err := t.schemaChange(&b, &changes[i], time.Now(), cdc.Streamed)
		if err != nil {
			return err
		}
		entries = append(entries, e)
	}
	t.log.Warn("the schema history is made anew: tables that have changed since the offset are read wrongly or fail", "position", t.pos.String())
	return t.keep(ctx, entries)
}
