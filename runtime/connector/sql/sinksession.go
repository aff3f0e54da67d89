package sql

import (
	"context"
	stdsql "database/sql"
	"database/sql/driver"
	"math/rand/v2"
	"time"
)

// session is a task's connection, with what belongs to it.
type session struct {
	pool     *stdsql.DB
	conn     *stdsql.Conn
	tx       *stdsql.Tx
	prepared map[string]*stdsql.Stmt
}

// mostPrepared is how many statements a connection keeps.
const mostPrepared = 64

// connected makes the connection, where there is none.
func (s *session) connected(ctx context.Context) error {
	if s.conn != nil {
		return nil
	}
	conn, err := s.pool.Conn(ctx)
	if err != nil {
		return err
	}
	if err := conn.PingContext(ctx); err != nil {
		conn.Close()
		return err
	}
	s.conn, s.prepared = conn, map[string]*stdsql.Stmt{}
	return nil
}

// start begins a transaction. It ends by commit or rollback alone: a context
// that ends must not make what follows a statement of its own.
func (s *session) start(ctx context.Context) (err error) {
	s.tx, err = s.conn.BeginTx(context.WithoutCancel(ctx), nil)
	return err
}

func (s *session) commit() error {
	tx := s.tx
	s.tx = nil
	return tx.Commit()
}

// rollback takes back what the transaction did. A connection that cannot is
// thrown away, and the database does it.
func (s *session) rollback() {
	if s.tx == nil {
		return
	}
	tx := s.tx
	s.tx = nil
	if err := tx.Rollback(); err != nil {
		s.disconnect()
	}
}

// exec runs a statement of the transaction. One that is often the same is kept
// prepared.
func (s *session) exec(ctx context.Context, text string, args []any, often bool) (stdsql.Result, error) {
	if !often {
		return s.tx.ExecContext(ctx, text, args...)
	}
	stmt := s.prepared[text]
	if stmt == nil {
		if len(s.prepared) >= mostPrepared {
			s.closeStatements()
		}
		var err error
		if stmt, err = s.conn.PrepareContext(ctx, text); err != nil {
			return nil, err
		}
		s.prepared[text] = stmt
	}
	return stmt.ExecContext(ctx, args...)
}

// say runs statements of the transaction that have no parameters.
func (s *session) say(ctx context.Context, texts ...string) error {
	for _, text := range texts {
		if text == "" {
			continue
		}
		if _, err := s.tx.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) closeStatements() {
	for text, stmt := range s.prepared {
		stmt.Close()
		delete(s.prepared, text)
	}
}

// disconnect lets go of the connection, for good: the next one is new.
func (s *session) disconnect() {
	if s.conn == nil {
		return
	}
	if s.tx != nil {
		_ = s.tx.Rollback()
		s.tx = nil
	}
	s.closeStatements()
	_ = s.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = s.conn.Close()
	s.conn = nil
}

// pause waits a little before what failed for another is tried again.
func (s *session) pause(ctx context.Context, tries int) {
	wait := time.Duration(1+rand.IntN(10<<min(tries, 5))) * time.Millisecond
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
