package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"kcgen.dev/runtime/connector/database"
)

var _ database.BulkUpdate = dialect{}

// UpdateBulk is one UPDATE of arrays, one a column, that the server makes rows of.
func (d dialect) UpdateBulk(ctx context.Context, c *sql.Conn, t database.Table, keys, others []database.Column, rows [][]any) error {
	err := d.update(ctx, c, t, keys, others, rows)
	if err != nil {
		return fmt.Errorf("postgres: update %s: %w", t, err)
	}
	return nil
}

func (d dialect) update(ctx context.Context, c *sql.Conn, t database.Table, keys, others []database.Column, rows [][]any) error {
	if !slices.ContainsFunc(keys, unordered) {
		columns := slices.Concat(keys, others)
		args, err := asArrays(columns, rows)
		if err != nil {
			return err
		}
		_, err = c.ExecContext(ctx, string(d.appendUpdate(nil, t, columns, len(keys))), args...)
		return err
	}
	return database.UpdateEach(ctx, c, d, t, keys, others, rows)
}

// unordered is whether rows of a column's type may have no order, by which equal
// ones are found.
func unordered(c database.Column) bool {
	name, viaText := castType(c.Type)
	return viaText || name == "json"
}

// appendUpdate appends UPDATE … FROM rows that are counted as they come: of equal
// keys the last is left. The first of two selects has no rows; it has the keys'
// columns, whose collations say what is equal.
func (d dialect) appendUpdate(dst []byte, t database.Table, columns []database.Column, keys int) []byte {
	dst = append(database.AppendTable(append(dst, "UPDATE "...), d, t), " AS r SET "...)
	for i, c := range columns[keys:] {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = database.AppendRef(append(d.AppendIdentifier(dst, c.Name), "=u."...), keys+i)
	}
	dst = database.AppendRefs(append(dst, " FROM (SELECT DISTINCT ON ("...), keys)
	dst = append(dst, ") * FROM (SELECT 0::bigint"...)
	for i, c := range columns {
		if dst = append(dst, ','); i < keys {
			dst = d.AppendIdentifier(append(dst, "o."...), c.Name)
		} else {
			dst = append(dst, "NULL"...)
		}
	}
	dst = append(database.AppendTable(append(dst, " FROM "...), d, t), " AS o WHERE false UNION ALL SELECT n"...)
	for i, c := range columns {
		dst = appendCast(append(dst, ','), i, c)
	}
	dst = append(d.appendArrays(append(dst, " FROM "...), columns), " WITH ORDINALITY u("...)
	dst = append(database.AppendRefs(dst, len(columns)), ",n)) w(n,"...)
	dst = append(database.AppendRefs(dst, len(columns)), ") ORDER BY "...)
	dst = append(database.AppendRefs(dst, keys), ",n DESC) u WHERE "...)
	return d.appendMatch(dst, columns[:keys])
}
