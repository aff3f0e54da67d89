package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kcgen.dev/runtime/connector/database"
)

var _ database.BulkUpdate = dialect{}

// mostUpdates is how many rows one statement updates: with more the server takes
// longer for each.
const mostUpdates = 250

// UpdateBulk joins the table with rows that a statement lists.
func (d dialect) UpdateBulk(ctx context.Context, c *sql.Conn, t database.Table, keys, others []database.Column, rows [][]any) error {
	for some := range slices.Chunk(rows, mostUpdates) {
		if err := d.update(ctx, c, t, keys, others, some); err != nil {
			return fmt.Errorf("mysql: update %s: %w", t, err)
		}
	}
	return nil
}

func (d dialect) update(ctx context.Context, c *sql.Conn, t database.Table, keys, others []database.Column, rows [][]any) error {
	apart, err := d.apart(ctx, c, t, keys, rows)
	if err != nil {
		return err
	}
	if !apart || len(rows) == 1 {
		return database.UpdateEach(ctx, c, d, t, keys, others, rows)
	}
	_, err = c.ExecContext(ctx, string(d.appendUpdate(nil, t, keys, others, len(rows))), slices.Concat(rows...)...)
	return err
}

// apart is whether each row has a key of its own, and one that is found by an
// index though it comes from a list. Numbers that differ do so in the database
// too; of texts it is asked, which has collations.
func (d dialect) apart(ctx context.Context, c *sql.Conn, t database.Table, keys []database.Column, rows [][]any) (bool, error) {
	numbers := true
	for i, k := range keys {
		text := collated(k)
		if !text && !integers[parseType(k.Type).name] {
			return false, nil
		}
		for _, row := range rows {
			if _, ok := row[i].(int64); ok == text {
				return false, nil
			}
		}
		numbers = numbers && !text
	}
	if numbers {
		return true, nil
	}
	query := append([]byte("SELECT COUNT(DISTINCT "), database.AppendRefs(nil, len(keys))...)
	query = d.appendList(append(query, ") FROM "...), t, keys, nil, len(rows))
	var args []any
	for _, row := range rows {
		args = append(args, row[:len(keys)]...)
	}
	var n string
	err := database.Strings(ctx, c, string(query), args, func(row []string) error { n = row[0]; return nil })
	return n == strconv.Itoa(len(rows)), err
}

// collated is whether a column's collation says which texts are equal.
func collated(c database.Column) bool {
	name := parseType(c.Type).name
	return strings.HasSuffix(name, "char") || strings.HasSuffix(name, "text")
}

// integers are the types whose numbers are an int64.
var integers = map[string]bool{"tinyint": true, "smallint": true, "mediumint": true, "int": true, "integer": true, "bigint": true}

// appendUpdate appends UPDATE (rows) STRAIGHT_JOIN table SET …: the rows are gone
// through, and the table's found by its key.
func (d dialect) appendUpdate(dst []byte, t database.Table, keys, others []database.Column, n int) []byte {
	dst = d.appendList(append(dst, "UPDATE "...), t, keys, others, n)
	dst = append(database.AppendTable(append(dst, " STRAIGHT_JOIN "...), d, t), " AS r ON "...)
	dst = d.appendPairs(dst, keys, 0, " AND ")
	return d.appendPairs(append(dst, " SET "...), others, len(keys), ", ")
}

// appendPairs appends r.a = u.c1, of columns of which the first is the from-th of
// the list.
func (d dialect) appendPairs(dst []byte, columns []database.Column, from int, between string) []byte {
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, between...)
		}
		dst = append(d.AppendIdentifier(append(dst, "r."...), c.Name), " = u."...)
		dst = database.AppendRef(dst, from+i)
	}
	return dst
}

// appendList appends n rows of parameters as a table u, with columns c1, c2 and
// so on. Before them stands a select of no rows, for the names and for the
// collations of keys that are texts. UNION is what all servers know; VALUES has two forms.
func (d dialect) appendList(dst []byte, t database.Table, keys, others []database.Column, n int) []byte {
	dst = append(dst, "(SELECT "...)
	for i := range len(keys) + len(others) {
		if i > 0 {
			dst = append(dst, ',')
		}
		if i < len(keys) && collated(keys[i]) {
			dst = d.AppendIdentifier(dst, keys[i].Name)
		} else {
			dst = append(dst, "NULL"...)
		}
		dst = database.AppendRef(append(dst, " AS "...), i)
	}
	dst = append(database.AppendTable(append(dst, " FROM "...), d, t), " WHERE FALSE"...)
	for range n {
		dst = append(dst, " UNION ALL SELECT ?"...)
		for range len(keys) + len(others) - 1 {
			dst = append(dst, ",?"...)
		}
	}
	return append(dst, ") AS u"...)
}
