package sql

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// mostTries is how often a Put tries by itself what the database was too busy
// for, or whose table has changed. Then the worker waits and tries.
const mostTries = 4

// Put writes a batch in one transaction: all of it is there afterwards, but for
// the records that are refused, or nothing is. Tables are made and amended
// before it begins.
func (t *sinkTask) Put(ctx context.Context, batch []connect.Record) error {
	if len(batch) == 0 {
		return nil
	}
	defer t.release()
	if err := t.put(ctx, batch, t.transact); err != nil {
		return err
	}
	t.refuse()
	return nil
}

// refuse tells the worker which records were refused.
func (t *sinkTask) refuse() {
	for _, i := range slices.Sorted(maps.Keys(t.refused)) {
		t.sc.Results.Refuse(t.sc.Results.Ticket(i), t.refused[i])
	}
}

// care is how much is done to find the rows that are at fault.
type care uint8

const (
	together care = iota
	careful       // those for which a statement is refused
	sifted        // and those for which the commit is
)

// put tries until a try goes well, or no further one helps.
func (t *sinkTask) put(ctx context.Context, batch []connect.Record, transact func(context.Context, care) error) error {
	how := together
	for tries := 0; ; tries++ {
		err := t.try(ctx, batch, how, transact)
		if err == nil {
			return nil
		}
		t.rollback()
		if errors.Is(err, errMoved) && tries < 100*mostTries {
			continue
		}
		if errors.Is(err, database.ErrNoBulk) {
			continue // the table is known as plain now
		}
		fault := t.dialect.Fault(err)
		known := errors.Is(err, connect.ErrFatal) || errors.As(err, new(told))
		switch {
		case known || ctx.Err() != nil:
		case t.divisible(fault) && how == together:
			how = careful
			continue
		case fault == database.Data && how == careful && t.defers():
			how = sifted // it was the commit: what a statement is refused for was found
			continue
		case fault == database.Absent && tries < mostTries:
			t.forget()
			t.closeStatements()
			continue
		case fault == database.Busy && tries < mostTries:
			t.pause(ctx, tries)
			continue
		}
		if fault != database.Busy && fault != database.Data {
			t.disconnect()
		}
		if known {
			return err
		}
		return t.fault(err, "write %s", t.tablesOf())
	}
}

// divisible reports whether a statement's fault may be that of some of its rows:
// of keys that the database takes for equal (by a collation), a statement may
// not have two.
func (t *sinkTask) divisible(f database.Fault) bool {
	return f == database.Data || f == database.Unknown && t.InsertMode == "upsert"
}

// try makes rows of the batch and writes them.
func (t *sinkTask) try(ctx context.Context, batch []connect.Record, how care, transact func(context.Context, care) error) error {
	if err := t.connected(ctx); err != nil {
		return err
	}
	if err := t.collect(ctx, batch); err != nil {
		return err
	}
	return transact(ctx, how)
}

// transact writes what was collected.
func (t *sinkTask) transact(ctx context.Context, how care) error {
	if how == sifted {
		if err := t.sift(ctx); err != nil {
			return err
		}
	}
	if len(t.ops) == 0 {
		return nil
	}
	if err := t.start(ctx); err != nil {
		return err
	}
	if err := t.write(ctx, t.ops, how > together); err != nil {
		return err
	}
	return t.commit()
}

// collect makes rows of the records that can be written, table by table.
func (t *sinkTask) collect(ctx context.Context, batch []connect.Record) error {
	clear(t.refused)
	t.review()
	t.ops, t.args, t.keys = emptied(t.ops), emptied(t.args), t.keys[:0]
	var turns []*target
	for i := range batch {
		l, err := t.accept(ctx, &batch[i])
		switch {
		case err != nil:
			return err
		case l.fault != nil:
			t.refused[i] = l.fault
			continue
		case l.absent:
			continue
		}
		if err := t.add(l, i, &batch[i]); err != nil {
			t.refused[i] = fmt.Errorf("sql: write to table %s: %w", l.table.id, err)
			continue
		}
		turns = takeTurn(turns, l.table)
	}
	if len(turns) > 1 {
		slices.SortStableFunc(t.ops, func(a, b op) int { return a.layout.table.turn - b.layout.table.turn })
	}
	keys := string(t.keys)
	for i := range t.ops {
		t.ops[i].key = keys[t.ops[i].from:t.ops[i].to]
	}
	return nil
}

// add makes a row of a record.
func (t *sinkTask) add(l *layout, i int, r *connect.Record) (err error) {
	from := len(t.args)
	if t.args, err = l.bind(t.args, r); err != nil {
		clear(t.args[from:])
		t.args = t.args[:from]
		return err
	}
	o := op{record: i, layout: l, args: t.args[from:len(t.args):len(t.args)], offset: r.Offset,
		at: connect.TopicPartition{Topic: r.Topic, Partition: r.Partition}, from: len(t.keys)}
	if t.InsertMode != "insert" || t.DeleteEnabled {
		t.keys = l.appendKey(t.keys, r)
	}
	o.to = len(t.keys)
	t.ops = append(t.ops, o)
	return nil
}

// takeTurn gives a table its turn: that of its first record.
func takeTurn(turns []*target, tb *target) []*target {
	if n := len(turns); n > 0 && turns[n-1] == tb {
		return turns
	}
	if at := slices.Index(turns, tb); at >= 0 {
		return turns
	}
	tb.turn = len(turns)
	return append(turns, tb)
}

// noKey and noValue are of records that lack what the options need.
var (
	noKey   = &layout{fault: errors.New("sql: the key is null, and pkMode record_key makes the row's key of it")}
	noValue = &layout{fault: errors.New("sql: the value is null: deleteEnabled makes tombstones delete rows; a transform such as transform.#TombstoneHandler drops them")}
)

// accept finds the layout of a record.
func (t *sinkTask) accept(ctx context.Context, r *connect.Record) (*layout, error) {
	switch {
	case r.IsTombstone() && !t.DeleteEnabled:
		return noValue, nil
	case t.PkMode == "record_key" && r.Key.IsNull():
		return noKey, nil
	}
	return t.layoutOf(ctx, r)
}

// tablesOf names the tables of the batch in an error.
func (t *sinkTask) tablesOf() string {
	var names []string
	for _, tb := range t.tables {
		if !slices.Contains(names, tb.id.String()) {
			names = append(names, tb.id.String())
		}
	}
	slices.Sort(names)
	if len(names) > 3 {
		names = append(names[:3], "others")
	}
	return "to " + wordsOf(names)
}

// mostKept is how many parameters keep their memory for the next batch.
const mostKept = 1 << 20

// release lets go of what belongs to the worker again.
func (t *sinkTask) release() {
	t.args, t.ops, t.rows, t.flat = emptied(t.args), emptied(t.ops), emptied(t.rows), emptied(t.flat)
	t.seen.release()
	if cap(t.args) > mostKept {
		t.args, t.ops, t.rows, t.flat, t.seen = nil, nil, nil, nil, rowKeys{}
	}
}
