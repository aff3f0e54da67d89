package cdc

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"kcgen.dev/runtime/connect"
)

// mapper changes a column's values, or what its schema tells. Each column has one
// at the most: the first that names it.
type mapper struct {
	columns   Patterns // of table.column
	datatypes Patterns // of table.type
	// params are added to the column's schema.
	params func(c *Column) []connect.Param
	// change is nil where the values stay as they are.
	change func(c *Column) change
}

// change makes a value of a column another one.
type change func(v connect.Value) connect.Value

// newMappers are the mappers of the options, in Debezium's order.
func newMappers(o Options) ([]mapper, error) {
	var b mapperBuilder
	for _, p := range slices.Sorted(maps.Keys(o.ColumnTruncateToChars)) {
		b.column("columnTruncateToChars", []string{p}, truncation(o.ColumnTruncateToChars[p]))
	}
	for _, p := range slices.Sorted(maps.Keys(o.ColumnMaskWithChars)) {
		b.column("columnMaskWithChars", []string{p}, asterisks(o.ColumnMaskWithChars[p]))
	}
	b.column("columnPropagateSourceType", o.ColumnPropagateSourceType, mapper{params: sourceType})
	b.datatype("datatypePropagateSourceType", o.DatatypePropagateSourceType, mapper{params: sourceType})
	for _, h := range o.ColumnMaskHash {
		b.hash("columnMaskHash", h, javaText)
	}
	for _, h := range o.ColumnMaskHashV2 {
		b.hash("columnMaskHashV2", h, plainText)
	}
	return b.mappers, b.err
}

type mapperBuilder struct {
	mappers []mapper
	err     error
}

func (b *mapperBuilder) column(option string, exprs []string, m mapper) {
	m.columns = b.patterns(option, exprs)
	b.mappers = append(b.mappers, m)
}

func (b *mapperBuilder) datatype(option string, exprs []string, m mapper) {
	m.datatypes = b.patterns(option, exprs)
	b.mappers = append(b.mappers, m)
}

func (b *mapperBuilder) hash(option string, h Hash, form textForm) {
	m, err := hashing(h, form)
	if err != nil && b.err == nil {
		b.err = &connect.OptionError{Option: option, Err: err}
	}
	b.column(option, h.Columns, m)
}

func (b *mapperBuilder) patterns(option string, exprs []string) Patterns {
	p, err := NewPatterns(option, exprs)
	if err != nil && b.err == nil {
		b.err = err
	}
	return p
}

// mapperOf finds a column's mapper; nil: none names it.
func mapperOf(mappers []mapper, id TableID, c *Column) *mapper {
	table := id.String() + "."
	for i := range mappers {
		m := &mappers[i]
		if m.columns.Match(table+c.Name) || m.datatypes.Match(table+c.TypeName) {
			return m
		}
	}
	return nil
}

// sourceType tells what a column is in the database.
func sourceType(c *Column) []connect.Param {
	const prefix = "__debezium.source.column."
	p := []connect.Param{{Key: prefix + "type", Value: strings.ToUpper(c.TypeName)}}
	if c.Length != Unset {
		p = append(p, connect.Param{Key: prefix + "length", Value: strconv.Itoa(c.Length)})
	}
	if c.Scale != Unset {
		p = append(p, connect.Param{Key: prefix + "scale", Value: strconv.Itoa(c.Scale)})
	}
	if c.Comment != "" {
		p = append(p, connect.Param{Key: prefix + "comment", Value: c.Comment})
	}
	return append(p, connect.Param{Key: prefix + "name", Value: c.Name})
}
