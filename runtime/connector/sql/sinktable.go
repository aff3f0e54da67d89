package sql

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// target is a table that records go to.
type target struct {
	id      database.Table
	columns []database.Column // nil: not read yet
	turn    int               // its place among those of a batch
	plain   bool              // rows go in by statements alone: database.ErrNoBulk
}

// pair is what layouts are kept by.
type pair struct {
	topic      string
	key, value *connect.Schema
	tombstone  bool
}

// mostLayouts is how many are kept: who makes a schema a record has others
// forgotten.
const mostLayouts = 1000

// layoutOf is that of a record, with its table made or amended where that is
// asked for. What the record is at fault for is the layout's fault.
func (t *sinkTask) layoutOf(ctx context.Context, r *connect.Record) (*layout, error) {
	p := pair{topic: r.Topic, key: r.Key.Schema, value: r.Value.Schema, tombstone: r.IsTombstone()}
	if p.tombstone {
		p.value = nil // a delete goes by the key
	}
	if l := t.layouts[p]; l != nil {
		return l, nil
	}
	if l := t.likely(p); l != nil {
		return l, nil
	}
	tb, err := t.tableFor(r.Topic)
	if err != nil {
		return &layout{fault: err}, nil
	}
	l, err := t.layout(p.key, p.value, p.tombstone)
	if err != nil {
		l = &layout{fault: fmt.Errorf("sql: write to table %s: %w", tb.id, err)}
	} else if err := t.fit(ctx, tb, l); err != nil {
		return nil, err
	}
	if l.table = tb; !l.absent {
		t.keep(p, l)
	}
	return l, nil
}

// likely finds the layout of schemas at other addresses that say the same.
func (t *sinkTask) likely(p pair) *layout {
	for q, l := range t.layouts {
		if q.topic == p.topic && q.tombstone == p.tombstone && q.key.Equal(p.key) && q.value.Equal(p.value) {
			t.keep(p, l)
			return l
		}
	}
	return nil
}

func (t *sinkTask) keep(p pair, l *layout) {
	if len(t.layouts) >= mostLayouts {
		clear(t.layouts)
	}
	t.layouts[p] = l
	t.faulty = t.faulty || l.fault != nil
}

// review has schemas looked at again that a table had no place for: there may be
// one by now.
func (t *sinkTask) review() {
	if !t.faulty {
		return
	}
	t.faulty = false
	for p, l := range t.layouts {
		if l.fault != nil {
			delete(t.layouts, p)
			l.table.columns = nil
		}
	}
}

// forget makes the tables be read anew.
func (t *sinkTask) forget() {
	clear(t.tables)
	clear(t.layouts)
}

func (t *sinkTask) tableFor(topic string) (*target, error) {
	if tb := t.tables[topic]; tb != nil {
		return tb, nil
	}
	id, err := t.tableOf(t.dialect, topic)
	if err != nil {
		return nil, err
	}
	tb := &target{id: id}
	for _, other := range t.tables { // several topics may share one
		if other.id == id {
			tb = other
		}
	}
	t.tables[strings.Clone(topic)] = tb
	return tb, nil
}

// mostAlters is how often a table is amended for one layout: tasks that race
// may each win a part.
const mostAlters = 10

// fit matches a layout's columns with those of its table, which is made and
// amended as the options say. Other tasks may do the same at the same time.
func (t *sinkTask) fit(ctx context.Context, tb *target, l *layout) error {
	for tries := 0; ; tries++ {
		if err := t.read(ctx, tb); err != nil {
			return err
		}
		if tb.columns == nil {
			if l.absent = l.deletes && t.AutoCreate; l.absent {
				return nil
			}
			if err := t.create(ctx, tb, l, tries); err != nil || l.fault != nil {
				return err
			}
			continue
		}
		missing := l.match(tb)
		if len(missing) == 0 {
			if err := t.sound(ctx, tb, l); err != nil {
				return err
			}
			return t.binders(tb, l)
		}
		alter, err := t.alteration(tb, l, missing)
		if l.fault = err; err != nil {
			return nil
		}
		if l.fault, err = t.amend(ctx, tb, alter, tries); l.fault != nil || err != nil {
			return err
		}
		tb.columns = nil
	}
}

// amend adds columns. That they are not found afterwards, however often they are
// added, is at fault with the records that have them.
func (t *sinkTask) amend(ctx context.Context, tb *target, alter string, tries int) (fault, err error) {
	err = t.define(ctx, alter)
	switch {
	case err == nil && tries >= mostAlters:
		return fmt.Errorf("sql: table %s was given columns, and has not got them: %s", tb.id, alter), nil
	case err == nil:
		return nil, nil
	case tries >= mostAlters || final(t.dialect.Fault(err)):
		return nil, t.fault(err, "add columns to table %s: %s", tb.id, alter)
	}
	t.pause(ctx, tries)
	return nil, nil
}

// final reports whether no further try helps.
func final(f database.Fault) bool { return f == database.Denied || f == database.Away }

// read reads the table's columns, where they are not known.
func (t *sinkTask) read(ctx context.Context, tb *target) error {
	if tb.columns != nil {
		return nil
	}
	columns, err := t.dialect.Columns(ctx, t.conn, tb.id, database.Mapping{})
	if err != nil {
		return t.fault(err, "read the columns of table %s", tb.id)
	}
	if len(columns) > 0 {
		tb.columns = columns
	}
	return nil
}

