package mysql

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kcgen.dev/runtime/connector/database"
)

const listTables = `SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES
WHERE CASE WHEN ? = '' THEN TABLE_SCHEMA = DATABASE() ELSE TABLE_SCHEMA LIKE ? END ORDER BY TABLE_SCHEMA, TABLE_NAME`

// Tables have their database before them, as Connect's driver gives them: it is
// part of the names in offsets.
func (dialect) Tables(ctx context.Context, q database.Querier, schema string, kinds []string) ([]database.Table, error) {
	var tables []database.Table
	err := database.Strings(ctx, q, listTables, []any{schema, schema}, func(row []string) error {
		if strings.Contains(schema, "%") && systemDatabases[row[0]] {
			return nil
		}
		if slices.Contains(kinds, kindOf(row[2])) {
			tables = append(tables, database.Table{Schema: row[0], Name: row[1]})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("mysql: list tables: %w", err)
	}
	return tables, nil
}

func kindOf(typ string) string {
	switch typ {
	case "BASE TABLE", "SYSTEM VERSIONED":
		return "TABLE"
	case "VIEW":
		return "VIEW"
	}
	return ""
}

const listColumns = `SELECT c.COLUMN_NAME, c.COLUMN_TYPE, c.IS_NULLABLE, c.EXTRA, c.COLUMN_DEFAULT IS NOT NULL, c.COLUMN_DEFAULT, s.SEQ_IN_INDEX
FROM information_schema.COLUMNS c LEFT JOIN information_schema.STATISTICS s
ON s.TABLE_SCHEMA = c.TABLE_SCHEMA AND s.TABLE_NAME = c.TABLE_NAME AND s.COLUMN_NAME = c.COLUMN_NAME AND s.INDEX_NAME = 'PRIMARY'
WHERE c.TABLE_SCHEMA = COALESCE(NULLIF(?, ''), DATABASE()) AND c.TABLE_NAME = ? ORDER BY c.ORDINAL_POSITION`

func (d dialect) Columns(ctx context.Context, q database.Querier, t database.Table, m database.Mapping) ([]database.Column, error) {
	var columns []database.Column
	err := database.Strings(ctx, q, listColumns, []any{t.Schema, t.Name}, func(row []string) error {
		c := column(row)
		d.describe(&c, m)
		columns = append(columns, c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("mysql: describe table %s: %w", t, err)
	}
	return columns, nil
}

// column reads a row of listColumns. MariaDB writes NULL for the default of a
// column that may be null and has none.
func column(row []string) database.Column {
	c := database.Column{Name: row[0], Type: lowerType(row[1]), Nullable: row[2] == "YES"}
	extra := strings.ToUpper(row[3])
	c.Generated = strings.Contains(extra, "AUTO_INCREMENT")
	for _, word := range []string{"VIRTUAL GENERATED", "STORED GENERATED", "PERSISTENT"} {
		c.Computed = c.Computed || strings.Contains(extra, word)
	}
	c.HasDefault = row[4] == "1" && !(c.Nullable && row[5] == "NULL") || c.Generated
	c.Key, _ = strconv.Atoi(row[6])
	return c
}

// lowerType writes a type small, but not the words of an enum.
func lowerType(t string) string {
	if i := strings.IndexByte(t, '\''); i >= 0 {
		return strings.ToLower(t[:i]) + t[i:]
	}
	return strings.ToLower(t)
}

const listIndexes = `SELECT INDEX_NAME, COALESCE(COLUMN_NAME, '') FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = COALESCE(NULLIF(?, ''), DATABASE()) AND TABLE_NAME = ? AND INDEX_TYPE <> 'FULLTEXT' AND INDEX_TYPE <> 'SPATIAL'
ORDER BY INDEX_NAME, SEQ_IN_INDEX`

// Indexes leaves out those for words and shapes, which order nothing.
func (dialect) Indexes(ctx context.Context, q database.Querier, t database.Table) ([][]string, error) {
	indexes, err := database.Groups(ctx, q, listIndexes, []any{t.Schema, t.Name})
	if err != nil {
		return nil, fmt.Errorf("mysql: list the indexes of table %s: %w", t, err)
	}
	return indexes, nil
}
