package sql

import (
	"context"
	"fmt"
	"slices"
	"time"

	"kcgen.dev/runtime/connector/database"
)

// find looks which tables there are, begins to read those that are new, and lets
// go of those that are gone. No table waits for it, nor for a restart.
func (t *sourceTask) find(ctx context.Context) error {
	own, err := t.tables(ctx)
	if err != nil {
		return err
	}
	for _, r := range slices.Clone(t.readers) {
		if !slices.Contains(own, r.table) {
			t.drop(r)
		}
	}
	for _, table := range own {
		if slices.ContainsFunc(t.readers, func(r *reader) bool { return r.table == table }) {
			continue
		}
		if err := t.begin(table); err != nil {
			return err
		}
	}
	t.look = time.Now().Add(t.cfg.TablePollInterval)
	return nil
}

// tables lists the task's own.
func (t *sourceTask) tables(ctx context.Context) ([]database.Table, error) {
	all, err := t.dialect.Tables(ctx, t.db, t.cfg.SchemaPattern, t.cfg.TableTypes)
	if err != nil {
		return nil, t.fault("list the tables of "+t.cfg.Connection.String(), err)
	}
	chosen, err := t.pick.choose(t.dialect, all)
	if err != nil {
		return nil, err
	}
	if len(chosen) == 0 && !t.none {
		t.log.Warn("there is no table to read yet; see that the lists of tables, schemaPattern and tableTypes name some that the user may see", "database", t.cfg.Connection.String(), "tables", len(all))
	}
	t.none = len(chosen) == 0
	return slices.DeleteFunc(chosen, func(x database.Table) bool { return !t.pick.owns(t.dialect, x) }), nil
}

// begin makes the reader of a table, at its offset. One that is there again goes
// on where it was left: what it gave last may not be committed yet.
func (t *sourceTask) begin(table database.Table) (err error) {
	cfg, err := t.pick.mapped(t.cfg, table)
	if err != nil {
		return err
	}
	r := &reader{t: t, cfg: cfg, table: table, name: "table " + table.String(), topic: t.cfg.TopicPrefix + table.Name}
	if before := t.left[table.String()]; before != nil {
		r.part, r.pos = before.part, before.safe
		t.log.Warn("a table is there again; if it is another one, reset its offset to read it from its beginning", "table", table.String(), "behind", r.pos.String())
	} else {
		part, o := committed(t.offsets, table, t.catalog)
		r.part = part
		if t.cfg.Mode != bulk {
			if r.pos, err = positionOf(o); err != nil {
				return fmt.Errorf("sql: the offset of %s: %w", r.name, err)
			}
		}
	}
	r.safe = r.pos
	t.readers = append(t.readers, r)
	return nil
}

// drop lets go of a table that is gone.
func (t *sourceTask) drop(r *reader) {
	t.log.Warn("a table is gone, or not to be seen any more; it is no longer read", "table", r.table.String(), "behind", r.pos.String())
	r.close()
	t.lag.forget(r)
	r.shape, r.known, r.wait = nil, nil, nil // only where it stands is kept
	t.left[r.table.String()] = r
	t.readers = slices.DeleteFunc(t.readers, func(x *reader) bool { return x == r })
}
