package sqlserver

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kcgen.dev/runtime/connector/database"
)

const listTables = `SELECT DB_NAME(), s.name, o.name, RTRIM(o.type) FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id
WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 AND (@p1 = N'' OR s.name LIKE @p1 ESCAPE N'\') ORDER BY s.name, o.name`

// Tables have database and schema before them, as in Connect's offsets.
func (dialect) Tables(ctx context.Context, q database.Querier, schema string, kinds []string) ([]database.Table, error) {
	var tables []database.Table
	err := database.Strings(ctx, q, listTables, []any{strings.ReplaceAll(schema, "[", `\[`)}, func(row []string) error {
		kind := "TABLE"
		if row[3] == "V" {
			kind = "VIEW"
		}
		if slices.Contains(kinds, kind) {
			tables = append(tables, database.Table{Catalog: row[0], Schema: row[1], Name: row[2]})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("sqlserver: list tables: %w", err)
	}
	return tables, nil
}

// listColumns gives the base of a type that somebody has named.
const listColumns = `SELECT c.name, COALESCE(b.name, t.name), CAST(c.max_length AS int), CAST(c.precision AS int), CAST(c.scale AS int), CAST(c.is_nullable AS int),
CAST(c.is_identity AS int), CAST(c.is_computed AS int) + CAST(c.generated_always_type AS int), c.default_object_id, COALESCE(CAST(p.key_ordinal AS int), 0)
FROM sys.columns c JOIN sys.types t ON t.user_type_id = c.user_type_id
LEFT JOIN sys.types b ON t.is_user_defined = 1 AND b.user_type_id = c.system_type_id
LEFT JOIN (SELECT ic.object_id, ic.column_id, ic.key_ordinal FROM sys.index_columns ic JOIN sys.indexes i
ON i.object_id = ic.object_id AND i.index_id = ic.index_id WHERE i.is_primary_key = 1) p ON p.object_id = c.object_id AND p.column_id = c.column_id
WHERE c.object_id = OBJECT_ID(@p1) ORDER BY c.column_id`

func (d dialect) Columns(ctx context.Context, q database.Querier, t database.Table, m database.Mapping) ([]database.Column, error) {
	var columns []database.Column
	err := database.Strings(ctx, q, listColumns, []any{string(database.AppendTable(nil, d, t))}, func(row []string) error {
		c := column(row)
		describe(&c, m)
		columns = append(columns, c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("sqlserver: describe table %s: %w", t, err)
	}
	return columns, nil
}

// column reads a row of listColumns. A rowversion (timestamp) is the server's.
func column(row []string) database.Column {
	c := database.Column{Name: row[0], Type: printType(strings.ToLower(row[1]), row[2], row[3], row[4]), Nullable: row[5] == "1"}
	c.Generated = row[6] == "1"
	c.Computed = row[7] != "0" || c.Type == "timestamp"
	c.HasDefault = row[8] != "0" || c.Generated
	c.Key, _ = strconv.Atoi(row[9])
	return c
}

// printType writes a type as CREATE TABLE does, of what it needs.
func printType(name, length, precision, scale string) string {
	switch name {
	case "decimal", "numeric":
		return name + "(" + precision + "," + scale + ")"
	case "datetime2", "time", "datetimeoffset":
		return name + "(" + scale + ")"
	case "nvarchar", "nchar", "varchar", "char", "varbinary", "binary":
		n, _ := strconv.Atoi(length)
		if n < 0 {
			return name + "(max)"
		}
		if name[0] == 'n' {
			n /= 2
		}
		return name + "(" + strconv.Itoa(n) + ")"
	}
	return name
}

const listIndexes = `SELECT i.name, c.name FROM sys.indexes i JOIN sys.index_columns ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id
JOIN sys.columns c ON c.object_id = ic.object_id AND c.column_id = ic.column_id
WHERE i.object_id = OBJECT_ID(@p1) AND i.has_filter = 0 AND i.type IN (1, 2) AND i.is_disabled = 0 AND ic.is_included_column = 0
ORDER BY i.index_id, ic.key_ordinal`

// Indexes are those that have an order.
func (d dialect) Indexes(ctx context.Context, q database.Querier, t database.Table) ([][]string, error) {
	indexes, err := database.Groups(ctx, q, listIndexes, []any{string(database.AppendTable(nil, d, t))})
	if err != nil {
		return nil, fmt.Errorf("sqlserver: list the indexes of table %s: %w", t, err)
	}
	return indexes, nil
}

// words are the names of rights on tables.
var words = map[database.Right]string{
	database.Select: "SELECT", database.Insert: "INSERT", database.Update: "UPDATE", database.Delete: "DELETE", database.Alter: "ALTER",
}

// Grants are of a user of the database. To add columns is a right on the table,
// to make tables one on the database and on the schema.
func (d dialect) Grants(user string, t database.Table, asked []database.Right) []string {
	to := " TO " + string(d.AppendIdentifier(nil, user))
	on := ""
	switch {
	case t.Name != "":
		on = " ON OBJECT::" + string(database.AppendTable(nil, d, database.Table{Schema: t.Schema, Name: t.Name}))
	case t.Schema != "":
		on = " ON SCHEMA::" + string(d.AppendIdentifier(nil, t.Schema))
	}
	var names, statements []string
	for _, r := range asked {
		if r != database.Create {
			names = append(names, words[r])
			continue
		}
		schema := t.Schema
		if schema == "" {
			schema = "dbo"
		}
		statements = append(statements, "GRANT CREATE TABLE"+to, "GRANT ALTER ON SCHEMA::"+string(d.AppendIdentifier(nil, schema))+to)
	}
	if len(names) > 0 {
		statements = append(statements, "GRANT "+strings.Join(names, ", ")+on+to)
	}
	return statements
}
