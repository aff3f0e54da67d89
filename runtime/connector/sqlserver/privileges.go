package sqlserver

import (
	"context"
	"fmt"

	"kcgen.dev/runtime/connector/database"
)

// Home is where a table without a schema is by default.
func (dialect) Home() string { return "dbo" }

// Lacks asks for each right by its name. To make tables takes a right on the
// database and one on the schema.
func (d dialect) Lacks(ctx context.Context, q database.Querier, t database.Table, asked []database.Right) ([]database.Right, error) {
	object := string(database.AppendTable(nil, d, database.Table{Schema: t.Schema, Name: t.Name}))
	schema := t.Schema
	if schema == "" {
		schema = d.Home()
	}
	var lacks []database.Right
	for _, r := range asked {
		query, name := "SELECT HAS_PERMS_BY_NAME(@p1, 'OBJECT', '"+words[r]+"')", object
		if r == database.Create {
			query = "SELECT CASE WHEN HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'CREATE TABLE') = 1 THEN HAS_PERMS_BY_NAME(@p1, 'SCHEMA', 'ALTER') ELSE 0 END"
			name = string(d.AppendIdentifier(nil, schema))
		}
		err := database.Strings(ctx, q, query, []any{name}, func(row []string) error {
			if row[0] == "0" { // null: there is no such table
				lacks = append(lacks, r)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("sqlserver: ask for rights on table %s: %w", t, err)
		}
	}
	return lacks, nil
}
