package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
)

// places are the places in a row of the table of a query's columns; -1: the table
// has no such column.
func (q *query) places(fields []pgconn.FieldDescription) ([]int, error) {
	places := make([]int, len(fields))
	for n, f := range fields {
		places[n] = slices.IndexFunc(q.columns, func(c relationColumn) bool { return c.name == f.Name })
	}
	for _, i := range q.key {
		if !slices.Contains(places, i) {
			return nil, fmt.Errorf("the query gives no column %q, which is part of the key", q.columns[i].name)
		}
	}
	return places, nil
}

// interrupt ends a query that nobody wants any more: the server is not made to
// send all the rest.
func (s *session) interrupt(result *pgconn.ResultReader) {
	ctx, cancel := context.WithTimeout(context.Background(), cancelPatience)
	defer cancel()
	_ = s.conn.PgConn().CancelRequest(ctx)
	_, _ = result.Close()
}