// create makes the table. Where another task was faster, it is there.
func (t *sinkTask) create(ctx context.Context, tb *target, l *layout, tries int) error {
	text, err := t.creation(tb, l)
	switch {
	case err != nil && t.AutoCreate:
		l.fault = fmt.Errorf("sql: make table %s: %w", tb.id, err)
		return nil
	case err != nil:
		return connect.Fatal(fmt.Errorf("sql: %s: table %s is not there, and autoCreate is off: make it", t.Connection, tb.id))
	case !t.AutoCreate:
		return connect.Fatal(fmt.Errorf("sql: %s: table %s is not there, and autoCreate is off: set it, or make the table, such as: %s", t.Connection, tb.id, text))
	}
	err = t.define(ctx, text)
	if err == nil && tries < mostAlters {
		t.sc.Log.Info("made a table", "table", tb.id.String())
		return nil
	}
	if err == nil {
		return fmt.Errorf("sql: %s: table %s was made, and is not there: %s", t.Connection, tb.id, text)
	}
	if again := t.read(ctx, tb); again == nil && tb.columns != nil {
		return nil
	}
	if tries < 3 && !final(t.dialect.Fault(err)) {
		t.pause(ctx, tries)
		return nil
	}
	return t.fault(err, "make table %s: %s", tb.id, text)
}

// creation is the statement that makes the table.
func (t *sinkTask) creation(tb *target, l *layout) (string, error) {
	var defs []database.Definition
	var keys []string
	for i := range l.columns {
		def, err := l.definition(t.dialect, i)
		if err != nil {
			return "", err
		}
		if defs = append(defs, def); i < l.keys {
			keys = append(keys, def.Name)
		}
	}
	return string(t.dialect.AppendCreate(nil, tb.id, defs, keys)), nil
}

// alteration is the statement that adds columns; where there can be none, the
// records are at fault.
func (t *sinkTask) alteration(tb *target, l *layout, missing []int) (string, error) {
	var defs []database.Definition
	var names, hard []string
	for _, i := range missing {
		c := &l.columns[i]
		names = append(names, c.name)
		if _, has := c.schema.Default(); i < l.keys || !c.schema.IsOptional() && !has {
			hard = append(hard, c.name)
		}
		def, err := l.definition(t.dialect, i)
		if err != nil {
			return "", fmt.Errorf("sql: table %s: %w", tb.id, err)
		}
		def.NotNull = def.NotNull && (def.Default != "" || i < l.keys)
		defs = append(defs, def)
	}
	text := string(t.dialect.AppendAddColumns(nil, tb.id, defs))
	switch {
	case l.deletes:
		return "", fmt.Errorf("sql: table %s has no column %s, of the key", tb.id, wordsOf(names))
	case len(hard) > 0:
		return "", fmt.Errorf("sql: table %s has no column for %s, and only fields that are optional or have a default are added: add it by hand, such as: %s", tb.id, wordsOf(hard), text)
	case !t.AutoEvolve:
		return "", fmt.Errorf("sql: table %s has no column for %s, and autoEvolve is off: set it, or run: %s", tb.id, wordsOf(names), text)
	}
	return text, nil
}

// define runs DDL, outside of transactions.
func (t *sinkTask) define(ctx context.Context, text string) error {
	if t.tx != nil {
		return errors.New("a table is made within a transaction")
	}
	_, err := t.conn.ExecContext(ctx, text)
	return err
}

// match finds the columns of the table, and which are missing. A name that
// differs in upper and lower case alone is taken where there is no other.
func (l *layout) match(tb *target) (missing []int) {
	l.names = l.names[:0]
	for i := range l.columns {
		c := &l.columns[i]
		at := columnsCalled(c.name, tb.columns)
		if len(at) != 1 {
			missing = append(missing, i)
			continue
		}
		c.to = tb.columns[at[0]]
		l.names = append(l.names, c.to.Name)
	}
	return missing
}

// binders finds how the layout's data become parameters.
func (t *sinkTask) binders(tb *target, l *layout) error {
	for i := range l.columns {
		c := &l.columns[i]
		if c.to.Computed && i >= l.keys {
			l.fault = fmt.Errorf("sql: table %s computes column %s by itself: leave it out of fieldsWhitelist", tb.id, connect.Word(c.to.Name))
			return nil
		}
		var err error
		if c.bind, err = t.binder(c); err != nil {
			l.fault = fmt.Errorf("sql: table %s: field %s to column %s: %w", tb.id, connect.Word(c.name), connect.Word(c.to.Name), err)
			return nil
		}
	}
	return nil
}

func (t *sinkTask) binder(c *column) (database.Bind, error) {
	schema := c.schema
	if c.time != nil {
		schema = c.time
	}
	bind, err := t.dialect.Binder(schema, c.to, t.writing)
	if err != nil {
		return nil, err
	}
	if t.DateCalendarSystem == legacy {
		bind = t.fromJulian(schema, bind)
	}
	if c.time == nil {
		return bind, nil
	}
	unit := time.Microsecond
	if t.TimestampPrecisionMode == "nanoseconds" {
		unit = time.Nanosecond
	}
	return func(v connect.Value) (any, error) {
		at, err := instant(v, unit)
		if err != nil {
			return nil, err
		}
		return bind(at)
	}, nil
}
