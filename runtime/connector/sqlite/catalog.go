package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kcgen.dev/runtime/connector/database"
)

// mainSchema is the file's own schema; names go without it, as in Connect.
const mainSchema = "main"

const listTables = `SELECT name, type FROM pragma_table_list
WHERE schema LIKE ? ESCAPE '\' AND type IN ('table', 'virtual', 'view') AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`

// Tables leaves out what SQLite keeps for itself. The tables behind a virtual
// table are its own.
func (dialect) Tables(ctx context.Context, q database.Querier, schema string, kinds []string) ([]database.Table, error) {
	if schema == "" {
		schema = mainSchema
	}
	var tables []database.Table
	err := database.Strings(ctx, q, listTables, []any{schema}, func(row []string) error {
		kind := "TABLE"
		if row[1] == "view" {
			kind = "VIEW"
		}
		if slices.Contains(kinds, kind) {
			tables = append(tables, database.Table{Name: row[0]})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("sqlite: list tables: %w", err)
	}
	return tables, nil
}

const listColumns = `SELECT x.name, x.type, x."notnull", x.pk, x.hidden, x.dflt_value, coalesce(l.wr, 0), coalesce(l.strict, 0)
FROM pragma_table_xinfo(?, ?) AS x LEFT JOIN pragma_table_list AS l ON lower(l.schema) = lower(?) AND lower(l.name) = lower(?)
ORDER BY x.cid`

// Columns tells, for columns of times, how the table keeps them: see Stored.
func (d dialect) Columns(ctx context.Context, q database.Querier, t database.Table, m database.Mapping) ([]database.Column, error) {
	schema := t.Schema
	if schema == "" {
		schema = mainSchema
	}
	from := string(database.AppendTable(nil, d, t))
	var columns []database.Column
	var rowids bool
	err := database.Strings(ctx, q, listColumns, []any{t.Name, schema, schema, t.Name}, func(row []string) error {
		if row[4] == "1" { // a virtual table's hidden column
			return nil
		}
		columns = append(columns, column(row))
		rowids = row[6] == "0"
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("sqlite: describe table %s: %w", t, err)
	}
	numbered(columns, rowids)
	for i := range columns {
		c := &columns[i]
		c.Schema = declare(c.Type).schema(m, c.Nullable)
		if c.Stored, err = d.Stored(ctx, q, from, *c); err != nil {
			return nil, fmt.Errorf("%w, of table %s", err, t)
		}
	}
	return columns, nil
}

// column reads a row of listColumns. As in Connect, a key is taken for not null,
// though SQLite allows it in some.
func column(row []string) database.Column {
	c := database.Column{Name: row[0], Type: strings.ToLower(row[1]), HasDefault: row[5] != ""}
	_, _ = fmt.Sscan(row[3], &c.Key)
	c.Nullable = row[2] == "0" && c.Key == 0
	c.Computed = row[4] == "2" || row[4] == "3"
	return c
}

// numbered finds the column that is the rowid by another name.
func numbered(columns []database.Column, rowids bool) {
	key := -1
	for i, c := range columns {
		if c.Key > 0 {
			if key >= 0 {
				return
			}
			key = i
		}
	}
	if key >= 0 && rowids && columns[key].Type == "integer" {
		columns[key].Generated = true
	}
}
