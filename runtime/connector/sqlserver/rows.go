package sqlserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

func (dialect) Rows(ctx context.Context, c *sql.Conn, query string, args []any, known []database.Column, m database.Mapping) (database.Rows, error) {
	return database.Query(ctx, c, query, args, func(t *sql.ColumnType) (database.Column, database.Decode) {
		column := resultColumn(t, known)
		if describe(&column, m); column.Schema == nil {
			return column, nil
		}
		return column, decoder(column, m)
	})
}

// resultColumn is the table's column of that name and kind, or what the driver
// says, for which numeric and decimal are one.
func resultColumn(t *sql.ColumnType, known []database.Column) database.Column {
	c := database.Column{Name: t.Name(), Type: strings.ToLower(t.DatabaseTypeName()), Nullable: true}
	if nullable, ok := t.Nullable(); ok {
		c.Nullable = nullable
	}
	if p, s, ok := t.DecimalSize(); ok && c.Type == "decimal" {
		c.Type = fmt.Sprintf("decimal(%d,%d)", p, s)
	}
	for _, k := range known {
		if k.Name == c.Name && family(k.Type) == family(c.Type) {
			return k
		}
	}
	return c
}

// family is what the types have in common that the driver does not tell apart.
func family(typ string) string {
	switch name := typeName(typ); name {
	case "numeric":
		return "decimal"
	case "rowversion", "timestamp":
		return "binary"
	case "hierarchyid", "geometry", "geography":
		return "udt"
	case "sysname":
		return "nvarchar"
	default:
		return name
	}
}

func decoder(c database.Column, m database.Mapping) database.Decode {
	zone := m.Zone
	if zone == nil {
		zone = time.UTC
	}
	switch typeName(c.Type) {
	case "datetime", "datetime2", "smalldatetime":
		return func(b *connect.Buffer, src any) (connect.Value, error) {
			t, ok := src.(time.Time)
			if !ok {
				return database.DecodeMoment(m)(b, src)
			}
			y, month, d := t.Date() // the driver says UTC of a clock without a zone
			return m.Moment(b, time.Date(y, month, d, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone))
		}
	case "datetimeoffset":
		return database.DecodeMoment(m)
	case "uniqueidentifier":
		return decodeGUID
	}
	return database.Decoder(c.Schema, m)
}

// decodeGUID reads 16 bytes, of which the first three numbers are little-endian.
// Their letters are capital, as the server prints them.
func decodeGUID(b *connect.Buffer, src any) (connect.Value, error) {
	g, ok := src.([]byte)
	if !ok || len(g) != 16 {
		return connect.Null, errors.New("a uniqueidentifier has 16 bytes")
	}
	return connect.Text(b.Finish(fmt.Appendf(b.Start(), "%X-%X-%X-%X-%X",
		[]byte{g[3], g[2], g[1], g[0]}, []byte{g[5], g[4]}, []byte{g[7], g[6]}, g[8:10], g[10:]))), nil
}

// The layouts that a time has where the server is to compare or keep it.
const (
	momentLayout   = "2006-01-02T15:04:05.9999999"
	datetimeLayout = "2006-01-02T15:04:05.000" // datetime takes no more digits
	offsetLayout   = "2006-01-02T15:04:05.9999999Z07:00"
)

// formatMoment writes a moment for a column: as a text, which the server takes
// for the column's own type.
func formatMoment(t time.Time, typ string) string {
	switch typeName(typ) {
	case "datetime", "smalldatetime":
		return t.Format(datetimeLayout)
	case "datetimeoffset":
		return t.Format(offsetLayout)
	case "date":
		return t.Format(database.DateLayout)
	}
	return t.Format(momentLayout)
}

// BindOffset writes a moment as the column's type keeps it.
func (dialect) BindOffset(c database.Column, v any, m database.Mapping) (any, error) {
	t, ok := v.(time.Time)
	if !ok {
		return v, nil
	}
	zone := m.Zone
	if zone == nil || typeName(c.Type) == "date" {
		zone = time.UTC
	}
	return formatMoment(t.In(zone), c.Type), nil
}
