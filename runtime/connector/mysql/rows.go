package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

func (d dialect) Rows(ctx context.Context, c *sql.Conn, query string, args []any, known []database.Column, m database.Mapping) (database.Rows, error) {
	return database.Query(ctx, c, query, args, func(t *sql.ColumnType) (database.Column, database.Decode) {
		column := resultColumn(t, known)
		if d.describe(&column, m); column.Schema == nil {
			return column, nil
		}
		return column, d.decoder(column, m)
	})
}

// resultColumn is the table's column of that name, where it has the type of the
// result's, or what the result says of it.
func resultColumn(t *sql.ColumnType, known []database.Column) database.Column {
	c := database.Column{Name: t.Name(), Type: resultType(t), Nullable: true}
	if nullable, ok := t.Nullable(); ok {
		c.Nullable = nullable
	}
	for _, k := range known {
		if k.Name == c.Name && alike(parseType(k.Type), parseType(c.Type)) {
			return k
		}
	}
	return c
}

// resultType writes what the driver says as information_schema does.
func resultType(t *sql.ColumnType) string {
	name := strings.ToLower(t.DatabaseTypeName())
	if rest, ok := strings.CutPrefix(name, "unsigned "); ok {
		return rest + " unsigned"
	}
	if p, s, ok := t.DecimalSize(); ok && name == "decimal" {
		return fmt.Sprintf("decimal(%d,%d)", p, s)
	}
	return name
}

// alike is whether a result's type may be that of a table's column: a query may
// give another thing a column's name.
func alike(table, result sqlType) bool {
	switch {
	case texts[table.name]:
		return texts[result.name]
	case blobs[table.name]:
		return blobs[result.name]
	case table.name == "integer":
		table.name = "int"
	case table.name == "numeric":
		table.name = "decimal"
	case table.name == "real":
		table.name = "double"
	}
	return table.name == result.name
}

func (d dialect) decoder(c database.Column, m database.Mapping) database.Decode {
	switch t := parseType(c.Type); t.name {
	case "bit":
		return decodeBits(database.Decoder(c.Schema, m))
	case "year":
		return d.decodeYear
	case "date":
		return d.nonZero(database.Decoder(c.Schema, m))
	case "datetime":
		return d.nonZero(database.DecodeMoment(m))
	case "timestamp":
		return d.nonZero(decodeUTC(m))
	default:
		return database.Decoder(c.Schema, m)
	}
}

// decodeBits reads a number of big-endian bytes.
func decodeBits(number database.Decode) database.Decode {
	return func(b *connect.Buffer, src any) (connect.Value, error) {
		bytes, ok := src.([]byte)
		if !ok || len(bytes) > 8 {
			return number(b, src)
		}
		var n uint64
		for _, c := range bytes {
			n = n<<8 | uint64(c)
		}
		return number(b, n)
	}
}
