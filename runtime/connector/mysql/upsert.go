package mysql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kcgen.dev/runtime/connector/database"
)

var (
	_ database.Upserts = dialect{}
	_ database.Engines = dialect{}
)

const (
	listUniques = `SELECT INDEX_NAME, COALESCE(COLUMN_NAME, '') FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = COALESCE(NULLIF(?, ''), DATABASE()) AND TABLE_NAME = ? AND NON_UNIQUE = 0 ORDER BY INDEX_NAME, SEQ_IN_INDEX`
	listViews = `SELECT TABLE_NAME FROM information_schema.VIEWS
WHERE TABLE_SCHEMA = COALESCE(NULLIF(?, ''), DATABASE()) AND TABLE_NAME = ?`
	listEngines = `SELECT t.ENGINE FROM information_schema.TABLES t JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
WHERE t.TABLE_SCHEMA = COALESCE(NULLIF(?, ''), DATABASE()) AND t.TABLE_NAME = ? AND e.TRANSACTIONS <> 'YES'`
)

// Finds goes by the unique indexes that lie within the keys: a duplicate of any
// of them makes an update of an insert.
func (dialect) Finds(ctx context.Context, q database.Querier, t database.Table, keys []string) (bool, error) {
	args := []any{t.Schema, t.Name}
	uniques, err := database.Groups(ctx, q, listUniques, args)
	if err != nil {
		return false, fmt.Errorf("mysql: list the unique indexes of table %s: %w", t, err)
	}
	isKey := func(column string) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, column) })
	}
	for _, columns := range uniques {
		if !slices.ContainsFunc(columns, func(c string) bool { return !isKey(c) }) {
			return true, nil
		}
	}
	view := false // whose table has the indexes
	err = database.Strings(ctx, q, listViews, args, func([]string) error { view = true; return nil })
	if err != nil {
		return false, fmt.Errorf("mysql: ask whether %s is a view: %w", t, err)
	}
	return view, nil
}

// Doubles is true: without a duplicate of a unique index there is an insert.
func (dialect) Doubles() bool { return true }

// Untransacted names an engine without transactions.
func (dialect) Untransacted(ctx context.Context, q database.Querier, t database.Table) (engine string, err error) {
	err = database.Strings(ctx, q, listEngines, []any{t.Schema, t.Name}, func(row []string) error { engine = row[0]; return nil })
	if err != nil {
		return "", fmt.Errorf("mysql: ask for the engine of table %s: %w", t, err)
	}
	return engine, nil
}
