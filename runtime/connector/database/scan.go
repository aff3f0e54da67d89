package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kcgen.dev/runtime/connect"
)

// Scan gives the rows of a query as values, by one decoder a column; nil is a
// column that is unsupported. What the driver gives is decoded where it stands:
// nothing is copied but what the values keep.
func Scan(rows *sql.Rows, columns []Column, decode []Decode) Rows {
	s := &scanner{rows: rows, columns: columns, cells: make([]cell, len(columns)), dest: make([]any, len(columns))}
	for i := range columns {
		c := &s.cells[i]
		c.buffer, c.decode, c.optional = &s.buffer, decode[i], columns[i].Schema == nil || columns[i].Schema.IsOptional()
		s.dest[i] = c
	}
	return s
}

type scanner struct {
	rows    *sql.Rows
	columns []Column
	cells   []cell
	dest    []any
	buffer  connect.Buffer
}

func (s *scanner) Columns() []Column { return s.columns }

func (s *scanner) Next(dst []connect.Value) (bool, error) {
	if !s.rows.Next() {
		return false, s.rows.Err()
	}
	if err := s.rows.Scan(s.dest...); err != nil {
		return false, err
	}
	for i := range s.cells {
		c := &s.cells[i]
		if c.err != nil {
			return false, fmt.Errorf("column %s (%s): %w", connect.Word(s.columns[i].Name), s.columns[i].Type, c.err)
		}
		dst[i] = c.value
	}
	return true, nil
}

func (s *scanner) Close() error { return s.rows.Close() }

// cell is a column of the current row: a sql.Scanner, to which database/sql
// hands what the driver has without a copy.
type cell struct {
	buffer   *connect.Buffer
	decode   Decode
	optional bool
	value    connect.Value
	err      error
}

var errNull = errors.New("null, in a column that has none by its definition")

// Scan keeps its error for Next, which knows the column's name.
func (c *cell) Scan(src any) error {
	c.value, c.err = connect.Null, nil
	switch {
	case c.decode == nil:
	case src != nil:
		c.value, c.err = c.decode(c.buffer, src)
	case !c.optional:
		c.err = errNull
	}
	return nil
}

// Strings runs a query and reads its rows as texts, for the catalogs: a null is
// "".
func Strings(ctx context.Context, q Querier, query string, args []any, each func(row []string) error) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	cells, dest, row := make([]sql.NullString, len(names)), make([]any, len(names)), make([]string, len(names))
	for i := range cells {
		dest[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		for i := range cells {
			row[i] = cells[i].String
		}
		if err := each(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// One is the one text that a query gives.
func One(ctx context.Context, q Querier, query string) (text string, err error) {
	err = Strings(ctx, q, query, nil, func(row []string) error { text = row[0]; return nil })
	return text, err
}

// Clock is the moment that a query gives as a text of UTC.
func Clock(ctx context.Context, q Querier, query string) (time.Time, error) {
	text, err := One(ctx, q, query)
	if err != nil {
		return time.Time{}, err
	}
	return ParseMoment(text, time.UTC)
}

// Groups runs a query for an index's name and a column of it, index by index,
// and gives the columns of each.
func Groups(ctx context.Context, q Querier, query string, args []any) (groups [][]string, err error) {
	last := ""
	err = Strings(ctx, q, query, args, func(row []string) error {
		if len(groups) == 0 || row[0] != last {
			groups, last = append(groups, nil), row[0]
		}
		at := len(groups) - 1
		groups[at] = append(groups[at], row[1])
		return nil
	})
	return groups, err
}

// Query runs a query and gives its rows as Scan does: of each column of the
// result it asks what it is, and how it is decoded.
func Query(ctx context.Context, c *sql.Conn, query string, args []any, of func(*sql.ColumnType) (Column, Decode)) (Rows, error) {
	rows, err := c.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		rows.Close()
		return nil, err
	}
	columns, decode := make([]Column, len(types)), make([]Decode, len(types))
	for i, t := range types {
		columns[i], decode[i] = of(t)
	}
	return Scan(rows, columns, decode), nil
}
