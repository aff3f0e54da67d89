package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"kcgen.dev/runtime/connector/database"
)

// InsertBulk is one COPY of all rows.
func (d dialect) InsertBulk(ctx context.Context, c *sql.Conn, t database.Table, columns []database.Column, rows [][]any) error {
	text, err := copyText(rows)
	if err != nil {
		return fmt.Errorf("postgres: copy into %s: %w", t, err)
	}
	statement := append(database.AppendTable([]byte("COPY "), d, t), " ("...)
	statement = append(database.AppendNames(statement, d, database.ColumnNames(columns)), ") FROM STDIN"...)
	err = c.Raw(func(driver any) error {
		pg, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the connection is of another driver (%T)", driver)
		}
		_, err := pg.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(text), string(statement))
		return copyFault(err)
	})
	if err != nil {
		return fmt.Errorf("postgres: copy into %s: %w", t, err)
	}
	return nil
}

// copyFault knows the tables that COPY refuses, though an INSERT goes well: views
// (42809), and tables with policies for their rows (0A000).
func copyFault(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == "42809" || pg.Code == "0A000") {
		return fmt.Errorf("%w: %w", database.ErrNoBulk, err)
	}
	return err
}

// copyText writes rows as COPY reads them: fields between tabs, rows between
// line feeds, null as \N.
func copyText(rows [][]any) ([]byte, error) {
	var dst, field []byte
	for n, row := range rows {
		for i, v := range row {
			if i > 0 {
				dst = append(dst, '\t')
			}
			switch v := v.(type) {
			case nil:
				dst = append(dst, `\N`...)
			case string:
				dst = appendEscaped(dst, v)
			case []byte:
				dst = append(dst, '\\') // of the \x that comes
				dst, _ = appendArgument(dst, v)
			default:
				var err error
				if field, err = appendArgument(field[:0], v); err != nil {
					return nil, fmt.Errorf("row %d: %w", n+1, err)
				}
				dst = append(dst, field...)
			}
		}
		dst = append(dst, '\n')
	}
	return dst, nil
}

// appendEscaped appends a text with what COPY would take for its own escaped.
func appendEscaped(dst []byte, text string) []byte {
	if !strings.ContainsAny(text, "\\\t\n\r") {
		return append(dst, text...)
	}
	for i := range len(text) {
		switch c := text[i]; c {
		case '\\':
			dst = append(dst, `\\`...)
		case '\t':
			dst = append(dst, `\t`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// UpsertBulk is one INSERT of arrays, one a column, that the server makes rows
// of: as fast as a COPY into a table between, and without the table.
func (d dialect) UpsertBulk(ctx context.Context, c *sql.Conn, t database.Table, keys, others []database.Column, rows [][]any) error {
	columns := slices.Concat(keys, others)
	args, err := asArrays(columns, rows)
	if err != nil {
		return fmt.Errorf("postgres: upsert into %s: %w", t, err)
	}
	if _, err := c.ExecContext(ctx, string(d.appendUnnest(nil, t, columns, database.ColumnNames(keys), database.ColumnNames(others))), args...); err != nil {
		return fmt.Errorf("postgres: upsert into %s: %w", t, err)
	}
	return nil
}

// asArrays are the columns of rows as parameters.
func asArrays(columns []database.Column, rows [][]any) ([]any, error) {
	args := make([]any, len(columns))
	for i := range columns {
		text, err := arrayText(rows, i)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", columns[i].Name, err)
		}
		args[i] = text
	}
	return args, nil
}

// appendUnnest appends INSERT INTO … SELECT … FROM unnest($1::a[], …).
func (d dialect) appendUnnest(dst []byte, t database.Table, columns []database.Column, keys, others []string) []byte {
	dst = append(database.AppendTable(append(dst, "INSERT INTO "...), d, t), " ("...)
	dst = append(database.AppendNames(dst, d, database.ColumnNames(columns)), ") OVERRIDING SYSTEM VALUE SELECT "...)
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCast(dst, i, c)
	}
	dst = append(d.appendArrays(append(dst, " FROM "...), columns), " u("...)
	return d.appendConflict(append(database.AppendRefs(dst, len(columns)), ')'), keys, others)
}

// appendCast appends the i-th column of what appendArrays gives.
func appendCast(dst []byte, i int, c database.Column) []byte {
	dst = database.AppendRef(dst, i)
	if elem, viaText := castType(c.Type); viaText {
		dst = append(append(dst, "::"...), elem...)
	}
	return dst
}

// appendArrays appends unnest($1::a[], …).
func (d dialect) appendArrays(dst []byte, columns []database.Column) []byte {
	dst = append(dst, "unnest("...)
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(d.AppendParameter(dst, i+1), "::"...)
		if elem, viaText := castType(c.Type); viaText {
			dst = append(dst, "text[]"...)
		} else {
			dst = append(append(dst, elem...), "[]"...)
		}
	}
	return append(dst, ')')
}

// flat are the types whose arrays unnest takes apart to their values. An array
// of arrays it takes apart to the last, one of composites to their fields.
var flat = map[string]bool{
	"boolean": true, "smallint": true, "integer": true, "bigint": true, "real": true, "double precision": true,
	"numeric": true, "text": true, "character varying": true, "bpchar": true, "bytea": true, "uuid": true, "json": true, "jsonb": true,
	"date": true, "time without time zone": true, "timestamp without time zone": true, "timestamp with time zone": true,
}

// castType is a type without its modifier: a cast to varchar(3) would cut what
// is too long in silence, where the column itself refuses it. viaText is whether
// its values come as an array of texts.
func castType(typ string) (name string, viaText bool) {
	if strings.HasSuffix(typ, "[]") {
		return typ, true
	}
	switch name, _ = baseType(typ); name {
	case "character":
		name = "bpchar"
	case "bit":
		name = "varbit"
	}
	return name, !flat[name]
}

// arrayText is a column of rows as an array.
func arrayText(rows [][]any, i int) (string, error) {
	dst := make([]byte, 0, 16*len(rows))
	dst = append(dst, '{')
	var field []byte
	for n, row := range rows {
		if n > 0 {
			dst = append(dst, ',')
		}
		switch v := row[i].(type) {
		case nil:
			dst = append(dst, "NULL"...)
		case int64:
			dst, _ = appendArgument(dst, v)
		default:
			var err error
			if field, err = appendArgument(field[:0], v); err != nil {
				return "", err
			}
			dst = appendElement(dst, field, false)
		}
	}
	return string(append(dst, '}')), nil
}
