package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/cdc"
	"kcgen.dev/runtime/connector/database"
)

// chunks reads tables for incremental snapshots, as their definitions are where the
// log is read.
type chunks struct {
	t    *captureTask
	plan *plan // of the table that is read
}

var _ cdc.Places = (*chunks)(nil)

// Tables are the names of the captured tables.
func (k *chunks) Tables() (names []string) {
	for id := range k.t.catalog.tables {
		if k.t.places.table(id) && !k.t.places.tables.Signals(cdc.TableID{Catalog: id.db, Table: id.name}) {
			names = append(names, id.String())
		}
	}
	slices.Sort(names)
	return names
}

// Layout is that of a table.
func (k *chunks) Layout(_ context.Context, table string) (*cdc.Layout, error) {
	for id, tab := range k.t.catalog.tables {
		if id.String() != table || !k.t.places.table(id) {
			continue
		}
		p, err := k.t.plan(tab)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", err, cdc.ErrSkipTable)
		}
		k.plan = p
		return p.layout, nil
	}
	return nil, nil
}

// signals is the table of signals, as statements name it.
func (k *chunks) signals() string {
	db, name, ok := strings.Cut(k.t.cfg.SignalDataCollection, ".")
	if !ok {
		db, name = "", db
	}
	return quoteID(tableID{db: db, name: name})
}

// Mark adds a row to the table of signals.
func (k *chunks) Mark(ctx context.Context, id, kind, data string) error {
	if k.t.cfg.SignalDataCollection == "" {
		return errNoSignals
	}
	_, err := k.t.db.ExecContext(ctx, "INSERT INTO "+k.signals()+" VALUES (?, ?, ?)", id, kind, data)
	return err
}

// Unmark takes a row out of it.
func (k *chunks) Unmark(ctx context.Context, id string) error {
	_, err := k.t.db.ExecContext(ctx, "DELETE FROM "+k.signals()+" WHERE id = ?", id)
	return err
}

// Place is where the log is now.
func (k *chunks) Place(ctx context.Context) (any, error) {
	p, err := k.t.server.status(ctx, k.t.db)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Last is the greatest key of a table.
func (k *chunks) Last(ctx context.Context, c cdc.Collection, key []int) (last []any, err error) {
	q := k.query(c, key)
	text := "SELECT " + strings.Join(q.names(""), ", ") + q.from(nil, nil) + " ORDER BY " + strings.Join(q.names(" DESC"), ", ") + " LIMIT 1"
	err = k.rows(ctx, text, nil, key, key, func(_ []connect.Value, parts []any) { last = parts })
	return last, err
}

// Chunk reads rows between two keys.
func (k *chunks) Chunk(ctx context.Context, c cdc.Collection, key []int, from, to []any, limit int, row func([]connect.Value, []any)) error {
	q := k.query(c, key)
	all := make([]int, len(q.columns))
	var names []string
	for i := range q.columns {
		all[i] = i
		names = append(names, quoteID(tableID{name: q.columns[i].name}))
	}
	text := "SELECT " + strings.Join(names, ", ") + q.from(from, to) + " ORDER BY " + strings.Join(q.names(""), ", ") + " LIMIT " + strconv.Itoa(limit)
	return k.rows(ctx, text, q.args, all, key, row)
}

// rows runs a query for some columns of the table, and gives each row's values and its
// key. What the query alone is to blame for leaves the table out.
func (k *chunks) rows(ctx context.Context, text string, args []any, columns, key []int, each func(values []connect.Value, key []any)) error {
	conn, err := k.t.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	n := -1
	parts := make([]any, len(key))
	rows, err := database.Query(ctx, conn, text, args, func(*sql.ColumnType) (database.Column, database.Decode) {
		n++
		if at := slices.Index(key, columns[n]); at >= 0 {
			return k.keyColumn(columns[n], &parts[at])
		}
		return k.t.snapshotColumn(k.plan, columns[n])
	})
	if err != nil {
		return skippable(err)
	}
	defer rows.Close()
	values := make([]connect.Value, len(columns))
	for {
		more, err := rows.Next(values)
		if err != nil || !more {
			return skippable(err)
		}
		each(values, parts)
	}
}

// keyColumn is how a column of the key is read: what the server sends for it is kept.
func (k *chunks) keyColumn(i int, part *any) (database.Column, database.Decode) {
	of, decode := k.t.snapshotColumn(k.plan, i)
	if decode == nil {
		return of, nil
	}
	c := &k.plan.table.columns[i]
	return of, func(buf *connect.Buffer, src any) (connect.Value, error) {
		*part = c.keyOf(src)
		return decode(buf, src)
	}
}

// keyOf is a part of a key as offsets hold it: a number as JDBC's, else a text or
// bytes.
func (c *columnDef) keyOf(src any) any {
	switch v := src.(type) {
	case int64:
		return c.number(v)
	case uint64:
		return strconv.FormatUint(v, 10)
	case []byte:
		if families[c.base()] == intFamily {
			if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
				return c.number(n)
			}
		}
		if families[c.base()] == binaryFamily {
			return slices.Clone(v)
		}
		return string(v)
	}
	return src
}

func (c *columnDef) number(n int64) any {
	if size := c.intSize(); size == 8 || size == 4 && c.unsigned() {
		return n
	}
	return int32(n)
}

// skippable marks what is a fault of the condition that somebody gave, or of a table
// that has gone.
func skippable(err error) error {
	var refused *mysql.MySQLError
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Number {
	case 1054, 1064, 1146, 1142, 1143, 1305, 1366, 1292:
		return fmt.Errorf("%w: %w", err, cdc.ErrSkipTable)
	}
	return err
}

// chunkQuery makes the queries of a table.
type chunkQuery struct {
	*table
	filter string
	key    []int
	args   []any
}

func (k *chunks) query(c cdc.Collection, key []int) *chunkQuery {
	return &chunkQuery{table: k.plan.table, filter: c.Filter, key: key}
}

// names are the key's columns, each with what comes behind it.
func (q *chunkQuery) names(behind string) (names []string) {
	for _, i := range q.key {
		names = append(names, quoteID(tableID{name: q.columns[i].name})+behind)
	}
	return names
}

// from is the table, and which of its rows.
func (q *chunkQuery) from(from, to []any) string {
	var conditions []string
	if from != nil {
		conditions = append(conditions, q.behind(from))
	}
	if to != nil {
		conditions = append(conditions, "NOT ("+q.behind(to)+")")
	}
	if q.filter != "" {
		conditions = append(conditions, q.filter)
	}
	text := " FROM " + quoteID(q.id)
	if len(conditions) > 0 {
		text += " WHERE (" + strings.Join(conditions, ") AND (") + ")"
	}
	return text
}

// behind is that a row comes behind a key, in words that have the server use the
// key's index: a > ? OR (a = ? AND b > ?).
func (q *chunkQuery) behind(key []any) string {
	names := q.names("")
	var ways []string
	for n := range names {
		var all []string
		for m, name := range names[:n+1] {
			op := " = "
			if m == n {
				op = " > "
			}
			all = append(all, name+op+q.columns[q.key[m]].compared())
			q.args = append(q.args, argument(key[m]))
		}
		ways = append(ways, "("+strings.Join(all, " AND ")+")")
	}
	return strings.Join(ways, " OR ")
}

// argument is a part of a key as the driver takes it; an offset of Debezium's may hold
// other kinds than ours.
func argument(part any) any {
	switch v := part.(type) {
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case *connect.Decimal:
		return v.String()
	case time.Time:
		return v.Format("2006-01-02 15:04:05.999999")
	}
	return part
}
