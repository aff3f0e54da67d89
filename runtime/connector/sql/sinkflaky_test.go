package sql

import (
	"context"
	stdsql "database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"sync"

	"kcgen.dev/runtime/connector/database"
)

// flaky is a database whose connection is cut at one call: before the database
// has heard of it, or after it has done it.
type flaky struct {
	database.Database
	mu    sync.Mutex
	left  int // calls until the cut; 0: none
	after bool
}

var errCut = errors.New("the connection was cut")

// cutAt has the n-th call from now on cut.
func (f *flaky) cutAt(n int, after bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left, f.after = n, after
}

// due reports whether the cut is still to come.
func (f *flaky) due() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.left > 0
}

func (f *flaky) Open() (*stdsql.DB, error) {
	pool, err := f.Database.Open()
	if err != nil {
		return nil, err
	}
	return stdsql.OpenDB(flakyConnector{f, pool}), nil
}

func (f *flaky) Dialect() database.Dialect { return flakyDialect{f.Database.Dialect()} }

type flakyDialect struct{ database.Dialect }

func (d flakyDialect) Fault(err error) database.Fault {
	if errors.Is(err, errCut) {
		return database.Away
	}
	return d.Dialect.Fault(err)
}

type flakyConnector struct {
	f    *flaky
	pool *stdsql.DB
}

func (c flakyConnector) Driver() driver.Driver { return c.pool.Driver() }
func (c flakyConnector) Close() error          { return c.pool.Close() }

func (c flakyConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &flakyConn{f: c.f, conn: conn}, nil
}

// flakyConn speaks through a connection of its own.
type flakyConn struct {
	f    *flaky
	conn *stdsql.Conn
	tx   *stdsql.Tx
	dead bool
}

// call makes a call, or cuts the connection.
func (c *flakyConn) call(do func() error) error {
	if c.dead {
		return errCut
	}
	c.f.mu.Lock()
	cut := c.f.left == 1
	if c.f.left > 0 {
		c.f.left--
	}
	after := c.f.after
	c.f.mu.Unlock()
	if !cut {
		return do()
	}
	if after {
		_ = do()
	}
	c.dead = true
	if c.tx != nil {
		_ = c.tx.Rollback()
		c.tx = nil
	}
	_ = c.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = c.conn.Close()
	return errCut
}

func (c *flakyConn) Ping(ctx context.Context) error {
	return c.call(func() error { return c.conn.PingContext(ctx) })
}

func (c *flakyConn) Close() error {
	if c.dead {
		return nil
	}
	return c.conn.Close()
}

func (c *flakyConn) Begin() (driver.Tx, error) { return nil, errors.New("not used") }

func (c *flakyConn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	err := c.call(func() (err error) { c.tx, err = c.conn.BeginTx(ctx, nil); return err })
	return flakyTx{c}, err
}

type flakyTx struct{ c *flakyConn }

func (t flakyTx) Commit() error {
	return t.c.call(func() error { tx := t.c.tx; t.c.tx = nil; return tx.Commit() })
}

func (t flakyTx) Rollback() error {
	return t.c.call(func() error { tx := t.c.tx; t.c.tx = nil; return tx.Rollback() })
}

func (c *flakyConn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

func (c *flakyConn) PrepareContext(_ context.Context, query string) (driver.Stmt, error) {
	return &flakyStmt{c, query}, c.call(func() error { return nil })
}

func (c *flakyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (r driver.Result, err error) {
	err = c.call(func() (err error) { r, err = c.conn.ExecContext(ctx, query, plain(args)...); return err })
	return r, err
}

func (c *flakyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	out := &flakyRows{}
	err := c.call(func() error {
		rows, err := c.conn.QueryContext(ctx, query, plain(args)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		return out.read(rows)
	})
	return out, err
}

func plain(args []driver.NamedValue) []any {
	out := make([]any, len(args))
	for i, a := range args {
		out[i] = a.Value
	}
	return out
}

type flakyStmt struct {
	c     *flakyConn
	query string
}

func (s *flakyStmt) Close() error                               { return nil }
func (s *flakyStmt) NumInput() int                              { return -1 }
func (s *flakyStmt) Exec([]driver.Value) (driver.Result, error) { return nil, errors.New("not used") }
func (s *flakyStmt) Query([]driver.Value) (driver.Rows, error)  { return nil, errors.New("not used") }
func (s *flakyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.c.ExecContext(ctx, s.query, args)
}

// flakyRows are a query's, read whole.
type flakyRows struct {
	names []string
	rows  [][]any
}

func (r *flakyRows) read(rows *stdsql.Rows) (err error) {
	if r.names, err = rows.Columns(); err != nil {
		return err
	}
	for rows.Next() {
		row := make([]any, len(r.names))
		ptrs := make([]any, len(row))
		for i := range row {
			ptrs[i] = &row[i]
		}
		if err := rows.Scan(ptrs...); err != nil {
			return err
		}
		r.rows = append(r.rows, row)
	}
	return rows.Err()
}

func (r *flakyRows) Columns() []string { return r.names }
func (r *flakyRows) Close() error      { return nil }

func (r *flakyRows) Next(dst []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	for i, v := range r.rows[0] {
		dst[i] = v
	}
	r.rows = r.rows[1:]
	return nil
}
