package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"kcgen.dev/runtime/connect"
	"kcgen.dev/runtime/connector/database"
)

// Rows runs a query over the driver's own connection, without database/sql
// between: what the wire has becomes values at once. The statement has no name,
// so that the server keeps nothing of it and a change of the table does not
// matter.
func (dialect) Rows(ctx context.Context, c *sql.Conn, query string, args []any, known []database.Column, m database.Mapping) (database.Rows, error) {
	r := &rows{conn: c}
	params, err := arguments(args)
	if err != nil {
		return nil, fmt.Errorf("postgres: query: %w", err)
	}
	err = r.raw(func(pg *pgconn.PgConn) error {
		statement, err := pg.Prepare(ctx, "", query, nil)
		if err != nil {
			return err
		}
		if err := r.describe(ctx, pg, statement.Fields, known, m); err != nil {
			return err
		}
		// A second statement may have taken the place of the one without a name.
		r.result = pg.ExecParams(ctx, query, params, statement.ParamOIDs, nil, r.formats)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("postgres: query: %w", err)
	}
	return r, nil
}

// A batch is read under one hold of the connection: so many rows, or bytes.
const (
	batchRows  = 64
	batchBytes = 64 << 10
)

type rows struct {
	conn    *sql.Conn
	result  *pgconn.ResultReader
	columns []database.Column
	decode  []decoder
	formats []int16
	state   state

	batch []connect.Value // of rows that are read and not yet handed out
	at    int             // in batch
	done  bool            // nothing more comes
	err   error           // behind the batch
}

// raw runs f with the connection itself.
func (r *rows) raw(f func(*pgconn.PgConn) error) error {
	return r.conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the connection is of another driver (%T)", driver)
		}
		return f(c.Conn().PgConn())
	})
}

// describe finds what each column is, and how it is to be sent.
func (r *rows) describe(ctx context.Context, pg *pgconn.PgConn, fields []pgconn.FieldDescription, known []database.Column, m database.Mapping) error {
	if len(fields) == 0 {
		return errors.New("the statement gives no rows: it must be a query")
	}
	byName := make(map[string]database.Column, len(known))
	for _, c := range known {
		byName[c.Name] = c
	}
	r.state.anyBytes = pg.ParameterStatus("server_encoding") == "SQL_ASCII"
	money := false
	for _, f := range fields {
		c, ok := byName[f.Name]
		if !ok {
			c = database.Column{Name: f.Name, Nullable: true, Type: typeName(f.DataTypeOID)}
		}
		// A known array that is text has several dimensions.
		t := typeOf(f.DataTypeOID, f.TypeModifier, ok && c.Schema != nil && c.Schema.Kind() == connect.KindString, m)
		if s := t.schema(c.Nullable); c.Schema == nil || !c.Schema.Equal(s) {
			c.Schema = s // one known keeps its address, by which others know it
		}
		money = money || t.money
		r.columns = append(r.columns, c)
		r.decode = append(r.decode, t.decode)
		r.formats = append(r.formats, map[bool]int16{true: 1, false: 0}[t.binary])
	}
	if !money {
		return nil
	}
	digits, err := moneyDigits(ctx, pg)
	r.state.digits = digits
	return err
}

// moneyDigits asks how many digits behind the point an amount has, which is the
// database's locale's matter.
func moneyDigits(ctx context.Context, pg *pgconn.PgConn) (int, error) {
	result := pg.ExecParams(ctx, `SELECT length(regexp_replace(1::money::text, '[^0-9]', '', 'g')) - 1`, nil, nil, nil, nil).Read()
	if result.Err != nil {
		return 0, result.Err
	}
	return int(result.Rows[0][0][0] - '0'), nil
}

// Columns are the rows' columns.
func (r *rows) Columns() []database.Column { return r.columns }

// Next gives the next row.
func (r *rows) Next(dst []connect.Value) (bool, error) {
	if r.at == len(r.batch) && !r.done {
		if err := r.fill(); err != nil {
			return false, fmt.Errorf("postgres: read rows: %w", err)
		}
	}
	if r.at == len(r.batch) {
		return false, r.err
	}
	r.at += copy(dst, r.batch[r.at:r.at+len(r.columns)])
	return true, nil
}

// fill reads a batch. A row that cannot be read is an error behind those before
// it.
func (r *rows) fill() error {
	r.batch, r.at = r.batch[:0], 0
	return r.raw(func(*pgconn.PgConn) error {
		for size := 0; size < batchBytes && len(r.batch) < batchRows*len(r.columns); {
			if !r.result.NextRow() {
				r.done = true
				if _, err := r.result.Close(); err != nil {
					r.err = fmt.Errorf("postgres: read rows: %w", err)
				}
				return nil
			}
			n, err := r.row(r.result.Values())
			if err != nil {
				r.done, r.err = true, fmt.Errorf("postgres: %w", err)
				return nil
			}
			size += n
		}
		return nil
	})
}

var errNull = errors.New("null, in a column that has none by its definition")

// row decodes a row to the batch's end.
func (r *rows) row(values [][]byte) (size int, err error) {
	start := len(r.batch)
	for i, b := range values {
		size += len(b)
		v := connect.Null
		switch {
		case b != nil:
			v, err = r.decode[i](&r.state, b)
		case !r.columns[i].Nullable:
			err = errNull
		}
		if err != nil {
			r.batch = r.batch[:start]
			return 0, fmt.Errorf("column %s (%s): %w", connect.Word(r.columns[i].Name), r.columns[i].Type, err)
		}
		r.batch = append(r.batch, v)
	}
	return size, nil
}

// cancelPatience is how long a server may take to end a query that nobody wants
// any more.
const cancelPatience = 10 * time.Second

// Close ends the query. Where rows are left the server is told to stop, and not
// made to send them all: a transaction that the query is in has then failed.
func (r *rows) Close() error {
	r.batch, r.at, r.done = nil, 0, true
	return r.raw(func(pg *pgconn.PgConn) error {
		if r.result == nil || pg.IsClosed() || !pg.IsBusy() {
			return nil
		}
		ctx, cancel := context.WithTimeout(context.Background(), cancelPatience)
		defer cancel()
		err := pg.CancelRequest(ctx)
		_, ended := r.result.Close()
		var state *pgconn.PgError
		if errors.As(ended, &state) && state.Code == "57014" || ended == nil {
			return nil
		}
		return fmt.Errorf("postgres: end a query: %w", errors.Join(err, ended))
	})
}
