package mysql

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
)

func asDDL(err error, e **ddlError) bool { return errors.As(err, e) }

// statement takes a statement of the log that is no change of rows.
func (t *captureTask) statement(ctx context.Context, b *connect.Batch, text, db string, mode sqlMode) error {
	changes, err := t.catalog.apply(text, db, mode)
	if err != nil {
		return t.unknown(err, text)
	}
	for i := range changes {
		t.forget(&changes[i])
	}
	t.altered(ctx, changes)
	if len(changes) == 0 && systemDatabases[strings.ToLower(db)] {
		return nil
	}
	return t.tell(ctx, b, text, db, changes)
}

// unknown is a statement that was not understood: it fails the capture unless it is
// about a table that is not captured.
func (t *captureTask) unknown(err error, text string) error {
	var e *ddlError
	if errors.As(err, &e) && e.id != (tableID{}) && !t.places.table(e.id) {
		t.log.Debug("a statement about a table that is not captured is not understood", "statement", cutText(text, 200), "error", err)
		return nil
	}
	return fmt.Errorf("mysql: the log at %s: the statement %q is not understood: %w: nothing is read beyond it, so that no column is taken for another", t.pos, cutText(text, 400), err)
}

// forget lets go of what was made for a table as it was before.
func (t *captureTask) forget(s *schemaChange) {
	for _, id := range []tableID{s.id, s.previous} {
		delete(t.plans, id)
	}
	if s.kind == dropTable {
		t.emit.Forget(cdc.TableID{Catalog: s.id.db, Table: s.id.name})
	}
	clear(t.tables)
}

// tell keeps a statement's changes in the history, and makes records of them.
func (t *captureTask) tell(ctx context.Context, b *connect.Batch, text, db string, changes []schemaChange) error {
	if len(changes) == 0 {
		changes = []schemaChange{{id: tableID{db: db}, ddl: text}}
	}
	var entries []connect.JournalEntry
	for i := range changes {
		s := &changes[i]
		if s.kind == truncateTable {
			if err := t.truncate(b, s.id); err != nil {
				return err
			}
			continue
		}
		if !t.keeps(s) {
			continue
		}
		e, err := t.schemaChange(b, s, t.pos.time, cdc.Streamed)
		if err != nil {
			return err
		}
		entries = append(entries, e)
	}
	return t.keep(ctx, entries)
}

// keeps is whether a change is one for the history.
func (t *captureTask) keeps(s *schemaChange) bool {
	switch {
	case s.id.db == "":
		return true
	case t.cfg.SchemaHistoryInternalStoreOnlyCapturedDatabasesDdl && !t.places.database(s.id.db):
		return false
	}
	return s.id.name == "" || !t.cfg.SchemaHistoryInternalStoreOnlyCapturedTablesDdl || t.places.table(s.id) || t.places.table(s.previous)
}

// keep waits until Kafka holds what the tables are now: it must be there before any
// offset behind it.
func (t *captureTask) keep(ctx context.Context, entries []connect.JournalEntry) error {
	if len(entries) == 0 {
		return nil
	}
	if err := t.history.journal.Append(ctx, entries...); err != nil {
		return fmt.Errorf("mysql: write the schema history: %w", err)
	}
	return nil
}

// schemaChange adds the record of a change, and gives its entry in the history. Debezium
// has the time of a statement in milliseconds, where that of rows has more.
func (t *captureTask) schemaChange(b *connect.Batch, s *schemaChange, at time.Time, m cdc.Mark) (connect.JournalEntry, error) {
	var told []tableChange
	if c, ok := s.changeOf(); ok {
		told = append(told, c)
	}
	if t.cfg.IncludeSchemaChanges {
		source := t.block(s.id, at.Truncate(time.Millisecond), m)
		if s.kind == 0 && m == cdc.Streamed {
			source.Slots[slotTable] = connect.String("") // as Debezium has it for a statement about no table
		}
		t.emit.AddContext(t.changes.add(b, source, s.id.db, s.ddl, told))
		t.moved = true
	}
	return t.history.entry(t.done(), s.id.db, s.ddl, told)
}

// done is the position behind the event at hand, with its transaction's id: with that
// an offset is compared when the history is read.
func (t *captureTask) done() *position {
	p := *t.pos
	if p.gtids != nil {
		p.gtids = p.gtids.Clone()
		_ = p.done() // it is done again, and told of, behind the event
	}
	return &p
}

func (t *captureTask) truncate(b *connect.Batch, id tableID) error {
	tab := t.catalog.tables[id]
	if tab == nil || !t.places.table(id) || t.emit.Skips(cdc.Truncate) && !t.inc.Running() {
		return nil
	}
	p, err := t.plan(tab)
	if err != nil {
		return err
	}
	t.inc.Changed(&cdc.Change{Op: cdc.Truncate, Layout: p.layout})
	if t.emit.Skips(cdc.Truncate) {
		return nil
	}
	at := t.pos.time.Truncate(time.Millisecond) // as Debezium has it for a statement
	t.emit.Change(b, &cdc.Change{Op: cdc.Truncate, Layout: p.layout, Source: t.block(id, at, cdc.Streamed), Now: time.Now(), Transaction: t.pos.transaction(), At: t.pos.time})
	t.moved = true
	return nil
}

