package sql

import (
	"context"
	"errors"
	"fmt"

	"kcgen.dev/runtime/connector/database"
)

// verb is what a statement does.
type verb uint8

const (
	insert verb = iota
	upsert
	update
	remove
)

// phrase names a statement of a layout: what it does to how many rows.
type phrase struct {
	verb verb
	rows int
}

// write writes rows, table by table, in the order in which they came. With
// careful each row that the database refuses is found, and the others are
// written; else an error is that of all.
func (t *sinkTask) write(ctx context.Context, ops []op, careful bool) error {
	for len(ops) > 0 {
		n := 1
		for n < len(ops) && ops[n].layout.table == ops[0].layout.table {
			n++
		}
		err := error(nil)
		if careful {
			err = t.split(ctx, ops[:n], t.run, t.blame)
		} else {
			err = t.run(ctx, ops[:n])
		}
		if err != nil {
			return err
		}
		ops = ops[n:]
	}
	return nil
}

// blame refuses the record of a row.
func (t *sinkTask) blame(o op, cause error) {
	t.refused[o.record] = fmt.Errorf("sql: write to table %s: %w", o.layout.table.id, cause)
}

// split writes rows by run, and tells which are at fault: what cannot be written
// whole is written in halves.
func (t *sinkTask) split(ctx context.Context, ops []op, run func(context.Context, []op) error, blame func(op, error)) error {
	points := database.SavepointsOf(t.dialect)
	if err := t.say(ctx, points.Set); err != nil {
		return err
	}
	err := run(ctx, ops)
	if err == nil {
		return t.say(ctx, points.Release)
	}
	if fault := t.dialect.Fault(err); !t.divisible(fault) || fault != database.Data && len(ops) == 1 {
		return err
	}
	if e := t.say(ctx, points.Back, points.Release); e != nil {
		return e
	}
	if len(ops) == 1 {
		blame(ops[0], err)
		return nil
	}
	if err := t.split(ctx, ops[:len(ops)/2], run, blame); err != nil {
		return err
	}
	return t.split(ctx, ops[len(ops)/2:], run, blame)
}

// run writes rows of one table.
func (t *sinkTask) run(ctx context.Context, ops []op) error {
	for len(ops) > 0 {
		n := t.segment(ops)
		if err := t.execute(ctx, ops[:n]); err != nil {
			return err
		}
		ops = ops[n:]
	}
	return nil
}

// segment is how many rows from the first on may be written together: they are
// of one layout, and the deletes among them of one, and no key is both written
// and deleted.
func (t *sinkTask) segment(ops []op) int {
	t.seen.empty()
	var layouts [2]*layout
	for i := range ops {
		l, kind := ops[i].layout, 0
		if l.deletes {
			kind = 1
		}
		if layouts[kind] == nil {
			layouts[kind] = l
		}
		if layouts[kind] != l {
			return i
		}
		if !t.DeleteEnabled {
			continue
		}
		if was, ok := t.seen.at[ops[i].key]; ok && was != kind {
			return i
		}
		t.seen.at[ops[i].key] = kind
	}
	return len(ops)
}

// execute writes a segment: its rows first, and then the deletes of others.
func (t *sinkTask) execute(ctx context.Context, ops []op) error {
	l, rows := t.gather(ops, false)
	if err := t.save(ctx, l, rows); err != nil {
		return err
	}
	l, rows = t.gather(ops, true)
	if bulk, ok := t.dialect.(database.BulkDelete); ok && len(rows) >= bulkRows {
		return bulk.DeleteBulk(ctx, t.conn, l.table.id, l.targets(), rows)
	}
	return t.many(ctx, l, remove, rows, l.keyWidth())
}

// gather is the rows of a segment that are written, or those that are deleted.
// Of an upsert's or an update's equal keys the last counts.
func (t *sinkTask) gather(ops []op, deletes bool) (l *layout, rows [][]any) {
	once := deletes || t.InsertMode != "insert"
	t.seen.empty()
	rows = emptied(t.rows)
	for i := range ops {
		o := &ops[i]
		if o.layout.deletes != deletes {
			continue
		}
		l = o.layout
		if at, ok := t.seen.at[o.key]; ok && once {
			rows[at] = o.args
			continue
		}
		if once {
			t.seen.at[o.key] = len(rows)
		}
		rows = append(rows, o.args)
	}
	t.rows = rows
	return l, rows
}

