package sql

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// exactSink writes each record once: each Put is a transaction that writes its
// rows and moves the positions of their partitions, from where the task knows
// them to be. Where they are not there any more another task has written, or the
// answer to an own commit was lost: the positions are read again, and the
// records before them, which are in the tables, are left out. So two tasks that
// both believe that a partition is theirs write each record once, in order,
// whoever is faster; a transaction never outlives its Put.
//
// A record that is refused must be in the dead letter queue before a position
// passes it. A Put that refuses some therefore takes back its transaction, and
// the next call, before which the worker has written them, does it again
// without them.
type exactSink struct{ *sinkTask }

var _ connect.PositionKeeper = (*exactSink)(nil)

// ledger is the table of positions, as a task sees it.
type ledger struct {
	t     *sinkTask
	table database.Table
	at    map[connect.TopicPartition]int64 // as last known
	ahead map[connect.TopicPartition]bool  // another has moved it: records before it are there

	pending []op // of a Put that refused others
	moves   []move
}

// move is what a batch makes of a position.
type move struct {
	connect.TopicPartition
	first, next int64
}

// compare puts moves in an order that is every task's: rows are locked in it.
func (m move) compare(o move) int {
	return cmp.Or(cmp.Compare(m.Topic, o.Topic), cmp.Compare(m.Partition, o.Partition))
}

// errMoved says that positions were not where they were thought to be.
var errMoved = errors.New("sql: positions have moved")

var ledgerColumns = []string{"connector", "topic", "partition", "offset"}

func newLedger(t *sinkTask) (*ledger, error) {
	name := t.OffsetsTable
	if name == "" {
		name = "kcgen_offsets"
	}
	table, err := t.dialect.ParseTable(name)
	if err != nil {
		return nil, fmt.Errorf("sql: offsetsTable: %w", err)
	}
	return &ledger{t: t, table: table, at: map[connect.TopicPartition]int64{}, ahead: map[connect.TopicPartition]bool{}}, nil
}

// prepare makes the table, where it is not there.
func (g *ledger) prepare(ctx context.Context) error {
	text, err := g.creation()
	if err != nil {
		return err
	}
	for tries := 0; ; tries++ {
		columns, err := g.t.dialect.Columns(ctx, g.t.conn, g.table, database.Mapping{})
		if err != nil {
			return g.t.fault(err, "read the columns of table %s, of offsetsTable", g.table)
		}
		if len(columns) > 0 {
			if err := g.t.transacted(ctx, g.table); err != nil {
				return err
			}
			return g.verify(columns, text)
		}
		if err := g.t.define(ctx, text); err != nil && (tries == 3 || final(g.t.dialect.Fault(err))) {
			return g.t.fault(err, "make the table of offsetsTable; it is made with: %s", text)
		}
		if tries > 3 {
			return fmt.Errorf("sql: %s: the table of offsetsTable was made, and is not there: %s", g.t.Connection, text)
		}
		g.t.pause(ctx, tries)
	}
}

// verify looks whether a table that is there is one of positions.
func (g *ledger) verify(columns []database.Column, text string) error {
	for _, name := range ledgerColumns {
		if !slices.ContainsFunc(columns, func(c database.Column) bool { return strings.EqualFold(c.Name, name) }) {
			return connect.Fatal(fmt.Errorf("sql: %s: table %s of offsetsTable has no column %s: give the name of another; it is made with: %s", g.t.Connection, g.table, name, text))
		}
	}
	return nil
}

func (g *ledger) creation() (string, error) {
	schemas := []*connect.Schema{connect.StringSchema, connect.StringSchema, connect.Int32Schema, connect.Int64Schema}
	var defs []database.Definition
	for i, s := range schemas {
		kind, err := g.t.dialect.ColumnType(s, i < 3)
		if err != nil {
			return "", fmt.Errorf("sql: offsetsTable: %w", err)
		}
		defs = append(defs, database.Definition{Name: ledgerColumns[i], Type: kind, NotNull: true})
	}
	return string(g.t.dialect.AppendCreate(nil, g.table, defs, ledgerColumns[:3])), nil
}

// Put writes a batch and moves its positions.
func (e *exactSink) Put(ctx context.Context, batch []connect.Record) error {
	if len(batch) == 0 {
		return nil
	}
	defer e.release()
	if err := e.exact.settle(ctx); err != nil {
		return err
	}
	moves, err := e.exact.movesOf(batch)
	if err != nil {
		return err
	}
	if err := e.put(ctx, batch, func(ctx context.Context, how care) error {
		maps.DeleteFunc(e.refused, func(i int, _ error) bool { return e.exact.written(&batch[i]) })
		return e.exact.transact(ctx, moves, how)
	}); err != nil {
		return err
	}
	e.refuse()
	return nil
}

