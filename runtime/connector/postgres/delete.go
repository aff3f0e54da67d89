package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"kcgen.dev/runtime/connector/database"
)

var _ database.BulkDelete = dialect{}

// DeleteBulk is one DELETE of arrays, one a column.
func (d dialect) DeleteBulk(ctx context.Context, c *sql.Conn, t database.Table, keys []database.Column, rows [][]any) error {
	args, err := asArrays(keys, rows)
	if err == nil {
		_, err = c.ExecContext(ctx, string(d.appendDelete(nil, t, keys)), args...)
	}
	if err != nil {
		return fmt.Errorf("postgres: delete from %s: %w", t, err)
	}
	return nil
}

// appendDelete appends DELETE FROM … WHERE a = ANY ($1::a[]), for which an index
// serves best, or for several columns … USING unnest($1::a[], …).
func (d dialect) appendDelete(dst []byte, t database.Table, keys []database.Column) []byte {
	dst = append(database.AppendTable(append(dst, "DELETE FROM "...), d, t), " AS r "...)
	if elem, viaText := castType(keys[0].Type); len(keys) == 1 && !viaText {
		dst = append(d.AppendIdentifier(append(dst, "WHERE r."...), keys[0].Name), " = ANY ($1::"...)
		return append(append(dst, elem...), "[])"...)
	}
	dst = append(dst, "USING "...)
	dst = database.AppendRefs(append(d.appendArrays(dst, keys), " AS u("...), len(keys))
	return d.appendMatch(append(dst, ") WHERE "...), keys)
}

// appendMatch appends r.a=u.c1 AND …: the table's rows that have the keys.
func (d dialect) appendMatch(dst []byte, keys []database.Column) []byte {
	for i, c := range keys {
		if i > 0 {
			dst = append(dst, " AND "...)
		}
		dst = append(d.AppendIdentifier(append(dst, "r."...), c.Name), "=u."...)
		dst = appendCast(dst, i, c)
	}
	return dst
}
