package cdc

import (
	"time"

	"kcgen.dev/runtime/connect"
)

// Op is what happened to a row, by Debezium's letter.
type Op byte

// What happens.
const (
	Read     Op = 'r' // a snapshot has read it
	Create   Op = 'c'
	Update   Op = 'u'
	Delete   Op = 'd'
	Truncate Op = 't' // of a whole table
	Message  Op = 'm' // of a program, to whom it may concern
)

// The headers of a row whose key has changed.
const (
	NewKeyHeader = "__debezium.newkey"
	OldKeyHeader = "__debezium.oldkey"
)

// Change is what happened to a row. The rows hold a value for each column of the
// layout's table, in order, and belong to the caller again when Change returns;
// what their values reach does not.
type Change struct {
	Op     Op
	Layout *Layout
	Before []connect.Value // nil: not known
	After  []connect.Value // nil: there is none
	Source *connect.Struct // of Emitter.Source
	Now    time.Time       // when it is captured
	// Transaction and At are the id and the time of the transaction, where the
	// change is told as a part of it; "" is of none, as rows of snapshots are.
	Transaction string
	At          time.Time
}

// Emitter makes records of changes. It is for one goroutine.
type Emitter struct {
	// Transaction is the place in the open transaction. It is part of offsets.
	Transaction Transaction
	// Topics are where records go.
	Topics Topics
	// Filter says what is captured.
	Filter *Filter

	slab      connect.Slab
	layouts   layouts
	known     map[TableID]*Layout
	skip      [256]bool
	headers   []connect.Header
	tombs     bool
	unchanged bool // changes of nothing are left out
	ordered   bool // transactions are told
	heart     heart
	txSchemas txSchemas

	version, connector, server connect.Value
}

// NewEmitter is the emitter of a task. source is the schema of the connector's
// source blocks: see NewSourceSchema.
func NewEmitter(o Options, c Connector, source *connect.Schema) (e *Emitter, err error) {
	e = &Emitter{
		Topics: NewTopics(o, c.Catalogs), known: map[TableID]*Layout{},
		tombs: o.TombstonesOnDelete, unchanged: o.SkipMessagesWithoutChange, ordered: o.ProvideTransactionMetadata,
		version: connect.String(Version), connector: connect.String(c.Name), server: connect.String(o.TopicPrefix),
	}
	if e.Filter, err = NewFilter(o); err != nil {
		return nil, err
	}
	e.layouts = layouts{filter: e.Filter, topics: e.Topics, source: source}
	if e.layouts.mappers, err = newMappers(o); err != nil {
		return nil, err
	}
	if e.layouts.schemas, err = newAdjuster(o.SchemaNameAdjustmentMode, false); err != nil {
		return nil, connect.OptionErrorf("schemaNameAdjustmentMode", "cdc: %w", err)
	}
	if e.layouts.fields, err = newAdjuster(o.FieldNameAdjustmentMode, true); err != nil {
		return nil, connect.OptionErrorf("fieldNameAdjustmentMode", "cdc: %w", err)
	}
	if err := e.skips(o.SkippedOperations); err != nil {
		return nil, err
	}
	if o.ExtendedHeadersEnabled {
		e.headers = contextHeaders(o.TopicPrefix, c)
	}
	e.heart, e.txSchemas = newHeart(o, e.layouts.schemas), newTxSchemas(e.layouts.schemas)
	return e, nil
}

// skips reads skippedOperations.
func (e *Emitter) skips(ops []string) error {
	if ops == nil {
		ops = []string{"t"}
	}
	for _, op := range ops {
		switch op {
		case "c", "u", "d", "t":
			e.skip[op[0]] = true
		case "none":
		default:
			return connect.OptionErrorf("skippedOperations", "cdc: %q: must be c, u, d, t or none", op)
		}
	}
	return nil
}

// Skips reports whether changes of a kind are left out, so that they need not be
// decoded.
func (e *Emitter) Skips(op Op) bool { return e.skip[op] }

// Layout is the layout of a table. Where nothing of it has changed since the last
// call it is the same one, so that its schemas stay the same.
func (e *Emitter) Layout(t *Table) (*Layout, error) {
	l, err := e.layouts.layout(t)
	if err != nil {
		return nil, err
	}
	if old := e.known[t.ID]; old != nil && sameColumns(old.Table, t) && old.Key.Equal(l.Key) && old.Envelope.Equal(l.Envelope) {
		return old, nil
	}
	e.known[t.ID] = l
	return l, nil
}

// Forget lets go of the layout of a table that is gone.
func (e *Emitter) Forget(id TableID) { delete(e.known, id) }