// transact writes what was collected, with the positions. Where records are
// refused all of it waits for the worker to have seen to them.
func (g *ledger) transact(ctx context.Context, moves []move, how care) error {
	t := g.t
	t.ops = g.missing(t.ops)
	if how == sifted {
		if err := t.sift(ctx); err != nil {
			return err
		}
	}
	if err := g.write(ctx, t.ops, moves, how > together); err != nil {
		return err
	}
	if len(t.refused) > 0 {
		t.rollback()
		g.pending, g.moves = slices.Clone(t.accepted()), moves
		t.args = nil // they are the pending ones'
		return nil
	}
	return g.commit(moves)
}

// write does all of a transaction but its commit.
func (g *ledger) write(ctx context.Context, ops []op, moves []move, careful bool) error {
	if err := g.t.start(ctx); err != nil {
		return err
	}
	for _, m := range moves {
		if err := g.advance(ctx, m.TopicPartition, m.next); err != nil {
			return err
		}
	}
	return g.t.write(ctx, ops, careful)
}

func (g *ledger) commit(moves []move) error {
	if err := g.t.commit(); err != nil {
		return err
	}
	for _, m := range moves {
		if at, ok := g.at[m.TopicPartition]; !ok || at < m.next {
			g.at[m.TopicPartition] = m.next
		}
	}
	return nil
}

// missing leaves out what another task has written.
func (g *ledger) missing(ops []op) []op {
	if len(g.ahead) == 0 {
		return ops
	}
	return slices.DeleteFunc(ops, func(o op) bool { return g.before(o.at, o.offset) })
}

// written reports whether another task has written a record, or refused it.
func (g *ledger) written(r *connect.Record) bool {
	return len(g.ahead) > 0 && g.before(connect.TopicPartition{Topic: r.Topic, Partition: r.Partition}, r.Offset)
}

func (g *ledger) before(tp connect.TopicPartition, offset int64) bool {
	return g.ahead[tp] && offset < g.at[tp]
}

// settle writes what a Put had to leave to the next call.
func (g *ledger) settle(ctx context.Context) error {
	if len(g.moves) == 0 {
		return nil
	}
	err := g.again(ctx, func() error {
		g.pending = g.missing(g.pending)
		if err := g.write(ctx, g.pending, g.moves, false); err != nil {
			return err
		}
		return g.commit(g.moves)
	})
	if err != nil {
		return err
	}
	g.pending, g.moves = nil, nil
	return nil
}

// again tries a transaction of its own until the positions are where they are
// thought to be.
func (g *ledger) again(ctx context.Context, transaction func() error) error {
	t := g.t
	for tries := 0; ; tries++ {
		err := t.connected(ctx)
		if err == nil {
			err = transaction()
		}
		if err == nil {
			return nil
		}
		t.rollback()
		fault := t.dialect.Fault(err)
		switch {
		case errors.Is(err, errMoved) && tries < 100*mostTries:
			continue
		case errors.Is(err, connect.ErrFatal) || errors.As(err, new(told)):
			return err
		case fault == database.Busy && tries < mostTries && ctx.Err() == nil:
			t.pause(ctx, tries)
			continue
		case fault != database.Busy:
			t.disconnect()
		}
		return t.fault(err, "write rows with their positions in table %s", g.table)
	}
}

// movesOf are the moves of a batch, in an order that is every task's. The
// worker reads from where the positions are, so a record before them is of a
// topic that was made anew, unless another task has moved them.
func (g *ledger) movesOf(batch []connect.Record) ([]move, error) {
	var moves []move
	last := -1
	for i := range batch {
		r := &batch[i]
		tp := connect.TopicPartition{Topic: r.Topic, Partition: r.Partition}
		if last < 0 || moves[last].TopicPartition != tp {
			if last = slices.IndexFunc(moves, func(m move) bool { return m.TopicPartition == tp }); last < 0 {
				last = len(moves)
				moves = append(moves, move{TopicPartition: tp, first: r.Offset})
			}
		}
		moves[last].next = max(moves[last].next, r.Offset+1)
	}
	for _, m := range moves {
		at, known := g.at[m.TopicPartition]
		switch {
		case known && m.first >= at:
			delete(g.ahead, m.TopicPartition)
		case known && !g.ahead[m.TopicPartition]:
			return nil, connect.Fatal(fmt.Errorf("sql: %s: topic %s, partition %d gives offset %d, and table %s says that it was written up to %d: was the topic made anew? Delete the row of connector %s to write it from the beginning",
				g.t.Connection, connect.Word(m.Topic), m.Partition, m.first, g.table, at, connect.Word(g.t.sc.Name)))
		}
	}
	slices.SortFunc(moves, move.compare)
	return moves, nil
}

