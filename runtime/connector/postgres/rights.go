package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kcgen.dev/runtime/connector/database"
)

// words are the rights on a table that are granted.
var words = map[database.Right]string{
	database.Select: "SELECT", database.Insert: "INSERT", database.Update: "UPDATE", database.Delete: "DELETE",
}

// Login is who connects.
func (d Database) Login() string { return d.User }

const indexesQuery = `SELECT i.indexrelid::text, coalesce(a.attname, '')
FROM pg_catalog.pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n)
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = to_regclass($1) AND i.indisvalid AND i.indpred IS NULL AND k.n <= i.indnkeyatts
ORDER BY i.indexrelid, k.n`

// Indexes are the columns of each index that can be used for any row.
func (d dialect) Indexes(ctx context.Context, q database.Querier, t database.Table) ([][]string, error) {
	indexes, err := database.Groups(ctx, q, indexesQuery, []any{d.table(t)})
	if err != nil {
		return nil, fmt.Errorf("postgres: look for indexes of %s: %w", t, err)
	}
	return indexes, nil
}

// Questions about rights. $1 and $2 are the table's schema and name: who may not
// look into a schema may not ask for a table of it by its whole name ($3).
const (
	theTable = `FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = $2 AND CASE WHEN $1 = '' THEN c.oid = to_regclass($3) ELSE n.nspname = $1 END`
	hasTable  = `SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, $4) ` + theTable
	hasOwner  = `SELECT has_schema_privilege(n.oid, 'USAGE') AND pg_has_role(c.relowner, 'USAGE') ` + theTable
	hasCreate = `SELECT has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE')
FROM pg_catalog.pg_namespace n WHERE n.nspname = coalesce(nullif($1, ''), current_schema())`
)

// Lacks gives the rights that the user has not got.
func (d dialect) Lacks(ctx context.Context, q database.Querier, t database.Table, rights []database.Right) ([]database.Right, error) {
	var lacks []database.Right
	for _, right := range rights {
		query, args := hasTable, []any{t.Schema, t.Name, d.table(t), words[right]}
		switch right {
		case database.Create:
			query, args = hasCreate, args[:1]
		case database.Alter:
			query, args = hasOwner, args[:3]
		}
		has, err := one[bool](ctx, q, query, args...)
		if err != nil {
			return nil, fmt.Errorf("postgres: ask for rights on %s: %w", t, err)
		}
		if !has {
			lacks = append(lacks, right)
		}
	}
	return lacks, nil
}

const cacheQuery = `SELECT s.seqcache FROM pg_catalog.pg_sequence s
WHERE s.seqrelid = pg_get_serial_sequence($1, $2)::regclass`

// Unordered finds sequences that hand out numbers in stocks: each session has
// one of its own, and a new row of one session may have a lower number than an
// old one of another.
func (d dialect) Unordered(ctx context.Context, q database.Querier, t database.Table, column string) (string, error) {
	cache, err := one[int64](ctx, q, cacheQuery, d.table(t), column)
	if err != nil {
		return "", fmt.Errorf("postgres: look at the sequence of %s: %w", t, err)
	}
	if cache > 1 {
		return fmt.Sprintf("its sequence hands out numbers in stocks of %d (CACHE), so that sessions use them out of order", cache), nil
	}
	return "", nil
}

// publicSchema is where a table without a schema is by default. Everybody may
// look into it.
const publicSchema = "public"

// Home is where a table without a schema is by default.
func (dialect) Home() string { return publicSchema }

// Grants gives GRANT statements. Who updates or deletes by a key reads it too.
// Only an owner may add columns; the statement for that makes the user one.
func (d dialect) Grants(user string, t database.Table, rights []database.Right) []string {
	to := " TO " + d.quote(user)
	on := tableWords(rights)
	schema := t.Schema
	if schema == "" {
		schema = publicSchema
	}
	var statements []string
	if schema != publicSchema {
		statements = append(statements, "GRANT USAGE ON SCHEMA "+d.quote(schema)+to)
	}
	if slices.Contains(rights, database.Create) {
		statements = append(statements, "GRANT CREATE ON SCHEMA "+d.quote(schema)+to)
	}
	if t.Name == "" {
		if on != "" {
			statements = append(statements, "GRANT "+on+" ON ALL TABLES IN SCHEMA "+d.quote(schema)+to,
				"ALTER DEFAULT PRIVILEGES IN SCHEMA "+d.quote(schema)+" GRANT "+on+" ON TABLES"+to)
		}
		return statements
	}
	switch {
	case slices.Contains(rights, database.Alter): // an owner has all other rights
		statements = append(statements, "ALTER TABLE "+d.table(t)+" OWNER"+to)
	case on != "":
		statements = append(statements, "GRANT "+on+" ON "+d.table(t)+to)
	}
	return statements
}

// tableWords are the rights on a table, those included that others need.
func tableWords(rights []database.Right) string {
	has := map[database.Right]bool{}
	for _, r := range rights {
		has[r] = true
		if r == database.Update || r == database.Delete {
			has[database.Select] = true
		}
	}
	var on []string
	for r := database.Select; r <= database.Delete; r++ {
		if has[r] {
			on = append(on, words[r])
		}
	}
	return strings.Join(on, ", ")
}

func (d dialect) quote(name string) string      { return string(d.AppendIdentifier(nil, name)) }
func (d dialect) table(t database.Table) string { return string(database.AppendTable(nil, d, t)) }