// save inserts, upserts or updates.
func (t *sinkTask) save(ctx context.Context, l *layout, rows [][]any) error {
	switch {
	case len(rows) == 0:
		return nil
	case t.InsertMode == "update":
		return t.updates(ctx, l, rows)
	}
	how := insert
	if t.InsertMode == "upsert" {
		how = upsert
	}
	if bulk, ok := t.dialect.(database.Bulk); ok && len(rows) >= bulkRows && !l.table.plain {
		err := t.bulk(ctx, bulk, l, how, rows)
		l.table.plain = errors.Is(err, database.ErrNoBulk)
		return err
	}
	return t.many(ctx, l, how, rows, len(l.columns))
}

// bulkRows is from how many rows on the database's fast way is taken.
const bulkRows = 100

func (t *sinkTask) bulk(ctx context.Context, b database.Bulk, l *layout, how verb, rows [][]any) error {
	columns := l.targets()
	if how == insert {
		return b.InsertBulk(ctx, t.conn, l.table.id, columns, rows)
	}
	return b.UpsertBulk(ctx, t.conn, l.table.id, columns[:l.keys], columns[l.keys:], rows)
}

// targets are the columns of the table that the layout fills.
func (l *layout) targets() []database.Column {
	out := make([]database.Column, len(l.columns))
	for i := range l.columns {
		out[i] = l.columns[i].to
	}
	return out
}

// updates changes rows that are there: many at once where the database has a way
// for that, else row by row.
func (t *sinkTask) updates(ctx context.Context, l *layout, rows [][]any) error {
	if bulk, ok := t.dialect.(database.BulkUpdate); ok && len(rows) > 1 {
		columns := l.targets()
		for len(rows) > 0 {
			n := t.within(rows, len(columns))
			if err := bulk.UpdateBulk(ctx, t.conn, l.table.id, columns[:l.keys], columns[l.keys:], rows[:n]); err != nil {
				return err
			}
			rows = rows[n:]
		}
		return nil
	}
	text := t.text(l, phrase{update, 1})
	for _, row := range rows {
		t.flat = append(append(emptied(t.flat), row[l.keys:]...), row[:l.keys]...)
		if _, err := t.exec(ctx, text, t.flat, true); err != nil {
			return err
		}
	}
	return nil
}

// many runs statements of as many rows as one may have.
func (t *sinkTask) many(ctx context.Context, l *layout, how verb, rows [][]any, width int) error {
	if len(rows) == 0 {
		return nil
	}
	most := t.BatchSize
	if most <= 0 {
		most = 3000
	}
	most = max(1, min(most, t.dialect.MaxParameters()/max(1, width)))
	for len(rows) > 0 {
		n := t.within(rows[:min(most, len(rows))], width)
		t.flat = emptied(t.flat)
		for _, row := range rows[:n] {
			t.flat = append(t.flat, row[:width]...)
		}
		if _, err := t.exec(ctx, t.text(l, phrase{how, n}), t.flat, n == most || n == 1); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// within is how many of the rows a statement has room for: one at least.
func (t *sinkTask) within(rows [][]any, width int) int {
	if t.mostBytes == 0 {
		return len(rows)
	}
	size := width * 2 * 256 // the columns' names, twice
	for i, row := range rows {
		size += 20 // what stands between rows
		for _, arg := range row[:width] {
			size += database.Size(arg) + 1
		}
		if size > t.mostBytes && i > 0 {
			return i
		}
	}
	return len(rows)
}

func (l *layout) keyWidth() int {
	if l == nil {
		return 0
	}
	return l.keys
}

// mostTexts is how many statements a layout keeps the texts of.
const mostTexts = 64

// text is a statement's.
func (t *sinkTask) text(l *layout, s phrase) string {
	if text, ok := l.statements[s]; ok {
		return text
	}
	id, keys, others := l.table.id, l.names[:l.keys], l.names[l.keys:]
	var b []byte
	switch s.verb {
	case insert:
		b = t.dialect.AppendInsert(nil, id, l.names, s.rows)
	case upsert:
		b = t.dialect.AppendUpsert(nil, id, keys, others, s.rows)
	case update:
		b = t.dialect.AppendUpdate(nil, id, keys, others)
	case remove:
		b = t.dialect.AppendDelete(nil, id, keys, s.rows)
	}
	if l.statements == nil || len(l.statements) >= mostTexts {
		l.statements = map[phrase]string{}
	}
	l.statements[s] = string(b)
	return l.statements[s]
}