// advance moves a position within the transaction, from where it is known to
// be. The row is locked from then on: who else would move it waits, and finds
// it moved.
func (g *ledger) advance(ctx context.Context, tp connect.TopicPartition, next int64) error {
	t := g.t
	at, known := g.at[tp]
	switch {
	case known && at >= next:
		return nil
	case !known:
		text := string(t.dialect.AppendInsert(nil, g.table, ledgerColumns, 1))
		_, err := t.exec(ctx, text, []any{t.sc.Name, tp.Topic, int64(tp.Partition), next}, true)
		if err != nil && t.dialect.Fault(err) == database.Data {
			t.rollback()
			return g.adopt(ctx, tp, err)
		}
		return err
	}
	text := string(t.dialect.AppendUpdate(nil, g.table, ledgerColumns, ledgerColumns[3:]))
	result, err := t.exec(ctx, text, []any{next, t.sc.Name, tp.Topic, int64(tp.Partition), at}, true)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		return err
	}
	t.rollback()
	return g.adopt(ctx, tp, nil)
}

// adopt takes the position that another has written.
func (g *ledger) adopt(ctx context.Context, tp connect.TopicPartition, cause error) error {
	was, known := g.at[tp]
	stands, err := g.read(ctx)
	if err != nil {
		return err
	}
	at, ok := stands[tp]
	switch {
	case !ok && cause != nil:
		return g.t.fault(cause, "keep the position of topic %s, partition %d in table %s", connect.Word(tp.Topic), tp.Partition, g.table)
	case known && (!ok || at <= was):
		return connect.Fatal(fmt.Errorf("sql: %s: the position of topic %s, partition %d in table %s was taken back from %d while the task ran: restart it to go on from there",
			g.t.Connection, connect.Word(tp.Topic), tp.Partition, g.table, was))
	}
	g.t.sc.Log.Warn("another task, or one whose answer was lost, has written records; going on behind them", "topic", tp.Topic, "partition", tp.Partition, "offset", at)
	g.at[tp], g.ahead[tp] = at, true
	return errMoved
}

// read reads the positions.
func (g *ledger) read(ctx context.Context) (map[connect.TopicPartition]int64, error) {
	if err := g.t.connected(ctx); err != nil { // a rollback may have thrown the connection away
		return nil, err
	}
	d := g.t.dialect
	text := database.AppendNames([]byte("SELECT "), d, ledgerColumns[1:])
	text = database.AppendTable(append(text, " FROM "...), d, g.table)
	text = d.AppendIdentifier(append(text, " WHERE "...), ledgerColumns[0])
	text = d.AppendParameter(append(text, " = "...), 1)
	rows, err := g.t.conn.QueryContext(ctx, string(text), g.t.sc.Name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[connect.TopicPartition]int64{}
	for rows.Next() {
		var tp connect.TopicPartition
		var at int64
		if err := rows.Scan(&tp.Topic, &tp.Partition, &at); err != nil {
			return nil, err
		}
		out[tp] = at
	}
	return out, rows.Err()
}

// Positions are those of the table.
func (e *exactSink) Positions(ctx context.Context, ps []connect.TopicPartition) ([]connect.Position, error) {
	g := e.exact
	if err := g.settle(ctx); err != nil {
		return nil, err
	}
	stands, err := g.readPatiently(ctx)
	if err != nil {
		return nil, err
	}
	var out []connect.Position
	for _, tp := range ps {
		delete(g.at, tp)
		delete(g.ahead, tp)
		if at, ok := stands[tp]; ok {
			g.at[tp] = at
			out = append(out, connect.Position{TopicPartition: tp, Offset: at})
		}
	}
	return out, nil
}

// patience is how long positions are asked for while the database is away: the
// group waits meanwhile.
const patience = 30 * time.Second

func (g *ledger) readPatiently(ctx context.Context) (map[connect.TopicPartition]int64, error) {
	begun := time.Now()
	for tries := 0; ; tries++ {
		stands, err := g.read(ctx)
		if err == nil {
			return stands, nil
		}
		g.t.disconnect()
		fault := g.t.dialect.Fault(err)
		if fault != database.Away && fault != database.Busy || ctx.Err() != nil || time.Since(begun) > patience {
			return nil, g.t.fault(err, "read positions from table %s", g.table)
		}
		g.t.pause(ctx, 5)
	}
}

// Flush writes what a Put had to leave.
func (e *exactSink) Flush(ctx context.Context) error { return e.exact.settle(ctx) }

// FlushAt moves the positions over what was no row: records that were filtered,
// or went to a dead letter queue.
func (e *exactSink) FlushAt(ctx context.Context, ps []connect.Position) error {
	g := e.exact
	if err := g.settle(ctx); err != nil {
		return err
	}
	var moves []move
	for _, p := range ps {
		if at, ok := g.at[p.TopicPartition]; !ok || at < p.Offset {
			moves = append(moves, move{TopicPartition: p.TopicPartition, next: p.Offset})
		}
	}
	if len(moves) == 0 {
		return nil
	}
	slices.SortFunc(moves, move.compare)
	return g.again(ctx, func() error {
		if err := g.write(ctx, nil, moves, false); err != nil {
			return err
		}
		return g.commit(moves)
	})
}