func sameColumns(a, b *Table) bool {
	if len(a.Columns) != len(b.Columns) {
		return false
	}
	for i := range a.Columns {
		x, y := &a.Columns[i], &b.Columns[i]
		if x.Name != y.Name || x.Text != y.Text || x.Length != y.Length || !x.Schema.Equal(y.Schema) {
			return false
		}
	}
	return true
}

// Change adds the records of a change to b, and says how many there are: none
// where it is left out.
func (e *Emitter) Change(b *connect.Batch, c *Change) int {
	before := len(b.Records)
	switch {
	case c.Op == Update && e.changesKey(c):
		e.changeKey(b, c)
	case c.Op == Update && e.unchanged && sameRows(c):
	default:
		e.change(b, c, c.Op, c.Before, c.After, connect.Header{})
	}
	return len(b.Records) - before
}

// sameRows reports whether an update changes nothing that is captured.
func sameRows(c *Change) bool {
	if c.Before == nil || c.After == nil {
		return false
	}
	for i := range c.Layout.value {
		if at := &c.Layout.value[i]; !at.of(c.Before).Equal(at.of(c.After)) {
			return false
		}
	}
	return true
}

// changesKey reports whether an update moves the row to another key.
func (e *Emitter) changesKey(c *Change) bool {
	if c.Before == nil || c.After == nil {
		return false
	}
	for i := range c.Layout.key {
		if at := &c.Layout.key[i]; !at.of(c.Before).Equal(at.of(c.After)) {
			return true
		}
	}
	return false
}

// changeKey tells an update of a key as a delete and a create.
func (e *Emitter) changeKey(b *connect.Batch, c *Change) {
	if e.unchanged && sameRows(c) {
		return
	}
	key := c.Layout.Key
	to := connect.Header{Key: NewKeyHeader, Datum: connect.Datum{Schema: key, Value: e.row(key, c.Layout.key, c.After)}}
	from := connect.Header{Key: OldKeyHeader, Datum: connect.Datum{Schema: key, Value: e.row(key, c.Layout.key, c.Before)}}
	e.change(b, c, Delete, c.Before, nil, to)
	e.change(b, c, Create, nil, c.After, from)
}

// change adds one change, and the tombstone behind a delete.
func (e *Emitter) change(b *connect.Batch, c *Change, op Op, before, after []connect.Value, h connect.Header) {
	if e.skip[op] {
		return
	}
	l := c.Layout
	place := e.Place(b, l.name, c.Transaction, c.At)
	r := b.Add()
	r.Topic = l.Topic
	if op != Truncate {
		r.Key = e.key(l, before, after)
	}
	r.Value = connect.Datum{Schema: l.Envelope, Value: e.envelope(c, op, before, after, place)}
	if h.Key != "" {
		r.Headers = append(r.Headers, h)
	}
	e.AddContext(r)
	if op == Delete && e.tombs {
		e.tombstone(b)
	}
}

// tombstone follows the record that was added last.
func (e *Emitter) tombstone(b *connect.Batch) {
	t := b.Add()
	d := &b.Records[len(b.Records)-2]
	t.Topic, t.Key = d.Topic, d.Key
	t.Headers = append(t.Headers, d.Headers...)
}

func (e *Emitter) key(l *Layout, before, after []connect.Value) connect.Datum {
	if l.Key == nil {
		return connect.Datum{}
	}
	row := after
	if row == nil {
		row = before
	}
	return connect.Datum{Schema: l.Key, Value: e.row(l.Key, l.key, row)}
}

func (e *Emitter) envelope(c *Change, op Op, before, after []connect.Value, place connect.Value) connect.Value {
	env := e.slab.Struct(c.Layout.Envelope)
	env.Slots[SlotBefore] = e.row(c.Layout.Value, c.Layout.value, before)
	env.Slots[SlotAfter] = e.row(c.Layout.Value, c.Layout.value, after)
	env.Slots[SlotSource] = c.Source.Value()
	env.Slots[SlotTransaction] = place
	env.Slots[SlotOp] = ops[op]
	env.Slots[SlotTsMs] = connect.Int64(c.Now.UnixMilli())
	env.Slots[SlotTsUs] = connect.Int64(c.Now.UnixMicro())
	env.Slots[SlotTsNs] = connect.Int64(c.Now.UnixNano())
	return env.Value()
}

// row is the struct of a row; null where there is none.
func (e *Emitter) row(s *connect.Schema, cells []cell, row []connect.Value) connect.Value {
	if row == nil {
		return connect.Null
	}
	st := e.slab.Struct(s)
	for i := range cells {
		st.Slots[i] = cells[i].of(row)
	}
	return st.Value()
}

// ops are the letters of what happens.
var ops = func() (v [256]connect.Value) {
	for _, op := range []Op{Read, Create, Update, Delete, Truncate, Message} {
		v[op] = connect.PlainText([]byte{byte(op)})
	}
	return v
}()
