package database

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
)

// BulkUpdate is a Dialect that can update many rows at once.
type BulkUpdate interface {
	// UpdateBulk updates the rows that have the keys, in the transaction that the
	// connection is in, and passes over keys that are not there. A row has its
	// keys first. Of rows whose keys the database takes for equal the last counts.
	// After an error all is as Bulk has it.
	UpdateBulk(ctx context.Context, c *sql.Conn, t Table, keys, others []Column, rows [][]any) error
}

// UpdateEach is UpdateBulk row by row.
func UpdateEach(ctx context.Context, c *sql.Conn, d Dialect, t Table, keys, others []Column, rows [][]any) error {
	text := string(d.AppendUpdate(nil, t, ColumnNames(keys), ColumnNames(others)))
	for _, row := range rows {
		args := slices.Concat(row[len(keys):], row[:len(keys)])
		if _, err := c.ExecContext(ctx, text, args...); err != nil {
			return err
		}
	}
	return nil
}

// ColumnNames are the names of columns.
func ColumnNames(columns []Column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

// AppendRefs appends c1,c2,…: the columns of a list of rows, as AppendRef calls
// them.
func AppendRefs(dst []byte, n int) []byte {
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendRef(dst, i)
	}
	return dst
}

// AppendRef appends what the i-th column of a list of rows is called, counted
// from 0.
func AppendRef(dst []byte, i int) []byte {
	return strconv.AppendInt(append(dst, 'c'), int64(i+1), 10)
}
