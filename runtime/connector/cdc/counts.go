package cdc

import (
	"slices"
	"unicode/utf16"
)

// counts are numbers by table. They are told in the order of java.util.HashMap,
// as Debezium does: by the hash of the name in a number of buckets that grows
// with the tables and never shrinks.
type counts struct {
	tables  []count
	places  map[string]int
	buckets uint32
}

type count struct {
	table string
	n     int64
}

// add adds to a table's number, and is the sum.
func (c *counts) add(table string, n int64) int64 {
	i, ok := c.places[table]
	if !ok {
		if c.places == nil {
			c.places, c.buckets = map[string]int{}, 16
		}
		i = len(c.tables)
		c.places[table] = i
		c.tables = append(c.tables, count{table: table})
		if uint32(len(c.tables)) > c.buckets/4*3 {
			c.buckets *= 2
		}
	}
	c.tables[i].n += n
	return c.tables[i].n
}

func (c *counts) clear() {
	c.tables = c.tables[:0]
	clear(c.places)
}

// inOrder are the numbers, in the order in which they are told.
func (c *counts) inOrder() []count {
	sorted := slices.Clone(c.tables)
	slices.SortStableFunc(sorted, func(a, b count) int {
		return int(javaHash(a.table)&(c.buckets-1)) - int(javaHash(b.table)&(c.buckets-1))
	})
	return sorted
}

// javaHash is the hash of a text, spread as java.util.HashMap does.
func javaHash(s string) uint32 {
	var h uint32
	for _, u := range utf16.Encode([]rune(s)) {
		h = 31*h + uint32(u)
	}
	return h ^ h>>16
}