// schemaRecords makes the records of changes of definitions.
type schemaRecords struct {
	topic                              string
	key, value, column, tabled, change *connect.Schema
}

func newSchemaRecords(s Source, connector string, source *connect.Schema, topic string) (r schemaRecords, err error) {
	texts := connect.NewArray(connect.StringSchema).Optional().MustBuild()
	r.topic = topic
	r.column = connect.NewStruct().Name("io.debezium.connector.schema.Column").Version(1).
		Field("name", connect.StringSchema).Field("jdbcType", connect.Int32Schema).Field("nativeType", connect.OptionalInt32Schema).
		Field("typeName", connect.StringSchema).Field("typeExpression", connect.OptionalStringSchema).Field("charsetName", connect.OptionalStringSchema).
		Field("length", connect.OptionalInt32Schema).Field("scale", connect.OptionalInt32Schema).Field("position", connect.Int32Schema).
		Field("optional", connect.OptionalBoolSchema).Field("autoIncremented", connect.OptionalBoolSchema).Field("generated", connect.OptionalBoolSchema).
		Field("comment", connect.OptionalStringSchema).Field("defaultValueExpression", connect.OptionalStringSchema).Field("enumValues", texts).MustBuild()
	r.tabled = connect.NewStruct().Name("io.debezium.connector.schema.Table").Version(1).Optional().
		Field("defaultCharsetName", connect.OptionalStringSchema).Field("primaryKeyColumnNames", texts).
		Field("columns", connect.NewArray(r.column).MustBuild()).Field("comment", connect.OptionalStringSchema).MustBuild()
	r.change = connect.NewStruct().Name("io.debezium.connector.schema.Change").Version(1).
		Field("type", connect.StringSchema).Field("id", connect.StringSchema).Field("table", r.tabled).MustBuild()
	r.key = connect.NewStruct().Name("io.debezium.connector."+connector+".SchemaChangeKey").Version(1).Field("databaseName", connect.StringSchema).MustBuild()
	r.value, err = connect.NewStruct().Name("io.debezium.connector."+connector+".SchemaChangeValue").Version(1).
		Field("source", source).Field("ts_ms", connect.Int64Schema).Field("databaseName", connect.OptionalStringSchema).
		Field("schemaName", connect.OptionalStringSchema).Field("ddl", connect.OptionalStringSchema).
		Field("tableChanges", connect.NewArray(r.change).MustBuild()).Build()
	return r, err
}

// add adds the record of a statement.
func (r *schemaRecords) add(b *connect.Batch, source *connect.Struct, db, ddl string, changes []tableChange) *connect.Record {
	out := b.Add()
	out.Topic, out.Partition = r.topic, 0
	out.Key = connect.Datum{Schema: r.key, Value: structOf(r.key, connect.String(db))}
	told := &connect.Array{Elems: []connect.Value{}}
	for i := range changes {
		told.Elems = append(told.Elems, r.changed(&changes[i]))
	}
	out.Value = connect.Datum{Schema: r.value, Value: structOf(r.value, source.Value(), connect.Int64(time.Now().UnixMilli()), connect.String(db), connect.Null, connect.String(ddl), told.Value())}
	return out
}

func structOf(s *connect.Schema, slots ...connect.Value) connect.Value {
	return (&connect.Struct{Schema: s, Slots: slots}).Value()
}

func (r *schemaRecords) changed(c *tableChange) connect.Value {
	tab := connect.Null
	if c.Table != nil {
		columns := &connect.Array{Elems: []connect.Value{}}
		for i := range c.Table.Columns {
			columns.Elems = append(columns.Elems, r.columnOf(&c.Table.Columns[i]))
		}
		tab = structOf(r.tabled, connect.String(c.Table.Charset), textsOf(c.Table.Key), columns.Value(), optional(c.Comment))
	}
	return structOf(r.change, connect.String(c.Type), connect.String(c.ID), tab)
}

func (r *schemaRecords) columnOf(c *columnJSON) connect.Value {
	values := connect.Null
	if len(c.Values) > 0 {
		values = textsOf(c.Values)
	}
	return structOf(r.column, connect.String(c.Name), connect.Int32(int32(c.JDBCType)), connect.Null, connect.String(c.Type), connect.String(c.Expression),
		optional(c.Charset), optionalInt(c.Length), optionalInt(c.Scale), connect.Int32(int32(c.Position)), connect.Bool(c.Optional), connect.Bool(c.Auto),
		connect.Bool(c.Generated), optional(c.Comment), optional(c.Default), values)
}

func optional(s *string) connect.Value {
	if s == nil {
		return connect.Null
	}
	return connect.String(*s)
}

func optionalInt(n *int) connect.Value {
	if n == nil {
		return connect.Null
	}
	return connect.Int32(int32(*n))
}

func textsOf(texts []string) connect.Value {
	a := &connect.Array{Elems: []connect.Value{}}
	for _, s := range texts {
		a.Elems = append(a.Elems, connect.String(s))
	}
	return a.Value()
}
