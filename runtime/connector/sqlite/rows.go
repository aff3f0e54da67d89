package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// Rows describes a column by what is known of it, else by its declared type. What
// is computed in the query has none: then the first row's value tells.
func (dialect) Rows(ctx context.Context, c *sql.Conn, query string, args []any, known []database.Column, m database.Mapping) (database.Rows, error) {
	return database.Query(ctx, c, query, args, func(t *sql.ColumnType) (database.Column, database.Decode) {
		column := describe(t, known)
		kind := declare(column.Type)
		column.Schema = kind.schema(m, column.Nullable)
		return column, kind.decode(column.Schema, m)
	})
}

func describe(t *sql.ColumnType, known []database.Column) database.Column {
	declared := strings.ToLower(t.DatabaseTypeName())
	for _, k := range known {
		if k.Name == t.Name() && (declared == "" || k.Type == declared) {
			return k
		}
	}
	c := database.Column{Name: t.Name(), Type: declared, Nullable: true}
	if declared == "" {
		c.Type = valueType(t.ScanType())
	}
	return c
}

// valueType names the storage class of a value.
func valueType(t reflect.Type) string {
	if t == nil {
		return ""
	}
	switch t.Kind() {
	case reflect.Int64:
		return "integer"
	case reflect.Float64:
		return "real"
	case reflect.Slice:
		return "blob"
	}
	return ""
}

// decodeText takes numbers too, as SQLite shows them; bytes are something else.
func decodeText(b *connect.Buffer, src any) (connect.Value, error) {
	switch src.(type) {
	case []byte:
		return connect.Null, errors.New("a blob is no text: declare the column BLOB")
	}
	return textDecoder(b, src)
}

func decodeBlob(b *connect.Buffer, src any) (connect.Value, error) {
	switch x := src.(type) {
	case []byte, string:
		return blobDecoder(b, src)
	default:
		return connect.Null, fmt.Errorf("%v is a number and no blob", x)
	}
}

// decodeBool takes 0 and 1, and the words: any other number means something else.
func decodeBool(b *connect.Buffer, src any) (connect.Value, error) {
	if i, ok := src.(int64); ok && i != 0 && i != 1 {
		return connect.Null, fmt.Errorf("%d is no boolean, which is 0 or 1", i)
	}
	return boolDecoder(b, src)
}

var (
	textDecoder = database.Decoder(connect.StringSchema, database.Mapping{})
	blobDecoder = database.Decoder(connect.BytesSchema, database.Mapping{})
	boolDecoder = database.Decoder(connect.BoolSchema, database.Mapping{})
)

// Now is the clock of this machine: SQLite has no other.
func (dialect) Now(ctx context.Context, q database.Querier) (time.Time, error) {
	now, err := database.Clock(ctx, q, `SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')`)
	if err != nil {
		return now, fmt.Errorf("sqlite: ask for the time: %w", err)
	}
	return now, nil
}
