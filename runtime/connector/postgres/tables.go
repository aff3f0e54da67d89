package postgres

import (
	"context"
	"fmt"

	"kcgen.dev/runtime/connector/database"
)

// relkinds are the kinds of tables as the catalog has them.
var relkinds = map[string]string{
	"TABLE": "r", "PARTITIONED TABLE": "p", "VIEW": "v", "MATERIALIZED VIEW": "m", "FOREIGN TABLE": "f",
}

const tablesQuery = `SELECT n.nspname, c.relname
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE strpos($1, c.relkind::text) > 0 AND ($2 = '' OR n.nspname LIKE $2)
AND left(n.nspname, 3) <> 'pg_' AND n.nspname <> 'information_schema'
AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
ORDER BY n.nspname, c.relname`

// Tables lists the tables that the user may read. A partition is a table too, as
// it is for the JDBC driver.
func (dialect) Tables(ctx context.Context, q database.Querier, schema string, kinds []string) ([]database.Table, error) {
	letters := ""
	for _, k := range kinds {
		letter, ok := relkinds[k]
		if !ok {
			return nil, fmt.Errorf("postgres: list tables: %q is no kind of table: use TABLE, VIEW, MATERIALIZED VIEW, PARTITIONED TABLE or FOREIGN TABLE", k)
		}
		letters += letter
	}
	var tables []database.Table
	err := database.Strings(ctx, q, tablesQuery, []any{letters, schema}, func(row []string) error {
		tables = append(tables, database.Table{Schema: row[0], Name: row[1]})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("postgres: list tables: %w", err)
	}
	return tables, nil
}

// columnsQuery follows domains to the type that is below them. A key's place is
// counted from 0 in the catalog.
const columnsQuery = `WITH RECURSIVE c AS (
	SELECT a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attndims,
		a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid) AS expr,
		(SELECT array_position(i.indkey::int2[], a.attnum) + 1 FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary) AS key,
		false AS ofdomain
	FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
	SELECT c.attnum, c.attname, t.typbasetype, CASE WHEN t.typtypmod = -1 THEN c.atttypmod ELSE t.typtypmod END,
		c.attnotnull OR t.typnotnull, greatest(c.attndims, t.typndims),
		c.attidentity, c.attgenerated, c.expr, c.key, c.ofdomain OR t.typdefault IS NOT NULL
	FROM c JOIN pg_catalog.pg_type t ON t.oid = c.atttypid AND t.typtype = 'd'
)
SELECT c.attname, format_type(c.atttypid, c.atttypmod), c.atttypid::bigint, c.atttypmod, c.attndims, NOT c.attnotnull,
	coalesce(c.key, 0), c.attidentity <> '' OR coalesce(c.expr, '') LIKE 'nextval(%', c.attgenerated <> '',
	c.attgenerated = '' AND (c.expr IS NOT NULL OR c.ofdomain OR c.attidentity <> '')
FROM c JOIN pg_catalog.pg_type t ON t.oid = c.atttypid AND t.typtype <> 'd'
ORDER BY c.attnum`

// Columns describes a table's columns; a domain is the type below it.
func (d dialect) Columns(ctx context.Context, q database.Querier, t database.Table, m database.Mapping) ([]database.Column, error) {
	columns, err := d.columns(ctx, q, t, m)
	if err != nil {
		return nil, fmt.Errorf("postgres: describe table %s: %w", t, err)
	}
	return columns, nil
}

func (d dialect) columns(ctx context.Context, q database.Querier, t database.Table, m database.Mapping) ([]database.Column, error) {
	rows, err := q.QueryContext(ctx, columnsQuery, d.table(t))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var columns []database.Column
	for rows.Next() {
		var (
			c         database.Column
			oid       int64
			mod, dims int32
		)
		if err := rows.Scan(&c.Name, &c.Type, &oid, &mod, &dims, &c.Nullable, &c.Key, &c.Generated, &c.Computed, &c.HasDefault); err != nil {
			return nil, err
		}
		c.Schema = typeOf(uint32(oid), mod, dims > 1, m).schema(c.Nullable)
		columns = append(columns, c)
	}
	return columns, rows.Err()
}
