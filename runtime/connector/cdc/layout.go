package cdc

import (
	"fmt"
	"slices"

	"kcgen.dev/runtime/connect"
)

// The slots of an envelope.
const (
	SlotBefore = iota
	SlotAfter
	SlotSource
	SlotTransaction
	SlotOp
	SlotTsMs
	SlotTsUs
	SlotTsNs
)

// EnvelopeVersion is the version of an envelope's schema.
const EnvelopeVersion = 2

// Layout is what the records of one version of a table look like. It never
// changes.
type Layout struct {
	Table    *Table
	Topic    string
	Key      *connect.Schema // nil: the records have none
	Value    *connect.Schema // of before and after
	Envelope *connect.Schema

	name  string // of the table, as offsets and signals write it
	key   []cell
	value []cell
}

// cell is where the value of a column goes in a struct: the next slot.
type cell struct {
	column int
	null   connect.Value // instead of null
	change change        // or nil
}

// of is the cell's value in a row.
func (c *cell) of(row []connect.Value) connect.Value {
	v := row[c.column]
	if v.IsNull() {
		v = c.null
	}
	if c.change != nil {
		return c.change(v)
	}
	return v
}

// Uses reports whether the values of a column are in any record, or in the primary
// key, by which rows are told apart. The others need not be decoded.
func (l *Layout) Uses(column int) bool {
	if slices.Contains(l.Table.Key, column) {
		return true
	}
	for _, cells := range [][]cell{l.key, l.value} {
		for i := range cells {
			if cells[i].column == column {
				return true
			}
		}
	}
	return false
}

// Name is the table's name as offsets, signals and transactions write it.
func (l *Layout) Name() string { return l.name }

// layouts makes layouts.
type layouts struct {
	filter  *Filter
	mappers []mapper
	topics  Topics
	schemas adjuster
	fields  adjuster
	source  *connect.Schema
}

func (m *layouts) layout(t *Table) (*Layout, error) {
	l := &Layout{Table: t, Topic: m.topics.Of(t.ID), name: t.ID.String()}
	keys, err := m.filter.Key(t)
	if err != nil {
		return nil, err
	}
	if len(keys) > 0 {
		if l.Key, l.key, err = m.keySchema(t, keys, m.schemas(l.Topic+".Key")); err != nil {
			return nil, err
		}
	}
	if l.Value, l.value, err = m.valueSchema(t, m.schemas(l.Topic+".Value")); err != nil {
		return nil, err
	}
	l.Envelope, err = envelope(m.schemas(l.Topic+".Envelope"), l.Value, m.source)
	if err != nil {
		return nil, fmt.Errorf("cdc: table %s: %w", t.ID, err)
	}
	return l, nil
}

func (m *layouts) keySchema(t *Table, keys []int, name string) (*connect.Schema, []cell, error) {
	b := connect.NewStruct().Name(name)
	var cells []cell
	for _, i := range keys {
		if c := &t.Columns[i]; c.Schema != nil {
			b.Field(m.fields(c.Name), c.Schema)
			cells = append(cells, cell{column: i, null: instead(c.Schema)})
		}
	}
	return build(t, b, cells)
}

func (m *layouts) valueSchema(t *Table, name string) (*connect.Schema, []cell, error) {
	b := connect.NewStruct().Name(name).Optional()
	var cells []cell
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Schema == nil || !m.filter.Column(t.ID, c.Name) {
			continue
		}
		at := cell{column: i, null: instead(c.Schema)}
		schema := c.Schema
		if mapper := mapperOf(m.mappers, t.ID, c); mapper != nil {
			if mapper.change != nil {
				at.change = mapper.change(c)
			}
			var err error
			if schema, err = withParams(c.Schema, mapper.params(c)); err != nil {
				return nil, nil, fmt.Errorf("cdc: table %s: column %s: %w", t.ID, c.Name, err)
			}
		}
		b.Field(m.fields(c.Name), schema)
		cells = append(cells, at)
	}
	return build(t, b, cells)
}

func build(t *Table, b *connect.SchemaBuilder, cells []cell) (*connect.Schema, []cell, error) {
	s, err := b.Build()
	if err != nil {
		return nil, nil, fmt.Errorf("cdc: table %s: %w", t.ID, err)
	}
	return s, cells, nil
}

func envelope(name string, value, source *connect.Schema) (*connect.Schema, error) {
	return connect.NewStruct().Name(name).Version(EnvelopeVersion).
		Field("before", value).
		Field("after", value).
		Field("source", source).
		Field("transaction", TransactionBlockSchema).
		Field("op", connect.StringSchema).
		Field("ts_ms", connect.OptionalInt64Schema).
		Field("ts_us", connect.OptionalInt64Schema).
		Field("ts_ns", connect.OptionalInt64Schema).
		Build()
}

// withParams is the schema with further parameters.
func withParams(s *connect.Schema, params []connect.Param) (*connect.Schema, error) {
	if len(params) == 0 {
		return s, nil
	}
	b := connect.NewSchema(s.Kind()).Basics(s)
	for _, p := range params {
		b.Param(p.Key, p.Value)
	}
	for _, f := range s.Fields() {
		b.Field(f.Name, f.Schema)
	}
	if s.Kind() == connect.KindMap {
		b.Key(s.Key())
	}
	if s.Kind() == connect.KindMap || s.Kind() == connect.KindArray {
		b.Elem(s.Elem())
	}
	if s.IsOptional() {
		b.Optional()
	}
	if def, ok := s.Default(); ok {
		b.Default(def)
	}
	return b.Build()
}
