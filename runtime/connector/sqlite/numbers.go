package sqlite

import (
	"context"
	"fmt"
	"strings"

	"kcgen.dev/runtime/connector/database"
)

// numberedBy is the text of the table whose rowid the column is.
const numberedBy = `SELECT sql FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?)
AND EXISTS (SELECT 1 FROM pragma_table_info(?) WHERE pk > 0 AND lower(name) = lower(?) AND upper(type) = 'INTEGER')
AND (SELECT count(*) FROM pragma_table_info(?) WHERE pk > 0) = 1`

// Unordered is about INTEGER PRIMARY KEY: without AUTOINCREMENT a new row has the
// largest number plus one, and so the number of a last row that was deleted.
func (dialect) Unordered(ctx context.Context, q database.Querier, t database.Table, column string) (string, error) {
	why := ""
	err := database.Strings(ctx, q, numberedBy, []any{t.Name, t.Name, column, t.Name}, func(row []string) error {
		if !strings.Contains(strings.ToUpper(row[0]), "AUTOINCREMENT") {
			why = "without AUTOINCREMENT the number of the last row is given again after that row is deleted"
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("sqlite: ask how table %s is numbered: %w", t, err)
	}
	return why, nil
}

const listIndexes = `SELECT '', name FROM pragma_table_info(?1) WHERE pk = 1 AND upper(type) = 'INTEGER'
AND (SELECT count(*) FROM pragma_table_info(?1) WHERE pk > 0) = 1
UNION ALL SELECT * FROM (SELECT l.name, i.name FROM pragma_index_list(?1) l JOIN pragma_index_info(l.name) i WHERE l.partial = 0 ORDER BY l.seq, i.seqno)`

// Indexes are the columns of each index; the rowid's column is one too.
func (dialect) Indexes(ctx context.Context, q database.Querier, t database.Table) ([][]string, error) {
	indexes, err := database.Groups(ctx, q, listIndexes, []any{t.Name})
	if err != nil {
		return nil, fmt.Errorf("sqlite: list the indexes of table %s: %w", t, err)
	}
	return indexes, nil
}
