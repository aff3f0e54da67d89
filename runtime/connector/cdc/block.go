package cdc

import (
	"time"

	"kcgen.dev/runtime/connect"
)

// The slots of a source block that all connectors have. A connector's own come
// behind them, from SourceOwn on.
const (
	SourceVersion = iota
	SourceConnector
	SourceName
	SourceTsMs
	SourceSnapshot
	SourceDB
	SourceSequence
	SourceTsUs
	SourceTsNs
	SourceOwn
)

// snapshotSchema is of a source block's snapshot.
var snapshotSchema = NewEnum("true,first,first_in_data_collection,last_in_data_collection,last,false,incremental").
	Optional().Default(connect.String("false")).MustBuild()

// NewSourceSchema begins the schema of a connector's source block: it has the
// fields of all connectors, to which its own are added.
func NewSourceSchema(name string) *connect.SchemaBuilder {
	return connect.NewStruct().Name(name).Version(1).
		Field("version", connect.StringSchema).
		Field("connector", connect.StringSchema).
		Field("name", connect.StringSchema).
		Field("ts_ms", connect.Int64Schema).
		Field("snapshot", snapshotSchema).
		Field("db", connect.StringSchema).
		Field("sequence", connect.OptionalStringSchema).
		Field("ts_us", connect.OptionalInt64Schema).
		Field("ts_ns", connect.OptionalInt64Schema)
}

// Source begins the source block of the next change: what happened when, in which
// database. The connector fills in its own slots, and the sequence.
func (e *Emitter) Source(at time.Time, db string, m Mark) *connect.Struct {
	e.slab.Begin()
	s := e.slab.Struct(e.layouts.source)
	s.Slots[SourceVersion] = e.version
	s.Slots[SourceConnector] = e.connector
	s.Slots[SourceName] = e.server
	s.Slots[SourceDB] = connect.String(db)
	s.Slots[SourceSnapshot] = m.value()
	s.Slots[SourceTsMs] = connect.Int64(at.UnixMilli())
	s.Slots[SourceTsUs] = connect.Int64(at.UnixMicro())
	s.Slots[SourceTsNs] = connect.Int64(at.UnixNano())
	return s
}

// Mark says what part of a snapshot a record is.
type Mark uint8

// The marks. Streamed is of no snapshot.
const (
	Streamed Mark = iota
	Within
	First
	FirstInTable
	LastInTable
	Last
	Incremental
)

var marks = [...]connect.Value{
	Streamed: connect.Null, // which reads as the default, "false"
	Within:   connect.String("true"), First: connect.String("first"), FirstInTable: connect.String("first_in_data_collection"),
	LastInTable: connect.String("last_in_data_collection"), Last: connect.String("last"), Incremental: connect.String("incremental"),
}

func (m Mark) value() connect.Value { return marks[m] }

// MarkOf is the mark of a row of a snapshot.
func MarkOf(firstTable, lastTable, firstRow, lastRow bool) Mark {
	switch {
	case lastTable && lastRow:
		return Last
	case firstTable && firstRow:
		return First
	case lastRow:
		return LastInTable
	case firstRow:
		return FirstInTable
	}
	return Within
}
