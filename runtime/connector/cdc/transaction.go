package cdc

import (
	"maps"
	"slices"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
)

// TransactionBlockSchema is of a change's place in its transaction.
var TransactionBlockSchema = connect.NewStruct().Name("event.block").Version(1).Optional().
	Field("id", connect.StringSchema).
	Field("total_order", connect.Int64Schema).
	Field("data_collection_order", connect.Int64Schema).
	MustBuild()

// eventCountSchema is of how many changes of a table a transaction has.
var eventCountSchema = connect.NewStruct().Name("event.collection").Version(1).Optional().
	Field("data_collection", connect.StringSchema).
	Field("event_count", connect.Int64Schema).
	MustBuild()

// txSchemas are of begins and ends of transactions.
type txSchemas struct{ key, value *connect.Schema }

func newTxSchemas(adjust adjuster) txSchemas {
	return txSchemas{
		key: connect.NewStruct().Name(adjust("io.debezium.connector.common.TransactionMetadataKey")).Version(1).
			Field("id", connect.StringSchema).MustBuild(),
		value: connect.NewStruct().Name(adjust("io.debezium.connector.common.TransactionMetadataValue")).Version(1).
			Field("status", connect.StringSchema).
			Field("id", connect.StringSchema).
			Field("event_count", connect.OptionalInt64Schema).
			Field("data_collections", connect.NewArray(eventCountSchema).Optional().MustBuild()).
			Field("ts_ms", connect.Int64Schema).MustBuild(),
	}
}

// The keys of offsets that hold the place in a transaction.
const (
	transactionID     = "transaction_id"
	transactionCounts = "transaction_data_collection_order_"
)

// Transaction is the place in the open transaction, as far as it is told.
type Transaction struct {
	id     string
	total  int64
	counts counts
}

// Store adds the place to an offset.
func (t *Transaction) Store(o connect.SourceOffset) {
	if t.id != "" {
		o[transactionID] = t.id
	}
	for _, c := range t.counts.tables {
		o[transactionCounts+c.table] = c.n
	}
}

// Load takes the place from an offset. That does not say in which order the
// tables came: those that share a bucket may be told in another one than before
// (see counts), as Debezium's may.
func (t *Transaction) Load(o connect.SourceOffset) {
	*t = Transaction{}
	t.id, _ = o[transactionID].(string)
	for _, k := range slices.Sorted(maps.Keys(o)) {
		table, ok := strings.CutPrefix(k, transactionCounts)
		if n, is := o[k].(int64); ok && is {
			t.counts.add(table, n)
			t.total += n
		}
	}
}

// begin forgets the one before.
func (t *Transaction) begin(id string) {
	t.id, t.total = id, 0
	t.counts.clear()
}

// Begin adds a record that a transaction begins, where that is told. One that is
// open by the offset that was loaded goes on.
func (e *Emitter) Begin(b *connect.Batch, id string, at time.Time) {
	if !e.ordered || e.Transaction.id == id {
		return
	}
	e.Transaction.begin(id)
	e.boundary(b, "BEGIN", at)
}

// End adds a record that the open transaction ends, where one was told to begin.
func (e *Emitter) End(b *connect.Batch, at time.Time) {
	if !e.ordered {
		return
	}
	if e.Transaction.id != "" {
		e.boundary(b, "END", at)
	}
	e.Transaction.begin("")
}

// Place counts what happens to a collection in a transaction, and is the block that
// tells its place; null where that is not told. It is for records that the
// connector makes itself: Change calls it.
func (e *Emitter) Place(b *connect.Batch, collection, transaction string, at time.Time) connect.Value {
	if !e.ordered || transaction == "" {
		return connect.Null
	}
	t := &e.Transaction
	if t.id != transaction {
		e.End(b, at)
		e.Begin(b, transaction, at)
	}
	t.total++
	st := e.slab.Struct(TransactionBlockSchema)
	st.Slots[0] = connect.String(t.id)
	st.Slots[1] = connect.Int64(t.total)
	st.Slots[2] = connect.Int64(t.counts.add(collection, 1))
	return st.Value()
}

func (e *Emitter) boundary(b *connect.Batch, status string, at time.Time) {
	t := &e.Transaction
	e.slab.Begin()
	r := b.Add()
	r.Topic = e.Topics.Transaction
	key := e.slab.Struct(e.txSchemas.key)
	key.Slots[0] = connect.String(t.id)
	r.Key = connect.Datum{Schema: e.txSchemas.key, Value: key.Value()}
	v := e.slab.Struct(e.txSchemas.value)
	v.Slots[0] = connect.String(status)
	v.Slots[1] = connect.String(t.id)
	if status == "END" {
		v.Slots[2] = connect.Int64(t.total)
		v.Slots[3] = e.collections()
	}
	v.Slots[4] = connect.Int64(at.UnixMilli())
	r.Value = connect.Datum{Schema: e.txSchemas.value, Value: v.Value()}
}

// collections are the tables of the transaction, and how many changes each has.
func (e *Emitter) collections() connect.Value {
	tables := e.Transaction.counts.inOrder()
	a := e.slab.Array(len(tables))
	for i, c := range tables {
		st := e.slab.Struct(eventCountSchema)
		st.Slots[0] = connect.String(c.table)
		st.Slots[1] = connect.Int64(c.n)
		a.Elems[i] = st.Value()
	}
	return a.Value()
}
